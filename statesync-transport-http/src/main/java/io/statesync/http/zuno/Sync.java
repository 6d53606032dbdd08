package io.statesync.http.zuno;

import io.statesync.NotSentException;
import io.statesync.Proposal;
import io.statesync.ProtocolException;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateCodec;
import io.statesync.StateVersion;
import io.statesync.WriteResult;
import io.statesync.http.server.Access;
import io.statesync.http.server.Action;
import io.statesync.http.server.internal.Answer;
import io.statesync.internal.Failures;
import io.statesync.internal.Texts;
import io.statesync.source.Replay;
import io.statesync.source.RevisionedStore;
import io.statesync.source.StoreEvent;
import io.statesync.source.StoreRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code POST sync}: writes of clients. */
final class Sync {
    private static final Logger log = LoggerFactory.getLogger("io.statesync.http.zuno");

    /** How often a change of a part is made again on what the store has by then, if it names no version. */
    private static final int ATTEMPTS = 20;

    private static final int MAX_BATCH = 500;

    /** After so many bytes of answers the rest of a batch is not done. */
    private static final int MAX_BATCH_ANSWER = 8 << 20;

    private final StoreRegistry registry;
    private final Served served;
    private final ZunoOptions options;
    private final BiFunction<String, Action, Access> access;

    /**
     * Writes of one request.
     *
     * @param access decides about the whole topic of a key
     */
    Sync(StoreRegistry registry, Served served, ZunoOptions options, BiFunction<String, Action, Access> access) {
        this.registry = registry;
        this.served = served;
        this.options = options;
        this.access = access;
    }

    /**
     * Answers a body.
     *
     * @throws Refusal if it is not JSON
     */
    CompletableFuture<Answer> answer(byte[] body) throws Refusal {
        boolean[] batch = new boolean[1];
        List<Incoming> all;
        try {
            all = Incoming.read(body, batch);
        } catch (ProtocolException e) {
            throw Refusal.of(400, "INVALID_JSON");
        }
        if (all.size() > MAX_BATCH) {
            throw Refusal.invalid("events", "are " + all.size() + ", and must not be more than " + MAX_BATCH);
        }
        return batch[0] ? many(all, 0, 0, new ArrayList<>()) : one(all.get(0)).thenApply(Outcome::answer);
    }

    /**
     * What became of a write.
     *
     * @param json what is said of it
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Outcome(int status, byte[] json, Map<String, String> headers) {
        static Outcome of(Refusal refusal) {
            Answer answer = refusal.answer();
            return new Outcome(answer.status(), answer.body(), answer.headers());
        }

        Answer answer() {
            return new Answer(status, "application/json", json, headers);
        }
    }

    /**
     * One after the other, up to the first that is refused.
     *
     * @param before how many bytes of answers there are
     */
    private CompletableFuture<Answer> many(List<Incoming> all, int next, long before, List<Outcome> outcomes) {
        if (next == all.size()) {
            return CompletableFuture.completedFuture(results(outcomes, -1));
        }
        return one(all.get(next)).thenCompose(outcome -> {
            outcomes.add(outcome);
            if (outcome.status != 200) {
                return CompletableFuture.completedFuture(results(outcomes, next));
            }
            long answered = before + outcome.json.length;
            if (answered > MAX_BATCH_ANSWER && next + 1 < all.size()) {
                outcomes.add(Outcome.of(Refusal.of(413, "PAYLOAD_TOO_LARGE")));
                return CompletableFuture.completedFuture(results(outcomes, next + 1));
            }
            return many(all, next + 1, answered, outcomes); // as deep as a batch is long, which is limited
        });
    }

    private static Answer results(List<Outcome> outcomes, int refused) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(Wire.utf8("{\"ok\":" + (refused < 0) + ",\"results\":["));
        for (int i = 0; i < outcomes.size(); i++) {
            out.writeBytes(Wire.utf8(i == 0 ? "" : ","));
            out.writeBytes(outcomes.get(i).json);
        }
        out.writeBytes(Wire.utf8(refused < 0 ? "]}" : "],\"conflictIndex\":" + refused + "}"));
        return refused < 0
                ? Answer.json(200, out.toByteArray())
                : new Answer(
                        outcomes.get(refused).status,
                        "application/json",
                        out.toByteArray(),
                        outcomes.get(refused).headers);
    }

    private CompletableFuture<Outcome> one(Incoming incoming) {
        try {
            String key = incoming.key(options.maxKeyLength());
            Access mayWrite = access.apply(served.topic(key), Action.WRITE);
            StateCodec<@Nullable Object> codec = served.codec(key);
            if (mayWrite == Access.UNAUTHENTICATED) {
                throw Refusal.unauthenticated(options.challenge());
            }
            if (mayWrite == Access.DENIED || codec == null || (incoming.isDelta() && !mayRead(key))) {
                throw Refusal.of(403, "FORBIDDEN");
            }
            return registry.findKept(key)
                    .handle((store, error) -> error != null
                            ? CompletableFuture.completedFuture(failed(key, error, true))
                            : outcomeOf(() -> write(key, store, incoming, codec, ATTEMPTS)))
                    .thenCompose(Function.identity())
                    .toCompletableFuture();
        } catch (Refusal e) {
            return CompletableFuture.completedFuture(Outcome.of(e));
        }
    }

    /** Something that may be refused. */
    @FunctionalInterface
    private interface Attempt {
        CompletableFuture<Outcome> make() throws Refusal;
    }

    private static CompletableFuture<Outcome> outcomeOf(Attempt attempt) {
        try {
            return attempt.make();
        } catch (Refusal e) {
            return CompletableFuture.completedFuture(Outcome.of(e));
        }
    }

    private CompletableFuture<Outcome> write(
            String key,
            @Nullable RevisionedStore<?> store,
            Incoming incoming,
            StateCodec<@Nullable Object> codec,
            int attempts)
            throws Refusal {
        if (store == null && access.apply(served.topic(key), Action.CREATE) != Access.ALLOWED) {
            throw Refusal.of(403, "FORBIDDEN");
        }
        SnapshotEnvelope<?> current = store == null ? null : store.current();
        StateVersion at = current == null ? null : current.version(null);
        long base = incoming.baseVersion();
        if (at != null && Numbers.isLast(at)) {
            throw Refusal.noNumberLeft(key);
        }
        if (at == null && base > 0) {
            return CompletableFuture.completedFuture(conflict(null, 0));
        }
        StateVersion from = at == null ? StateVersion.ofUnsigned(0, 0) : at;
        if (base >= 0 && at != null) {
            from = Numbers.version(base, at.epoch());
        }
        boolean moved = current != null && !from.equals(at); // a conflict, unless it was accepted before under its id
        byte[] json = moved ? Frame.NOTHING : json(key, incoming, current);
        boolean always = base < 0 && !incoming.isDelta();
        Proposal<@Nullable Object> proposal = moved && current != null
                ? new Proposal<>(from, current.data(), incoming.origin(), incoming.idempotencyKey())
                : proposal(always ? null : from, codec, json, incoming);
        long before = registry.events().lastId();
        return registry.propose(key, proposal)
                .handle((result, error) -> {
                    if (result instanceof WriteResult.Conflict<?> && base < 0 && attempts > 1) {
                        return outcomeOf(() -> write(key, registry.find(key), incoming, codec, attempts - 1));
                    }
                    return CompletableFuture.completedFuture(outcome(key, incoming, json, before, at, result, error));
                })
                .thenCompose(Function.identity())
                .toCompletableFuture();
    }

    private boolean mayRead(String key) {
        return access.apply(served.topic(key), Action.READ) == Access.ALLOWED;
    }

    private byte[] json(String key, Incoming incoming, @Nullable SnapshotEnvelope<?> current) throws Refusal {
        if (!incoming.isDelta() || current == null) {
            return incoming.state(null);
        }
        byte[] now = served.json(key, current);
        if (now == null) {
            throw Refusal.of(502, "SOURCE_FAILED");
        }
        byte[] json = incoming.state(now);
        if (json.length > options.maxBody()) {
            throw Refusal.invalid("delta", "the state would be longer than " + options.maxBody());
        }
        return json;
    }

    private static Proposal<@Nullable Object> proposal(
            @Nullable StateVersion base, StateCodec<@Nullable Object> codec, byte[] json, Incoming incoming)
            throws Refusal {
        try {
            return new Proposal<>(base, codec.decode(json), incoming.origin(), incoming.idempotencyKey());
        } catch (IOException | RuntimeException e) {
            throw Refusal.invalid("state", "is no state of this store: " + e.getMessage());
        }
    }

    private Outcome outcome(
            String key,
            Incoming incoming,
            byte[] json,
            long before,
            @Nullable StateVersion at,
            @Nullable WriteResult<@Nullable Object> result,
            @Nullable Throwable error) {
        if (result instanceof WriteResult.Accepted<@Nullable Object> accepted) {
            return accepted(key, incoming, json, before, at, accepted.version());
        }
        if (result instanceof WriteResult.Conflict<@Nullable Object> conflict) {
            SnapshotEnvelope<@Nullable Object> current = conflict.current();
            boolean mayRead = mayRead(key);
            byte[] state = mayRead ? served.json(key, current) : null;
            return mayRead && state == null
                    ? Outcome.of(Refusal.of(502, "SOURCE_FAILED"))
                    : conflict(state, Numbers.of(current.version(null)));
        }
        if (result instanceof WriteResult.Rejected<@Nullable Object> && registry.find(key) == null) {
            return conflict(null, 0); // it was removed meanwhile
        }
        if (result instanceof WriteResult.Rejected<@Nullable Object> rejected) {
            return Outcome.of(Refusal.invalid("state", rejected.reason()));
        }
        Throwable cause = error != null
                ? Failures.unwrapped(error)
                : result instanceof WriteResult.Unknown<@Nullable Object> unknown ? unknown.cause() : null;
        return failed(key, cause, cause instanceof NotSentException);
    }

    private Outcome failed(String key, @Nullable Throwable cause, boolean notSent) {
        log.error(
                "{} topic={}",
                notSent ? "a write was not done" : "what became of a write is not known",
                Texts.quote(served.topic(key)),
                cause);
        return Outcome.of(Refusal.later(notSent ? "SOURCE_FAILED" : "UNKNOWN_OUTCOME"));
    }

    /**
     * A conflict.
     *
     * @param state null if there is none, or none for this client: clients then keep theirs
     */
    private static Outcome conflict(byte @Nullable [] state, long version) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(128);
        out.writeBytes(Wire.utf8("{\"ok\":false,\"reason\":\"VERSION_CONFLICT\",\"current\":"));
        Wire.record(out, state, version);
        out.write('}');
        return new Outcome(409, out.toByteArray(), Map.of());
    }

    /** The answer has the event, as all others get it; its id too, unless the write was made before and asked for again. */
    private Outcome accepted(
            String key, Incoming incoming, byte[] json, long before, @Nullable StateVersion at, StateVersion version) {
        boolean duplicate = !version.isNewerThan(at);
        StoreEvent event = event(key, before, version);
        byte[] state = event == null || event.snapshot() == null ? null : served.json(key, event.snapshot());
        byte[] body = event != null && state != null
                ? Wire.event(event, state)
                : Wire.event(
                        key,
                        duplicate ? null : json, // what was written then is not known any more
                        Numbers.of(version),
                        Math.max(0, incoming.baseVersion()),
                        incoming.origin(),
                        options.timeSource().now().toEpochMilli(),
                        0);
        ByteArrayOutputStream out = new ByteArrayOutputStream(body.length + 40);
        out.writeBytes(Wire.utf8("{\"ok\":true,\"event\":"));
        out.writeBytes(body);
        out.writeBytes(Wire.utf8(duplicate ? ",\"duplicate\":true}" : "}"));
        return new Outcome(200, out.toByteArray(), Map.of());
    }

    private @Nullable StoreEvent event(String key, long before, StateVersion version) {
        if (registry.events().after(before) instanceof Replay.Events events) {
            for (StoreEvent event : events.events()) {
                if (event.topic().equals(key) && event.version().equals(version)) {
                    return event;
                }
            }
        }
        return null;
    }
}
