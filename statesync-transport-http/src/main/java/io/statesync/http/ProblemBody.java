package io.statesync.http;

import io.statesync.ProtocolException;
import io.statesync.jackson.internal.Json;
import java.nio.charset.StandardCharsets;

/**
 * The body of an error (RFC 9457), as far as it is one.
 *
 * @param type the name after {@code urn:statesync:}; empty if it is no error of this protocol
 * @param detail what it says; empty if nothing
 */
record ProblemBody(String type, String detail) {
    private static final String PREFIX = "urn:statesync:";
    private static final ProblemBody NONE = new ProblemBody("", "");

    static ProblemBody of(String body) {
        String[] found = {"", ""};
        try {
            Json.readAnswer(body.getBytes(StandardCharsets.UTF_8), (field, value) -> {
                if (field.equals("type")) {
                    found[0] = value.text(field);
                } else if (field.equals("detail")) {
                    found[1] = value.text(field);
                }
            });
        } catch (ProtocolException e) {
            return NONE; // a proxy's page
        }
        String type = found[0].startsWith(PREFIX) ? found[0].substring(PREFIX.length()) : "";
        return new ProblemBody(type, found[1]);
    }
}
