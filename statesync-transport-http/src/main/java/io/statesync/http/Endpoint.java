package io.statesync.http;

import io.statesync.internal.Texts;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/** A base URL: the requests of the protocol that are made below it. */
final class Endpoint {
    private final String base;
    private final String streams;

    Endpoint(URI base) {
        Urls.http("base", base);
        String extra = base.getRawQuery() != null ? "query" : base.getRawFragment() != null ? "fragment" : null;
        if (extra != null) {
            throw new IllegalArgumentException("base must have no " + extra + ": " + Texts.quote(Urls.given(base)));
        }
        String text = base.toString();
        this.base = text.endsWith("/") ? text.substring(0, text.length() - 1) : text;
        this.streams = Objects.requireNonNullElse(URI.create(this.base).getRawPath(), "") + "/streams/";
    }

    /** A request below the base. */
    HttpRequest.Builder get(String path) {
        return HttpRequest.newBuilder(URI.create(base + path));
    }

    /** A request with a JSON body. */
    HttpRequest post(String path, byte[] json) {
        return get(path)
                .header("Content-Type", "application/json")
                .header("Accept", "application/json")
                .header("Accept-Encoding", "gzip")
                .POST(BodyPublishers.ofByteArray(json))
                .build();
    }

    static String streamPath(String id) {
        return "/streams/" + encode(id);
    }

    /** Percent-encodes. */
    static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** What may be shown of a URL: not a stream's id, which is the right to change the stream. */
    String shown(URI uri) {
        String shown = Urls.shown(uri);
        int at = shown.indexOf(streams);
        return at < 0 ? shown : shown.substring(0, at + streams.length()) + "…";
    }

    /** The base, to be shown. */
    @Override
    public String toString() {
        return Urls.shown(URI.create(base));
    }
}
