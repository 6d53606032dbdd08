package io.statesync.http.server;

import io.statesync.Revision;
import io.statesync.StateVersion;
import io.statesync.TimeSource;
import io.statesync.http.server.internal.Answer;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** {@code GET snapshot}. */
final class Pull {
    private final Hub hub;

    Pull(Hub hub) {
        this.hub = hub;
    }

    CompletableFuture<Answer> answer(Call call) throws Problem {
        Query query = call.query();
        String name = call.topic(query.one("topic"));
        Revision minRevision = query.revision("minRevision");
        Revision minEpoch = query.revision("minEpoch");
        Duration wait = Duration.ofMillis(
                Math.min(query.number("wait", 0), hub.options().maxWait().toMillis()));
        String streamId = query.one("stream");
        call.mustRead(name);
        Topic topic = hub.existing(name);
        if (topic == null) {
            throw Problem.noSuchTopic(name);
        }
        boolean gzip = call.acceptsGzip();
        String ifNoneMatch = call.request().getHeader("If-None-Match");
        return read(topic, minEpoch, minRevision, wait).thenApply(encoded -> {
            EventStream stream = streamId == null ? null : hub.stream(streamId);
            if (stream != null) {
                stream.acknowledge(name, encoded.version());
            }
            return answer(encoded, ifNoneMatch, gzip);
        });
    }

    private static Answer answer(Encoded encoded, @Nullable String ifNoneMatch, boolean gzip) {
        if (ifNoneMatch != null && matches(ifNoneMatch, encoded.etag())) {
            return new Answer(304, null, Answer.NOTHING, headers(encoded));
        }
        byte[] compressed = gzip ? encoded.gzip() : null;
        if (compressed == null) {
            return new Answer(200, "application/json", encoded.body(), headers(encoded));
        }
        Map<String, String> headers = new HashMap<>(headers(encoded));
        headers.put("Content-Encoding", "gzip");
        return new Answer(200, "application/json", compressed, headers);
    }

    private static Map<String, String> headers(Encoded encoded) {
        return Map.of("ETag", encoded.etag(), "Vary", "Accept-Encoding", "Cache-Control", "no-cache");
    }

    /** The weak comparison of RFC 9110, 13.1.2. */
    static boolean matches(String ifNoneMatch, String etag) {
        String opaque = etag.substring(2);
        for (String each : ifNoneMatch.split(",", -1)) {
            String tag = each.strip();
            if (tag.equals("*") || (tag.startsWith("W/") ? tag.substring(2) : tag).equals(opaque)) {
                return true;
            }
        }
        return false;
    }

    // ---- waiting until the source is there

    private CompletableFuture<Encoded> read(
            Topic topic, @Nullable Revision minEpoch, @Nullable Revision minRevision, Duration wait) {
        CompletableFuture<Encoded> now = topic.read().toCompletableFuture();
        if ((minRevision == null && minEpoch == null) || wait.isZero()) {
            return now;
        }
        return now.thenCompose(encoded -> {
            StateVersion wanted = StateVersion.of(
                    minEpoch == null ? encoded.version().epoch() : minEpoch,
                    minRevision == null ? Revision.ZERO : minRevision);
            return wanted.isNewerThan(encoded.version()) && !hub.isStopping()
                    ? await(topic, wanted, wait)
                    : CompletableFuture.completedFuture(encoded);
        });
    }

    private CompletableFuture<Encoded> await(Topic topic, StateVersion wanted, Duration wait) {
        Topic used = hub.acquire(topic.name());
        Topic.Waiter waiter = used.await(wanted);
        used.useChanged();
        TimeSource.Timer timer = hub.options().timeSource().schedule(() -> hub.run(waiter::end), wait);
        if (hub.isStopping()) {
            waiter.end(); // it may have come after all were released
        }
        used.lookAgain(); // it may have moved before anybody listened
        return waiter.done()
                .whenComplete((done, failure) -> {
                    timer.cancel();
                    waiter.end();
                    hub.release(used);
                })
                .thenCompose(done -> used.read());
    }
}
