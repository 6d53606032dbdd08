package io.statesync.http;

import io.statesync.internal.Texts;
import java.io.IOException;
import java.io.Serial;

/**
 * An answer over HTTP that is not the one hoped for. Its message names method, URL, status and the beginning of the body;
 * never a header, the URL's query or the URL's user.
 */
public final class HttpStateException extends IOException {
    @Serial
    private static final long serialVersionUID = 1L;

    private static final int SHOWN = 200;

    private final String method;
    private final String url;
    private final int status;

    HttpStateException(String method, String url, int status, String body) {
        this(method, url, status, "", body);
    }

    /** Also says what is wrong, where the status does not. */
    HttpStateException(String method, String url, int status, String reason, String body) {
        super(method + " " + url + ": status " + status + reason + start(body));
        this.method = method;
        this.url = url;
        this.status = status;
    }

    private static String start(String body) {
        ProblemBody problem = ProblemBody.of(body);
        if (!problem.type().isEmpty()) {
            String detail = Texts.quote(problem.detail().replace('"', '\''), SHOWN);
            return ", " + problem.type() + ": " + detail.substring(1, detail.length() - 1);
        }
        return body.isEmpty() ? ", no body" : ", body " + Texts.quote(body, SHOWN);
    }

    /** The method of the request, after redirects. */
    public String method() {
        return method;
    }

    /** The URL of the request, after redirects, without query, fragment and user. */
    public String url() {
        return url;
    }

    /** The status of the answer. */
    public int status() {
        return status;
    }
}
