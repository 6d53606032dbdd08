package io.statesync.http.server;

import io.statesync.http.server.internal.Answer;
import io.statesync.http.server.internal.Sse;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** {@code GET events}, {@code POST streams}, and what is done with a stream. */
final class Streams {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final int ID_BYTES = 18;

    private final Hub hub;

    Streams(Hub hub) {
        this.hub = hub;
    }

    /** Makes a stream. */
    Answer make(Call call) throws Problem, IOException {
        Set<String> topics = new LinkedHashSet<>();
        @Nullable String[] replaced = new @Nullable String[1];
        call.body((field, value) -> {
            switch (field) {
                case "topics" -> value.array(field, element -> topics.add(element.text(field)));
                case "replaces" -> replaced[0] = value.textOrNull(field);
                default -> {}
            }
        });
        EventStream stream = new EventStream(newId(), hub, true, call.request());
        List<String> allowed = allowed(call, topics);
        EventStream before = replaced[0] == null ? null : hub.stream(replaced[0]);
        if (before != null) {
            before.close(); // first, since there is a limit
        }
        changeOrClose(stream, allowed);
        hub.add(stream);
        return Answer.json(
                201,
                Wire.utf8("{\"id\":\"" + stream.id() + "\",\"heartbeatMs\":"
                        + hub.options().heartbeat().toMillis() + "}"));
    }

    /** Changes the topics of a stream. */
    Answer change(Call call, String id) throws Problem, IOException {
        EventStream stream = find(id);
        Set<String> added = new LinkedHashSet<>();
        Set<String> removed = new LinkedHashSet<>();
        call.body((field, value) -> {
            switch (field) {
                case "add" -> value.array(field, element -> added.add(element.text(field)));
                case "remove" -> value.array(field, element -> removed.add(element.text(field)));
                default -> {}
            }
        });
        stream.change(allowed(call, added), removed);
        return Answer.json(200, Wire.utf8("{}"));
    }

    private EventStream find(String id) throws Problem {
        EventStream stream = hub.stream(id);
        if (stream == null) {
            throw Problem.noSuchStream();
        }
        return stream;
    }

    /** Those that the client may read. Of the others it hears nothing, as of those that are not there. */
    private static List<String> allowed(Call call, Iterable<String> topics) throws Problem {
        List<String> allowed = new ArrayList<>();
        for (String topic : topics) {
            if (call.may(Action.READ, call.topic(topic))) {
                allowed.add(topic);
            }
        }
        return allowed;
    }

    /** Connects to a stream. */
    void connect(Call call, String id, HttpServletResponse response) throws Problem, IOException {
        EventStream stream = find(id);
        open(call, stream, inline(call), response);
    }

    /** Makes a stream for one connection, and connects to it. */
    void events(Call call, HttpServletResponse response) throws Problem, IOException {
        List<String> topics = call.query().all("topic");
        if (topics.isEmpty()) {
            throw Problem.badRequest("parameter topic is missing");
        }
        List<String> allowed = allowed(call, new LinkedHashSet<>(topics));
        int inline = inline(call);
        EventStream stream = new EventStream(newId(), hub, false, call.request());
        changeOrClose(stream, allowed);
        hub.add(stream);
        open(call, stream, inline, response);
    }

    private static void changeOrClose(EventStream stream, List<String> topics) throws Problem {
        try {
            stream.change(topics, List.of());
        } catch (Problem | RuntimeException e) {
            stream.close();
            throw e;
        }
    }

    private int inline(Call call) throws Problem {
        return (int) Math.min(call.query().number("inline", 0), hub.options().maxInline());
    }

    private void open(Call call, EventStream stream, int inline, HttpServletResponse response)
            throws Problem, IOException {
        if (hub.isStopping()) {
            throw Problem.stopping();
        }
        AsyncContext async = Sse.begin(call.request(), response);
        Connection connection = new Connection(stream, hub, inline, async, response.getOutputStream());
        connection.begin();
        try {
            stream.connect(connection, call.request().getHeader("Last-Event-ID"));
        } catch (Problem e) {
            connection.abort();
        }
    }

    private static String newId() {
        byte[] bytes = new byte[ID_BYTES];
        RANDOM.nextBytes(bytes);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }
}
