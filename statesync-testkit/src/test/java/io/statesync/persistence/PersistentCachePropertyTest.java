package io.statesync.persistence;

import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.Backoff;
import io.statesync.Revision;
import io.statesync.StateVersion;
import io.statesync.Throttling;
import io.statesync.jackson.JacksonCodec;
import io.statesync.testkit.VirtualTime;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/**
 * Random walks over one topic of a cache in virtual time: applies, flushes, stops, clears, failures and pauses, also in the
 * middle of a save.
 */
class PersistentCachePropertyTest {
    private static final String TOPIC = "settings";

    @Property
    void losesNothingAndNeverGoesBack(@ForAll long seed) throws IOException {
        new Walk(seed).run();
    }

    private static final class Walk {
        private final Random random;
        private final VirtualTime time = new VirtualTime();
        private final TurnedStorage storage = new TurnedStorage();
        private final PersistentCache<Long> cache;
        private final boolean discards;
        private final List<CompletableFuture<Void>> flushes = new ArrayList<>();
        private final List<Long> promised = new ArrayList<>(); // what each flush has to cover
        private final List<CompletableFuture<Void>> others = new ArrayList<>();
        private long revision;
        private long cleared; // no flush of a revision up to this one has to be covered
        private int injected;
        private int reported;

        Walk(long seed) {
            random = new Random(seed);
            discards = random.nextInt(4) == 0;
            PersistentCache.Builder<Long> builder = PersistentCache.builder(
                            SnapshotFormat.of(JacksonCodec.json(Long.class)))
                    .storage(storage)
                    .executor(storage)
                    .time(time)
                    .discardOnClose(discards)
                    .retry(Backoff.fixed(Duration.ofMillis(70)))
                    .listener(new PersistenceListener() {
                        @Override
                        public void onError(PersistenceError error) {
                            reported++;
                        }
                    });
            if (random.nextBoolean()) {
                builder.throttling(throttling());
            }
            cache = builder.build();
        }

        private Throttling throttling() {
            Throttling.Builder throttling = Throttling.builder();
            if (random.nextBoolean()) {
                throttling.debounce(Duration.ofMillis(20));
                if (random.nextBoolean()) {
                    throttling.maxWait(Duration.ofMillis(60));
                }
            }
            if (random.nextBoolean()) {
                throttling.throttle(Duration.ofMillis(50)).leading(random.nextBoolean());
            }
            return throttling.build();
        }

        void run() throws IOException {
            int steps = 5 + random.nextInt(60);
            for (int i = 0; i < steps; i++) {
                step(true);
                check();
            }
            end();
        }

        private void step(boolean mayRun) throws IOException {
            switch (random.nextInt(mayRun ? 14 : 11)) {
                case 0, 1, 2, 3, 4 -> apply();
                case 5, 6 -> flush();
                case 7 -> stop();
                case 8 -> fail();
                case 9 -> duringTheNextSave();
                case 10 -> clear();
                case 11 -> storage.run();
                case 12 -> {
                    Runnable task = storage.tasks.poll();
                    if (task != null) {
                        task.run();
                    }
                }
                default -> time.advance(Duration.ofMillis(random.nextInt(100)));
            }
        }

        private void apply() {
            long next = ++revision;
            cache.applied(TOPIC, StateVersion.of(Revision.of(next)), next);
        }

        private void flush() {
            flushes.add(cache.flush(TOPIC));
            promised.add(revision);
        }

        private void stop() {
            others.add(cache.stopped(TOPIC));
        }

        private void fail() {
            if (storage.failures.size() < 3) {
                storage.failures.add(random.nextBoolean() ? new IOException("full") : new OutOfMemoryError("test"));
                injected++;
            }
        }

        private void clear() {
            if (random.nextInt(4) == 0) {
                others.add(cache.clear(TOPIC));
                cleared = revision;
            }
        }

        private void duringTheNextSave() {
            storage.duringSave = () -> {
                try {
                    step(false);
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            };
        }

        private long kept() throws IOException {
            List<SnapshotStorage.Generation> generations = storage.memory.load(TOPIC);
            return generations.isEmpty()
                    ? 0
                    : generations.get(0).read().metadata().version().revisionBits();
        }

        /** A flush that succeeded is covered by what is kept, unless it was cleared since. */
        private void check() throws IOException {
            for (int i = 0; i < flushes.size(); i++) {
                CompletableFuture<Void> flushed = flushes.get(i);
                if (flushed.isDone() && !flushed.isCompletedExceptionally() && promised.get(i) > cleared && !discards) {
                    assertThat(kept()).isGreaterThanOrEqualTo(promised.get(i));
                }
            }
        }

        /** The storage works again and time goes on: everything ends, and the newest that was not given up is there. */
        private void end() throws IOException {
            storage.run();
            storage.duringSave = () -> {};
            injected -= storage.failures.size();
            storage.failures.clear();
            long before = ++revision;
            cache.applied(TOPIC, StateVersion.of(Revision.of(before)), before);
            for (int i = 0; i < 10; i++) {
                storage.run();
                time.advance(Duration.ofMillis(200));
            }
            storage.run();
            assertThat(kept()).isEqualTo(before);
            assertThat(time.pending()).as("timers at rest").isZero();
            assertThat(flushes).allMatch(CompletableFuture::isDone);
            assertThat(others).allMatch(CompletableFuture::isDone);
            assertThat(reported).as("each failure is reported once").isEqualTo(injected);
            long saves = storage.calls.stream()
                    .filter(call -> call.startsWith("save"))
                    .count();
            assertThat(cache.statistics().saves()
                            + cache.statistics().superseded()
                            + cache.statistics().saveErrors())
                    .isEqualTo(saves);
            assertThat(cache.flush()).isCompleted();
        }
    }
}
