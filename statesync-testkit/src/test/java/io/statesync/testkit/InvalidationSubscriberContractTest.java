package io.statesync.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.InvalidationHandler;
import io.statesync.InvalidationSubscriber;
import io.statesync.Revision;
import io.statesync.StateVersion;
import io.statesync.Subscription;
import io.statesync.testkit.ContractRunner.Result;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** The contract passes a correct transport, and fails each kind of wrong one by the test that is meant for it. */
class InvalidationSubscriberContractTest {

    /** The contract over a tiny transport. Not run by JUnit itself: nested classes are not picked up. */
    private static final class Contract extends ReconnectingSubscriberContract {
        private final TinyTransport transport;
        private final boolean epochs;

        Contract(TinyTransport transport, boolean epochs) {
            this.transport = transport;
            this.epochs = epochs;
        }

        @Override
        protected InvalidationSubscriber createSubscriber() {
            return transport;
        }

        @Override
        protected String topic() {
            return "t";
        }

        @Override
        protected void announce(StateVersion version) {
            transport.announce(version);
        }

        @Override
        protected boolean carriesEpochs() {
            return epochs;
        }

        @Override
        protected Duration patience() {
            return Duration.ofMillis(100);
        }

        @Override
        protected void breakConnection() {
            transport.disconnect();
        }

        @Override
        protected void healConnection() {
            transport.connect();
        }
    }

    private static Supplier<Contract> over(Supplier<TinyTransport> transport) {
        return () -> new Contract(transport.get(), true);
    }

    @Test
    void aCorrectTransportPasses() throws Exception {
        assertThat(ContractRunner.run(over(TinyTransport::new)))
                .hasSize(14)
                .allSatisfy((test, result) -> assertThat(result).as(test).isEqualTo(Result.PASSED));
    }

    @Test
    void aTransportWithoutEpochsSkipsTheirTestOnly() throws Exception {
        assertThat(ContractRunner.run(() -> new Contract(new TinyTransport(), false)))
                .containsEntry("anEpochArrives", Result.SKIPPED)
                .doesNotContainValue(Result.FAILED);
    }

    @Test
    void aTransportThatLosesEverySecondEventFails() throws Exception {
        class Lossy extends TinyTransport {
            private int count;

            @Override
            void announce(StateVersion version) {
                if (count++ % 2 == 0) {
                    super.announce(version);
                }
            }
        }
        assertThat(ContractRunner.failed(over(Lossy::new)))
                .contains("everyEventAnnouncedAfterTheStageCompletedIsHeard", "theLastEventOfABurstIsHeard");
    }

    @Test
    void aStageThatCompletesTooEarlyFails() throws Exception {
        class Hasty extends TinyTransport {
            private InvalidationHandler late;

            @Override
            public CompletionStage<Subscription> subscribe(InvalidationHandler handler) {
                late = handler;
                return CompletableFuture.completedFuture(() -> handlers.remove(handler));
            }

            @Override
            void announce(StateVersion version) {
                super.announce(version);
                if (late != null) {
                    handlers.add(late);
                    late = null;
                }
            }
        }
        assertThat(ContractRunner.failed(over(Hasty::new)))
                .contains("everyEventAnnouncedAfterTheStageCompletedIsHeard");
    }

    @Test
    void aCloseThatDoesNothingFails() throws Exception {
        class Deaf extends TinyTransport {
            @Override
            public CompletionStage<Subscription> subscribe(InvalidationHandler handler) {
                handlers.add(handler);
                return CompletableFuture.completedFuture(() -> {});
            }
        }
        assertThat(ContractRunner.failed(over(Deaf::new)))
                .contains("aClosedSubscriptionHearsNoMore", "closedWhileBrokenStaysSilent");
    }

    @Test
    void aCloseThatThrowsTheSecondTimeFails() throws Exception {
        class Once extends TinyTransport {
            @Override
            public CompletionStage<Subscription> subscribe(InvalidationHandler handler) throws IOException {
                AtomicBoolean closed = new AtomicBoolean();
                handlers.add(handler);
                return CompletableFuture.completedFuture(() -> {
                    if (!closed.compareAndSet(false, true)) {
                        throw new IOException("closed already");
                    }
                    handlers.remove(handler);
                });
            }
        }
        assertThat(ContractRunner.failed(over(Once::new))).containsExactly("closingTwiceIsHarmless");
    }

    @Test
    void aSecondSubscriptionThatReplacesTheFirstFails() throws Exception {
        class Single extends TinyTransport {
            @Override
            public CompletionStage<Subscription> subscribe(InvalidationHandler handler) throws IOException {
                handlers.clear();
                return super.subscribe(handler);
            }
        }
        assertThat(ContractRunner.failed(over(Single::new))).contains("twoSubscriptionsAreIndependent");
    }

    @Test
    void aCloseThatClosesAllFails() throws Exception {
        class Shared extends TinyTransport {
            @Override
            public CompletionStage<Subscription> subscribe(InvalidationHandler handler) {
                handlers.add(handler);
                return CompletableFuture.completedFuture(handlers::clear);
            }
        }
        assertThat(ContractRunner.failed(over(Shared::new)))
                .contains("twoSubscriptionsAreIndependent", "closingTwiceIsHarmless");
    }

    @Test
    void aTransportThatSubscribesOnlyOnceFails() throws Exception {
        class OneShot extends TinyTransport {
            private boolean used;

            @Override
            public CompletionStage<Subscription> subscribe(InvalidationHandler handler) throws IOException {
                if (used) {
                    return new CompletableFuture<>();
                }
                used = true;
                return super.subscribe(handler);
            }
        }
        assertThat(ContractRunner.failed(over(OneShot::new))).contains("subscribingAgainAfterCloseWorks");
    }

    @Test
    void aSignedRevisionFails() throws Exception {
        class Signed extends TinyTransport {
            @Override
            void tell(InvalidationHandler handler, StateVersion version) {
                handler.event(
                        "t",
                        Long.toString(version.revisionBits()),
                        version.epoch().toString());
            }
        }
        assertThat(ContractRunner.failed(over(Signed::new))).containsExactly("theHighestRevisionArrivesUnharmed");
    }

    @Test
    void aLostEpochFails() throws Exception {
        class Flat extends TinyTransport {
            @Override
            void tell(InvalidationHandler handler, StateVersion version) {
                handler.event("t", version.revision().toString());
            }
        }
        assertThat(ContractRunner.failed(over(Flat::new))).containsExactly("anEpochArrives");
    }

    @Test
    void anInventedRevisionFails() throws Exception {
        class Eager extends TinyTransport {
            @Override
            void tell(InvalidationHandler handler, StateVersion version) {
                handler.event(
                        "t", Revision.ofUnsigned(version.revisionBits() + 1).toString());
            }
        }
        assertThat(ContractRunner.failed(over(Eager::new))).contains("nothingIsInvented");
    }

    @Test
    void aCloseThatWaitsForItsOwnDeliveryFails() throws Exception {
        class SelfWaiting extends TinyTransport {
            private CompletableFuture<Void> delivery = CompletableFuture.completedFuture(null);

            @Override
            public CompletionStage<Subscription> subscribe(InvalidationHandler handler) {
                handlers.add(handler);
                return CompletableFuture.completedFuture(() -> {
                    handlers.remove(handler);
                    waitForDelivery();
                });
            }

            private void waitForDelivery() throws Exception {
                try {
                    delivery.get(1, TimeUnit.SECONDS);
                } catch (TimeoutException e) {
                    throw new IOException("the delivery does not end", e);
                }
            }

            @Override
            void announce(StateVersion version) {
                delivery = new CompletableFuture<>();
                super.announce(version);
                delivery.complete(null);
            }
        }
        assertThat(ContractRunner.failed(over(SelfWaiting::new))).containsExactly("closingFromInsideAHandlerCallWorks");
    }

    @Test
    void aReconnectThatSaysNothingFails() throws Exception {
        class Silent extends TinyTransport {
            @Override
            void connect() {
                broken = false;
            }
        }
        assertThat(ContractRunner.failed(over(Silent::new)))
                .containsExactlyInAnyOrder("whatWasMissedIsMadeUpFor", "eventsAfterReconnectingAreHeard");
    }

    @Test
    void aReconnectThatSaysSoOnceOnlyFails() throws Exception {
        class Once extends TinyTransport {
            private boolean said;

            @Override
            void connect() {
                if (said) {
                    broken = false;
                } else {
                    said = true;
                    super.connect();
                }
            }
        }
        assertThat(ContractRunner.failed(over(Once::new))).containsExactly("whatWasMissedIsMadeUpFor");
    }

    @Test
    void aConnectionThatForgetsItsSubscriptionsFails() throws Exception {
        class Forgetful extends TinyTransport {
            @Override
            void connect() {
                super.connect();
                handlers.clear();
            }
        }
        assertThat(ContractRunner.failed(over(Forgetful::new))).contains("eventsAfterReconnectingAreHeard");
    }

    @Test
    void aSubscriptionMadeWhileBrokenAndForgottenFails() throws Exception {
        class Promising extends TinyTransport {
            @Override
            public CompletionStage<Subscription> subscribe(InvalidationHandler handler) throws IOException {
                return broken ? CompletableFuture.completedFuture(() -> {}) : super.subscribe(handler);
            }
        }
        assertThat(ContractRunner.failed(over(Promising::new)))
                .containsExactly("subscribingWhileBrokenFailsOrKeepsItsPromise");
    }

    @Test
    void aSubscribeThatNeverEndsFails() throws Exception {
        class Hanging extends TinyTransport {
            @Override
            public CompletionStage<Subscription> subscribe(InvalidationHandler handler) throws IOException {
                return broken ? new CompletableFuture<>() : super.subscribe(handler);
            }
        }
        assertThat(ContractRunner.failed(over(Hanging::new)))
                .containsExactly("subscribingWhileBrokenFailsOrKeepsItsPromise");
    }

    /** A transport may resend instead of saying that it reconnected (N1). */
    @Test
    void aTransportThatResendsTheNewestEventPasses() throws Exception {
        class Resending extends TinyTransport {
            private StateVersion newest = StateVersion.of(Revision.ZERO);

            @Override
            void announce(StateVersion version) {
                newest = version;
                super.announce(version);
            }

            @Override
            void connect() {
                broken = false;
                announce(newest);
            }
        }
        assertThat(ContractRunner.failed(over(Resending::new))).isEmpty();
    }
}
