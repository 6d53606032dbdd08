package io.statesync.http.server;

import io.statesync.ProtocolException;
import io.statesync.Revision;
import io.statesync.internal.Texts;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The parameters of a request's query. Read here, since containers differ in what they make of it. */
final class Query {
    private final Map<String, List<String>> values = new HashMap<>();

    /**
     * Reads a query.
     *
     * @throws Problem if it is not percent-encoded UTF-8
     */
    Query(@Nullable String query) throws Problem {
        if (query == null || query.isEmpty()) {
            return;
        }
        int begin = 0;
        while (begin <= query.length()) {
            int end = query.indexOf('&', begin);
            String pair = query.substring(begin, end < 0 ? query.length() : end);
            int equals = pair.indexOf('=');
            if (!pair.isEmpty()) {
                String name = decode(equals < 0 ? pair : pair.substring(0, equals));
                values.computeIfAbsent(name, n -> new ArrayList<>(1))
                        .add(equals < 0 ? "" : decode(pair.substring(equals + 1)));
            }
            begin = end < 0 ? query.length() + 1 : end + 1;
        }
    }

    private static String decode(String text) throws Problem {
        try {
            byte[] bytes = URLDecoder.decode(text, StandardCharsets.ISO_8859_1).getBytes(StandardCharsets.ISO_8859_1);
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (IllegalArgumentException | CharacterCodingException e) {
            throw Problem.badRequest("the query is not percent-encoded UTF-8: " + Texts.quote(text));
        }
    }

    List<String> all(String name) {
        return values.getOrDefault(name, List.of());
    }

    @Nullable
    String one(String name) throws Problem {
        List<String> all = all(name);
        if (all.size() > 1) {
            throw Problem.badRequest("parameter " + name + " occurs " + all.size() + " times");
        }
        return all.isEmpty() ? null : all.get(0);
    }

    /** A whole number of at least 0. */
    long number(String name, long otherwise) throws Problem {
        String text = one(name);
        if (text == null) {
            return otherwise;
        }
        try {
            long number = Long.parseLong(text);
            if (number >= 0 && Character.isDigit(text.charAt(0))) {
                return number;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw Problem.badRequest("parameter " + name + " must be a whole number of at least 0: " + Texts.quote(text));
    }

    @Nullable
    Revision revision(String name) throws Problem {
        String text = one(name);
        return text == null ? null : revision("parameter " + name, text);
    }

    static Revision revision(String what, String text) throws Problem {
        try {
            return Revision.parse(text);
        } catch (ProtocolException e) {
            throw Problem.badRequest(what + ": " + e.getMessage());
        }
    }
}
