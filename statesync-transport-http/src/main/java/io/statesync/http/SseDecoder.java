package io.statesync.http;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A decoder of one stream of server-sent events (WHATWG HTML, 9.2.6): bytes go in as they come, events come out as soon as
 * the line feed or carriage return that ends them is there.
 *
 * <p>A stream that ends without the blank line of its last event drops that event: nothing has to be told of the end. Not
 * safe for use from several threads at once.
 */
final class SseDecoder {
    /** What a decoder hears of, in the order of the stream. */
    interface Sink {
        /** An event was dispatched. */
        void event(SseEvent event);

        /** A comment: what stands after its colon, without one space as in a field. */
        void comment(String text);

        /** The server named the time to wait before connecting again, in milliseconds. */
        void retry(long millis);
    }

    private static final int KEPT_LINE = 64 * 1024;
    private static final int CHUNK = 8 * 1024;
    private static final byte[] BOM = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};
    private static final byte[] DATA = ascii("data");
    private static final byte[] EVENT = ascii("event");
    private static final byte[] ID = ascii("id");
    private static final byte[] RETRY = ascii("retry");

    private final Sink sink;
    private final int maxLineBytes;
    private final int maxDataBytes;

    private final byte[] chunk = new byte[CHUNK];
    private byte[] line = new byte[256]; // the part of a line that earlier reads brought
    private int lineLength;
    private int bomLength; // bytes of a BOM seen at the beginning; -1 after it
    private boolean afterCr;

    private String type = "";
    private @Nullable String firstData; // null while the event has no data
    private @Nullable StringBuilder moreData; // from the second data line on
    private long dataBytes;
    private String idBuffer;
    private String lastEventId;

    /**
     * A decoder for a new stream.
     *
     * @param lastEventId the last id of the stream before this one; empty for none
     */
    SseDecoder(Sink sink, int maxLineBytes, int maxDataBytes, String lastEventId) {
        this.sink = sink;
        this.maxLineBytes = maxLineBytes;
        this.maxDataBytes = maxDataBytes;
        this.idBuffer = lastEventId;
        this.lastEventId = lastEventId;
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** The last id that an event, or a block without data, has set; empty for none. */
    String lastEventId() {
        return lastEventId;
    }

    /**
     * Takes what was read.
     *
     * @throws IOException if a line or an event's data is longer than its limit; the decoder is of no use after that
     */
    void feed(ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            int length = Math.min(bytes.remaining(), CHUNK);
            bytes.get(chunk, 0, length);
            feed(chunk, 0, length);
        }
    }

    /** The same, of a part of an array. */
    void feed(byte[] bytes, int from, int to) throws IOException {
        int start = skipBom(bytes, from, to);
        for (int i = start; i < to; i++) {
            byte b = bytes[i];
            if (b == '\n' && afterCr) {
                afterCr = false; // the second half of a CRLF
                start = i + 1;
            } else if (b == '\n' || b == '\r') {
                afterCr = b == '\r';
                endLine(bytes, start, i);
                start = i + 1;
            } else {
                afterCr = false;
            }
        }
        keep(bytes, start, to);
    }

    /** The index after a BOM at the beginning of the stream; what only looked like one becomes part of the line. */
    private int skipBom(byte[] bytes, int from, int to) {
        int at = from;
        while (bomLength >= 0 && at < to) {
            if (bomLength == BOM.length) {
                bomLength = -1;
            } else if (bytes[at] == BOM[bomLength]) {
                bomLength++;
                at++;
            } else {
                System.arraycopy(BOM, 0, line, 0, bomLength);
                lineLength = bomLength;
                bomLength = -1;
            }
        }
        return at;
    }

    private void keep(byte[] bytes, int from, int to) throws IOException {
        int length = to - from;
        checkLine(length);
        if (lineLength + length > line.length) {
            line = Arrays.copyOf(line, Math.max(lineLength + length, line.length * 2));
        }
        System.arraycopy(bytes, from, line, lineLength, length);
        lineLength += length;
    }

    private void checkLine(int more) throws IOException {
        if ((long) lineLength + more > maxLineBytes) {
            throw new IOException("a line of the event stream is longer than maxLineBytes=" + maxLineBytes);
        }
    }

    private void endLine(byte[] bytes, int from, int to) throws IOException {
        if (lineLength == 0) {
            checkLine(to - from);
            line(bytes, from, to);
            return;
        }
        keep(bytes, from, to);
        int length = lineLength;
        lineLength = 0;
        line(line, 0, length);
        if (line.length > KEPT_LINE) {
            line = new byte[256];
        }
    }

    private void line(byte[] bytes, int from, int to) throws IOException {
        if (from == to) {
            dispatch();
            return;
        }
        int colon = from;
        while (colon < to && bytes[colon] != ':') {
            colon++;
        }
        int value = Math.min(colon + 1, to);
        if (value < to && bytes[value] == ' ') {
            value++;
        }
        if (colon == from) {
            sink.comment(Utf8.decode(bytes, value, to));
        } else {
            field(bytes, from, colon, value, to);
        }
    }

    private void field(byte[] bytes, int from, int colon, int value, int to) throws IOException {
        if (is(DATA, bytes, from, colon)) {
            data(bytes, value, to);
        } else if (is(EVENT, bytes, from, colon)) {
            type = Utf8.decode(bytes, value, to);
        } else if (is(ID, bytes, from, colon)) {
            id(bytes, value, to);
        } else if (is(RETRY, bytes, from, colon)) {
            retry(bytes, value, to);
        }
    }

    private static boolean is(byte[] name, byte[] bytes, int from, int to) {
        return Arrays.equals(name, 0, name.length, bytes, from, to);
    }

    private void data(byte[] bytes, int from, int to) throws IOException {
        dataBytes += to - from + (firstData == null ? 0 : 1);
        if (dataBytes > maxDataBytes) {
            throw new IOException("the data of an event is longer than maxDataBytes=" + maxDataBytes);
        }
        String value = Utf8.decode(bytes, from, to);
        if (firstData == null) {
            firstData = value;
            return;
        }
        if (moreData == null) {
            moreData = new StringBuilder(firstData);
        }
        moreData.append('\n').append(value);
    }

    private void id(byte[] bytes, int from, int to) {
        for (int i = from; i < to; i++) {
            if (bytes[i] == 0) {
                return;
            }
        }
        idBuffer = Utf8.decode(bytes, from, to);
    }

    private void retry(byte[] bytes, int from, int to) {
        long millis = 0;
        for (int i = from; i < to; i++) {
            int digit = bytes[i] - '0';
            if (digit < 0 || digit > 9) {
                return;
            }
            millis = millis > (Long.MAX_VALUE - digit) / 10 ? Long.MAX_VALUE : millis * 10 + digit;
        }
        if (from < to) {
            sink.retry(millis);
        }
    }

    private void dispatch() {
        lastEventId = idBuffer;
        String data = moreData != null ? moreData.toString() : firstData;
        String dispatched = type.isEmpty() ? "message" : type;
        type = "";
        firstData = null;
        moreData = null;
        dataBytes = 0;
        if (data != null) {
            sink.event(new SseEvent(dispatched, data, lastEventId));
        }
    }
}
