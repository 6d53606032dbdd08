package io.statesync.http;

import io.statesync.internal.Texts;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.util.zip.GZIPInputStream;

/** The encodings of a body: gzip, or none. */
final class Encodings {
    private Encodings() {}

    /**
     * The body of an answer, as it was before it was encoded.
     *
     * @param option what sets the limit
     * @throws IOException if there is none, or it is longer, damaged, or encoded in another way
     */
    static byte[] body(Reply<byte[]> reply, long limit, String option) throws IOException {
        String tooLong = reply.method() + " " + reply.url() + ": " + Requests.tooLong(limit, option);
        return decode(reply.require(), reply.headers(), limit, tooLong);
    }

    /**
     * The body as it was before it was encoded.
     *
     * @param limit how long it may be
     * @param tooLong the message of the failure if it is longer
     * @throws IOException if it is longer, damaged, or encoded in another way
     */
    static byte[] decode(byte[] body, HttpHeaders headers, long limit, String tooLong) throws IOException {
        String encoding =
                headers.firstValue("Content-Encoding").orElse("identity").trim();
        if (encoding.equalsIgnoreCase("identity") || encoding.isEmpty()) {
            return body;
        }
        if (!isGzip(encoding)) {
            throw new IOException("Content-Encoding is not gzip: " + Texts.quote(encoding));
        }
        try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(body), 8192)) {
            return read(in, body.length, limit, tooLong);
        }
    }

    private static boolean isGzip(String encoding) {
        return encoding.equalsIgnoreCase("gzip") || encoding.equalsIgnoreCase("x-gzip");
    }

    private static byte[] read(InputStream in, int compressed, long limit, String tooLong) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream((int) Math.min(limit, 3L * compressed + 64));
        byte[] chunk = new byte[8192];
        for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
            if (out.size() + (long) n > limit) {
                throw new IOException(tooLong);
            }
            out.write(chunk, 0, n);
        }
        return out.toByteArray();
    }

    /** As much of the beginning of a body as can be had, for a message. */
    static String start(byte[] body, HttpHeaders headers, int limit) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        boolean gzip = isGzip(headers.firstValue("Content-Encoding").orElse("").trim());
        InputStream raw = new ByteArrayInputStream(body);
        try (InputStream in = gzip ? new GZIPInputStream(raw) : raw) {
            out.write(in.readNBytes(limit));
        } catch (IOException e) {
            return ""; // damaged, or cut: an error's body is not long
        }
        return out.toString(StandardCharsets.UTF_8);
    }
}
