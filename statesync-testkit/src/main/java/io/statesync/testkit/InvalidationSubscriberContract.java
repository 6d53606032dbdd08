package io.statesync.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.statesync.InvalidationSubscriber;
import io.statesync.Revision;
import io.statesync.StateVersion;
import io.statesync.Subscription;
import io.statesync.testkit.RecordingHandler.Call;
import io.statesync.testkit.RecordingHandler.Kind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * What every {@link InvalidationSubscriber} must keep: extend it, give it a subscriber and a source, and JUnit runs it.
 *
 * <p>An event counts as heard when it, a later one of the topic, or a snapshot of such a version has reached the handler:
 * a transport may leave out an event that a later one overtakes. Every test announces versions that only rise. A source
 * that JUnit's {@code @BeforeEach} sets up should be shut down in an {@code @AfterEach}; subscriptions that a test left
 * open are closed before that.
 *
 * <p>For a transport that can lose its connection, extend {@link ReconnectingSubscriberContract}.
 */
public abstract class InvalidationSubscriberContract {
    private final List<Subscription> opened = new ArrayList<>();
    private long revision;

    /** For subclasses. */
    protected InvalidationSubscriberContract() {}

    /** The subscriber under test; called once in each test. */
    protected abstract InvalidationSubscriber createSubscriber() throws Exception;

    /** The topic that the subscriber subscribes to. */
    protected abstract String topic();

    /** Makes the source announce that the topic is now at {@code version}. */
    protected abstract void announce(StateVersion version) throws Exception;

    /** Whether events carry epochs. One that does not serves only sources that never lose their count. */
    protected boolean carriesEpochs() {
        return true;
    }

    /** How long a test waits for what must happen; 30 s unless overridden. */
    protected Duration patience() {
        return Duration.ofSeconds(30);
    }

    /**
     * Waits until what the transport had under way when a subscription was closed has come or never will. Does nothing
     * unless overridden, which is right where close waits for it, or where one connection carries all in order.
     */
    protected void settle() throws Exception {}

    /** A subscription and what it was told. */
    record Opened(Subscription subscription, RecordingHandler handler) {}

    final StateVersion nextVersion() {
        return StateVersion.of(Revision.of(++revision));
    }

    final Opened open(InvalidationSubscriber subscriber) throws Exception {
        return open(subscriber, new RecordingHandler());
    }

    final Opened open(InvalidationSubscriber subscriber, RecordingHandler handler) throws Exception {
        Subscription subscription = Stages.get("subscribing", subscriber.subscribe(handler), patience());
        assertThat(subscription).as("the subscription").isNotNull();
        opened.add(subscription);
        return new Opened(subscription, handler);
    }

    final void close(Opened link) throws Exception {
        opened.remove(link.subscription());
        link.subscription().close();
    }

    final void assertHears(Opened link, StateVersion version) throws Exception {
        boolean heard = link.handler()
                .awaitCalls(calls -> calls.stream().anyMatch(call -> call.tellsOf(topic(), version)), patience());
        if (!heard) {
            fail(
                    "version %s of topic %s was announced after the subscription was complete, and did not reach the"
                            + " handler within %s; it heard %s",
                    version, topic(), patience(), link.handler().calls());
        }
    }

    final void announceAndHear(Opened link) throws Exception {
        StateVersion version = nextVersion();
        announce(version);
        assertHears(link, version);
    }

    /** Announces twice what another subscription hears: whatever comes late for the closed one has come by then. */
    final void assertHearsNoMore(RecordingHandler closed, InvalidationSubscriber subscriber) throws Exception {
        Opened witness = open(subscriber);
        settle();
        List<Call> before = closed.calls();
        announceAndHear(witness);
        announceAndHear(witness);
        settle();
        assertThat(closed.calls())
                .as("what a handler was told after its subscription was closed")
                .isEqualTo(before);
    }

    /** Closes what a test left open. */
    @AfterEach
    public void closeSubscriptions() throws Exception {
        for (Subscription subscription : List.copyOf(opened)) {
            subscription.close();
        }
    }

    /** The promise of {@link InvalidationSubscriber#subscribe}. */
    @Test
    @DisplayName("every event announced after the stage completed reaches the handler")
    public void everyEventAnnouncedAfterTheStageCompletedIsHeard() throws Exception {
        Opened link = open(createSubscriber());
        for (int i = 0; i < 5; i++) {
            announceAndHear(link);
        }
    }

    /** A burst may be thinned out, and its end never is. */
    @Test
    @DisplayName("the last event of a burst reaches the handler")
    public void theLastEventOfABurstIsHeard() throws Exception {
        Opened link = open(createSubscriber());
        StateVersion last = nextVersion();
        announce(last);
        for (int i = 1; i < 100; i++) {
            last = nextVersion();
            announce(last);
        }
        assertHears(link, last);
    }

    /** Revisions are unsigned 64-bit numbers (contract G1). */
    @Test
    @DisplayName("G1: the highest revision arrives unharmed")
    public void theHighestRevisionArrivesUnharmed() throws Exception {
        Opened link = open(createSubscriber());
        announceAndHear(link);
        announce(StateVersion.of(Revision.MAX));
        assertHears(link, StateVersion.of(Revision.MAX));
        assertThat(link.handler().count(Kind.MALFORMED)).isZero();
    }

    /** A source that starts a new epoch counts from 0 again (contract X1). */
    @Test
    @DisplayName("X1: an event of a higher epoch carries that epoch")
    public void anEpochArrives() throws Exception {
        assumeTrue(carriesEpochs(), "this transport carries no epochs");
        Opened link = open(createSubscriber());
        announceAndHear(link);
        StateVersion reborn = StateVersion.of(Revision.of(7), Revision.ZERO);
        announce(reborn);
        assertHears(link, reborn);
    }

    /** What is announced is told as it was announced (contract G3). */
    @Test
    @DisplayName("G3: nothing that was announced arrives malformed, nor newer than announced")
    public void nothingIsInvented() throws Exception {
        Opened link = open(createSubscriber());
        announceAndHear(link);
        announceAndHear(link);
        StateVersion last = StateVersion.of(Revision.of(revision));
        assertThat(link.handler().calls())
                .noneMatch(call -> call.kind() == Kind.MALFORMED)
                .noneMatch(call -> call.version() != null && call.version().isNewerThan(last));
    }

    /** The engine relies on it when it is stopped (contract L3). */
    @Test
    @DisplayName("L3: a closed subscription hears no more")
    public void aClosedSubscriptionHearsNoMore() throws Exception {
        InvalidationSubscriber subscriber = createSubscriber();
        Opened link = open(subscriber);
        announceAndHear(link);
        close(link);
        assertHearsNoMore(link.handler(), subscriber);
    }

    /** The engine closes once; what wraps a transport may close again. */
    @Test
    @DisplayName("closing a second time is harmless")
    public void closingTwiceIsHarmless() throws Exception {
        InvalidationSubscriber subscriber = createSubscriber();
        Opened other = open(subscriber);
        Opened link = open(subscriber);
        close(link);
        close(link);
        announceAndHear(other);
        assertHearsNoMore(link.handler(), subscriber);
    }

    /** Several engines may share a subscriber. */
    @Test
    @DisplayName("two subscriptions are independent")
    public void twoSubscriptionsAreIndependent() throws Exception {
        InvalidationSubscriber subscriber = createSubscriber();
        Opened first = open(subscriber);
        Opened second = open(subscriber);
        StateVersion both = nextVersion();
        announce(both);
        assertHears(first, both);
        assertHears(second, both);
        close(first);
        announceAndHear(second);
    }

    /** A failed start is rolled back and may be tried again (contract L2). */
    @Test
    @DisplayName("L2: subscribing again after close works")
    public void subscribingAgainAfterCloseWorks() throws Exception {
        InvalidationSubscriber subscriber = createSubscriber();
        for (int i = 0; i < 3; i++) {
            Opened link = open(subscriber);
            announceAndHear(link);
            close(link);
        }
    }

    /** With a direct executor, an engine stopped by its applier closes on the thread that delivered the event. */
    @Test
    @DisplayName("L3: closing from inside a handler call does not deadlock")
    public void closingFromInsideAHandlerCallWorks() throws Exception {
        InvalidationSubscriber subscriber = createSubscriber();
        AtomicReference<@Nullable Subscription> toClose = new AtomicReference<>();
        CompletableFuture<Void> closed = new CompletableFuture<>();
        RecordingHandler handler = new RecordingHandler(call -> {
            Subscription subscription = toClose.getAndSet(null);
            if (subscription != null) {
                closeInto(closed, subscription);
            }
        });
        Opened link = open(subscriber, handler);
        toClose.set(link.subscription());
        announce(nextVersion());
        Stages.get("closing from inside a handler call", closed, patience());
        opened.remove(link.subscription());
        assertHearsNoMore(handler, subscriber);
    }

    private static void closeInto(CompletableFuture<Void> closed, Subscription subscription) {
        try {
            subscription.close();
            closed.complete(null);
        } catch (Throwable t) { // the test that waits for it reports it
            closed.completeExceptionally(t);
        }
    }
}
