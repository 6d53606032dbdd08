package io.statesync.http.server;

import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import io.statesync.internal.Texts;
import io.statesync.source.RevisionedStore;
import io.statesync.source.internal.CodecLookupException;
import io.statesync.source.internal.Served;
import io.statesync.source.internal.SharedRead;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads a topic's state from its source, and has the bytes of the newest: each version is encoded once.
 *
 * <p>Safe for use from any thread. No lock is held while source or codec run.
 */
final class TopicReader {
    private static final Logger log = LoggerFactory.getLogger("io.statesync.http.server");

    private final String topic;
    private final Hub hub;
    private final SharedRead<Encoded> reads;
    private final AtomicReference<@Nullable Coding> newest = new AtomicReference<>();

    TopicReader(String topic, Hub hub) {
        this.topic = topic;
        this.hub = hub;
        this.reads = new SharedRead<>(
                this::readOnce, hub.options().sourceTimeout(), hub.options().timeSource(), hub::run);
    }

    /** The state as the source has it now; a reading that began before the call is none. Fails with a {@link Problem}. */
    CompletableFuture<Encoded> read() {
        Served<?> served;
        try {
            served = hub.find(topic);
        } catch (CodecLookupException e) {
            log.error("a topic could not be read topic={}", Texts.quote(topic), e);
            return CompletableFuture.failedFuture(Problem.sourceFailed());
        }
        if (served == null) {
            return CompletableFuture.failedFuture(Problem.noSuchTopic(topic));
        }
        if (served.authority() instanceof RevisionedStore<?> store) {
            return encode(served, store.current());
        }
        return reads.read().whenComplete((encoded, failure) -> {
            if (failure != null && !Problem.isOne(failure)) {
                log.error("the source could not be read topic={}", Texts.quote(topic), failure);
            }
        });
    }

    private CompletableFuture<Encoded> readOnce() {
        Served<?> served = hub.find(topic); // a named topic, whose codec is there
        return served == null ? CompletableFuture.failedFuture(Problem.noSuchTopic(topic)) : readOnce(served);
    }

    private <T extends @Nullable Object> CompletableFuture<Encoded> readOnce(Served<T> served) {
        return served.snapshot().thenCompose(taken -> encode(served, taken));
    }

    private <T extends @Nullable Object> CompletableFuture<Encoded> encode(
            Served<T> served, SnapshotEnvelope<?> given) {
        @SuppressWarnings("unchecked") // it came from this source
        SnapshotEnvelope<T> snapshot = (SnapshotEnvelope<T>) given;
        StateVersion version = snapshot.version(null);
        Coding mine = new Coding(version);
        while (true) {
            Coding known = newest.get();
            if (known != null && known.version.equals(version)) {
                return known.encoded;
            }
            if (known != null && !version.isNewerThan(known.version)) {
                break; // the source went on meanwhile: this one is not kept
            }
            if (newest.compareAndSet(known, mine)) {
                break;
            }
        }
        try {
            mine.encoded.complete(new Encoded(version, snapshot, served.codec().encode(snapshot.data())));
        } catch (Throwable t) { // a codec of the user's
            newest.compareAndSet(mine, null);
            log.error("the state cannot be encoded topic={} version={}", Texts.quote(topic), version, t);
            mine.encoded.completeExceptionally(Problem.sourceFailed());
        }
        return mine.encoded;
    }

    /** The bytes of a version, which somebody makes or has made. */
    private static final class Coding {
        private final StateVersion version;
        private final CompletableFuture<Encoded> encoded = new CompletableFuture<>();

        Coding(StateVersion version) {
            this.version = version;
        }
    }
}
