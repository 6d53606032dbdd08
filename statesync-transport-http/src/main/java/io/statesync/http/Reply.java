package io.statesync.http;

import java.io.IOException;
import java.net.http.HttpHeaders;
import org.jspecify.annotations.Nullable;

/**
 * What a request came to.
 *
 * @param method the method, after redirects
 * @param url what may be shown of the URL, after redirects
 * @param body the body; null if it was not wanted for this status
 * @param rest the beginning of a body that was not wanted, as UTF-8
 * @param <T> the type of the body
 */
record Reply<T>(
        String method,
        String url,
        int status,
        HttpHeaders headers,
        @Nullable T body,
        String rest) {
    /**
     * The body.
     *
     * @throws HttpStateException if it was not wanted
     */
    T require() throws IOException {
        if (body == null) {
            throw failure();
        }
        return body;
    }

    HttpStateException failure() {
        return failure("");
    }

    /** A failure of a request of the protocol, which has a hint if what answered is not of the protocol. */
    HttpStateException failureOfProtocol(String reason) {
        boolean foreign = (status == 404 || status == 405 || status == 501)
                && ProblemBody.of(rest).type().isEmpty();
        return failure(reason + (foreign ? ", no state servlet seems to answer there: is the base URL right?" : ""));
    }

    HttpStateException failure(String reason) {
        return new HttpStateException(method, url, status, reason, rest);
    }
}
