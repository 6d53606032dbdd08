package io.statesync.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.NotModified;
import io.statesync.PullRequest;
import io.statesync.PullResult;
import io.statesync.SnapshotEnvelope;
import io.statesync.SnapshotProvider;
import io.statesync.StateVersion;
import io.statesync.testkit.ContractRunner.Result;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** The contract passes a correct provider, and fails each kind of wrong one by the test that is meant for it. */
class SnapshotProviderContractTest {

    /** The smallest correct source and provider; others are made wrong from it. */
    private static class TinySource implements SnapshotProvider<String> {
        volatile SnapshotEnvelope<String> state;
        volatile boolean broken;

        void set(StateVersion version, String data) {
            state = SnapshotEnvelope.of(version, data);
        }

        @Override
        public CompletionStage<? extends PullResult<String>> getSnapshot(PullRequest request) throws Exception {
            if (broken) {
                throw new IOException("out of reach");
            }
            SnapshotEnvelope<String> now = state;
            return CompletableFuture.completedFuture(
                    SnapshotProviderContract.versionOf(now).equals(request.heldVersion())
                            ? NotModified.instance()
                            : now);
        }
    }

    /** The contract over a tiny source. */
    private static final class Contract extends FallibleProviderContract<String> {
        private final TinySource source;

        Contract(TinySource source) {
            this.source = source;
        }

        @Override
        protected SnapshotProvider<String> createProvider() {
            return source;
        }

        @Override
        protected String topic() {
            return "t";
        }

        @Override
        protected String data(int n) {
            return "state " + n;
        }

        @Override
        protected void setState(StateVersion version, String data) {
            source.set(version, data);
        }

        @Override
        protected boolean allowsNullData() {
            return true;
        }

        @Override
        protected Duration patience() {
            return Duration.ofMillis(100);
        }

        @Override
        protected void breakSource() {
            source.broken = true;
        }

        @Override
        protected void healSource() {
            source.broken = false;
        }
    }

    private static Supplier<Contract> over(Supplier<TinySource> source) {
        return () -> new Contract(source.get());
    }

    @Test
    void aCorrectProviderPasses() throws Exception {
        assertThat(ContractRunner.run(over(TinySource::new)))
                .hasSize(12)
                .allSatisfy((test, result) -> assertThat(result).as(test).isEqualTo(Result.PASSED));
    }

    @Test
    void aProviderThatIgnoresTheRequestPasses() throws Exception {
        class Simple extends TinySource {
            @Override
            public CompletionStage<? extends PullResult<String>> getSnapshot(PullRequest request) throws Exception {
                return super.getSnapshot(FakePullRequest.of("t"));
            }
        }
        assertThat(ContractRunner.failed(over(Simple::new))).isEmpty();
    }

    @Test
    void anAnswerFromMemoryFails() throws Exception {
        class Caching extends TinySource {
            private PullResult<String> first;

            @Override
            public CompletionStage<? extends PullResult<String>> getSnapshot(PullRequest request) throws Exception {
                if (first == null) {
                    first = super.getSnapshot(request).toCompletableFuture().get();
                }
                return CompletableFuture.completedFuture(first);
            }
        }
        assertThat(ContractRunner.failed(over(Caching::new)))
                .contains("answersTheNewestState", "neverAnswersOlderThanWhenThePullBegan", "aFailureSurfaces");
    }

    @Test
    void anAnswerOneBehindFails() throws Exception {
        class Lagging extends TinySource {
            private volatile SnapshotEnvelope<String> replica;

            @Override
            void set(StateVersion version, String data) {
                replica = state != null ? state : SnapshotEnvelope.of(version, data);
                super.set(version, data);
            }

            @Override
            public CompletionStage<? extends PullResult<String>> getSnapshot(PullRequest request) {
                return CompletableFuture.completedFuture(replica);
            }
        }
        assertThat(ContractRunner.failed(over(Lagging::new))).contains("neverAnswersOlderThanWhenThePullBegan");
    }

    @Test
    void dataOfAnotherVersionFails() throws Exception {
        class Torn extends TinySource {
            @Override
            void set(StateVersion version, String data) {
                SnapshotEnvelope<String> before = state;
                super.set(version, before == null ? data : before.data());
            }
        }
        assertThat(ContractRunner.failed(over(Torn::new))).contains("answersTheNewestState");
    }

    @Test
    void aNullAnswerFails() throws Exception {
        class Null extends TinySource {
            @Override
            public CompletionStage<? extends PullResult<String>> getSnapshot(PullRequest request) {
                return CompletableFuture.completedFuture(state.data() == null ? null : state);
            }
        }
        assertThat(ContractRunner.failed(over(Null::new))).contains("nullDataIsASnapshot");
    }

    @Test
    void notModifiedToWhoeverHoldsAnythingFails() throws Exception {
        class Lazy extends TinySource {
            @Override
            public CompletionStage<? extends PullResult<String>> getSnapshot(PullRequest request) throws Exception {
                return request.heldVersion() != null
                        ? CompletableFuture.completedFuture(NotModified.instance())
                        : super.getSnapshot(request);
            }
        }
        assertThat(ContractRunner.failed(over(Lazy::new)))
                .containsExactlyInAnyOrder("anotherHeldVersionIsAnsweredWithASnapshot", "anEpochIsPartOfTheVersion");
    }

    @Test
    void notModifiedToWhoeverHoldsTheRevisionOfAnotherEpochFails() throws Exception {
        class Flat extends TinySource {
            @Override
            public CompletionStage<? extends PullResult<String>> getSnapshot(PullRequest request) throws Exception {
                StateVersion held = request.heldVersion();
                return held != null && held.revision().equals(state.revision())
                        ? CompletableFuture.completedFuture(NotModified.instance())
                        : super.getSnapshot(request);
            }
        }
        assertThat(ContractRunner.failed(over(Flat::new))).containsExactly("anEpochIsPartOfTheVersion");
    }

    @Test
    void notModifiedToWhoeverAsksTwiceFails() throws Exception {
        class Remembering extends TinySource {
            private SnapshotEnvelope<String> sent;

            @Override
            public CompletionStage<? extends PullResult<String>> getSnapshot(PullRequest request) throws Exception {
                SnapshotEnvelope<String> before = sent;
                sent = state;
                return state.equals(before)
                        ? CompletableFuture.completedFuture(NotModified.instance())
                        : super.getSnapshot(request);
            }
        }
        assertThat(ContractRunner.failed(over(Remembering::new))).contains("whoHoldsNothingGetsASnapshot");
    }

    @Test
    void aPoolThatRunsDryFails() throws Exception {
        class Leaking extends TinySource {
            private final AtomicInteger slots = new AtomicInteger(5);

            @Override
            public CompletionStage<? extends PullResult<String>> getSnapshot(PullRequest request) throws Exception {
                request.onCancel(slots::decrementAndGet);
                return slots.get() > 0 ? super.getSnapshot(request) : new CompletableFuture<>();
            }
        }
        assertThat(ContractRunner.failed(over(Leaking::new))).containsExactly("aCancelledPullDoesNotBreakLaterOnes");
    }

    @Test
    void oneConnectionForAllPullsFails() throws Exception {
        class Single extends TinySource {
            private int asked;

            @Override
            public CompletionStage<? extends PullResult<String>> getSnapshot(PullRequest request) throws Exception {
                return ++asked == 3 ? new CompletableFuture<>() : super.getSnapshot(request);
            }
        }
        assertThat(ContractRunner.failed(over(Single::new))).contains("concurrentPullsAreAllAnswered");
    }

    @Test
    void aSwallowedFailureFails() throws Exception {
        class Calm extends TinySource {
            @Override
            public CompletionStage<? extends PullResult<String>> getSnapshot(PullRequest request) {
                return CompletableFuture.completedFuture(state);
            }
        }
        assertThat(ContractRunner.failed(over(Calm::new))).containsExactly("aFailureSurfaces");
    }

    @Test
    void aFailureThatHangsFails() throws Exception {
        class Hanging extends TinySource {
            @Override
            public CompletionStage<? extends PullResult<String>> getSnapshot(PullRequest request) throws Exception {
                return broken ? new CompletableFuture<>() : super.getSnapshot(request);
            }
        }
        assertThat(ContractRunner.failed(over(Hanging::new))).containsExactly("aFailureSurfaces");
    }

    @Test
    void aProviderThatStaysBrokenFails() throws Exception {
        class Fragile extends TinySource {
            private boolean wasBroken;

            @Override
            public CompletionStage<? extends PullResult<String>> getSnapshot(PullRequest request) throws Exception {
                wasBroken |= broken;
                return wasBroken
                        ? CompletableFuture.failedFuture(new IOException("gone for good"))
                        : super.getSnapshot(request);
            }
        }
        assertThat(ContractRunner.failed(over(Fragile::new))).containsExactly("pullsAfterAFailureAreAnswered");
    }
}
