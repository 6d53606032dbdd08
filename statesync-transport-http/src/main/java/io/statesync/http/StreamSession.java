package io.statesync.http;

import io.statesync.ProtocolException;
import io.statesync.http.SseLoop.Opening;
import io.statesync.jackson.internal.Json;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** The requests that make a stream, connect to it and change its topics. */
final class StreamSession {
    private static final long MAX_ANSWER = 64 * 1024;
    private static final Duration SHORTEST_READ_TIMEOUT = Duration.ofSeconds(1);
    private static final Duration READ_TIMEOUT = Duration.ofSeconds(45);

    private final Requests requests;
    private final Endpoint endpoint;
    private final Duration requestTimeout;
    private final @Nullable Duration readTimeout;
    private final int inline;

    /**
     * Nothing is sent yet.
     *
     * @param readTimeout how long a stream may be silent; null for three of its heartbeats
     */
    StreamSession(
            Requests requests, Endpoint endpoint, Duration requestTimeout, @Nullable Duration readTimeout, int inline) {
        this.requests = requests;
        this.endpoint = endpoint;
        this.requestTimeout = requestTimeout;
        this.readTimeout = readTimeout;
        this.inline = inline;
    }

    /**
     * A stream that was made, and that nobody is connected to.
     *
     * @param topics those that it has
     */
    record Made(String id, List<String> topics, Opening opening) {}

    /**
     * Makes a stream; an empty one, if the server refuses one with these topics: they join one by one, and it shows which.
     *
     * @param replaced the stream that is not needed any more; null for none
     */
    CompletionStage<Made> make(List<String> topics, @Nullable String replaced) {
        String json = "{\"topics\":" + TopicSet.array(topics)
                + (replaced == null ? "" : ",\"replaces\":" + Json.quote(replaced)) + "}";
        return send("/streams", json.getBytes(StandardCharsets.UTF_8)).thenCompose(reply -> {
            if (reply.body() == null && !topics.isEmpty() && isForGood(reply.status())) {
                return make(List.of(), replaced);
            }
            try {
                return CompletableFuture.completedFuture(made(reply, topics));
            } catch (IOException | ProtocolException e) {
                return CompletableFuture.failedFuture(e);
            }
        });
    }

    private Exchange<byte[]> send(String path, byte[] json) {
        return requests.send(
                endpoint.post(path, json),
                status -> status >= 200 && status < 300,
                MAX_ANSWER,
                "the protocol's " + MAX_ANSWER + " bytes",
                requestTimeout);
    }

    private Made made(Reply<byte[]> reply, List<String> topics) throws IOException, ProtocolException {
        @Nullable String[] id = new @Nullable String[1];
        long[] heartbeat = new long[1];
        if (reply.body() == null) {
            throw reply.failureOfProtocol("");
        }
        byte[] body = Encodings.decode(reply.require(), reply.headers(), MAX_ANSWER, "the answer is too long");
        Json.readAnswer(body, (field, value) -> {
            if (field.equals("id")) {
                id[0] = value.text(field);
            } else if (field.equals("heartbeatMs")) {
                heartbeat[0] = value.number(field);
            }
        });
        if (id[0] == null || id[0].isEmpty()) {
            throw new ProtocolException(reply.method() + " " + reply.url() + ": the answer names no stream");
        }
        HttpRequest request = endpoint.get(Endpoint.streamPath(id[0]) + (inline > 0 ? "?inline=" + inline : ""))
                .build();
        return new Made(id[0], topics, new Opening(request, silence(heartbeat[0])));
    }

    private Duration silence(long heartbeatMs) {
        if (readTimeout != null) {
            return readTimeout;
        }
        if (heartbeatMs <= 0 || heartbeatMs > Duration.ofDays(1).toMillis()) {
            return READ_TIMEOUT;
        }
        Duration three = Duration.ofMillis(3 * heartbeatMs);
        return three.compareTo(SHORTEST_READ_TIMEOUT) < 0 ? SHORTEST_READ_TIMEOUT : three;
    }

    /** Changes the topics of a stream. */
    CompletionStage<Void> change(String id, TopicSet.Change change) {
        return send(Endpoint.streamPath(id), change.json()).thenAccept(reply -> {
            if (reply.body() == null) {
                throw new CompletionException(reply.failure());
            }
        });
    }

    /** Whether asking for the same again would be refused again. */
    static boolean isForGood(int status) {
        return switch (status) {
            case 400, 413, 414, 415, 422 -> true;
            default -> false;
        };
    }
}
