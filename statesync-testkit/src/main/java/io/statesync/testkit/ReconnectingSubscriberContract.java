package io.statesync.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.statesync.InvalidationSubscriber;
import io.statesync.StateVersion;
import io.statesync.Subscription;
import io.statesync.testkit.RecordingHandler.Call;
import io.statesync.testkit.RecordingHandler.Kind;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * What an {@link InvalidationSubscriber} must keep whose transport can lose its connection and finds it again by itself.
 *
 * <p>After each loss the handler must be told: that the transport {@linkplain
 * io.statesync.InvalidationHandler#reconnected() reconnected}, or of the newest version announced meanwhile (contract
 * N1). Without either, what was missed stays missed until the next event.
 */
public abstract class ReconnectingSubscriberContract extends InvalidationSubscriberContract {
    /** For subclasses. */
    protected ReconnectingSubscriberContract() {}

    /** Breaks the connection between source and subscriber, and keeps it broken. Returns when it is broken. */
    protected abstract void breakConnection() throws Exception;

    /** Lets the transport connect again. May return before it has. */
    protected abstract void healConnection() throws Exception;

    private void announceWhileBroken(StateVersion version) throws Exception {
        breakConnection();
        announce(version);
        healConnection();
    }

    private static boolean makesUpFor(Call call, String topic, StateVersion missed) {
        return call.kind() == Kind.RECONNECTED || call.tellsOf(topic, missed);
    }

    private void assertMakesUpFor(Opened link, int since, StateVersion missed) throws Exception {
        boolean told = link.handler()
                .awaitCalls(
                        calls -> calls.stream().skip(since).anyMatch(call -> makesUpFor(call, topic(), missed)),
                        patience());
        if (!told) {
            List<Call> calls = link.handler().calls();
            fail(
                    "version %s was announced while the connection was broken; within %s of its healing the handler heard"
                            + " neither reconnected() nor of that version, but %s",
                    missed, patience(), calls.subList(Math.min(since, calls.size()), calls.size()));
        }
    }

    /** Contract N1. */
    @Test
    @DisplayName("N1: after a lost connection the handler hears reconnected() or what it missed, every time")
    public void whatWasMissedIsMadeUpFor() throws Exception {
        Opened link = open(createSubscriber());
        announceAndHear(link);
        for (int i = 0; i < 3; i++) {
            int since = link.handler().calls().size();
            StateVersion missed = nextVersion();
            announceWhileBroken(missed);
            assertMakesUpFor(link, since, missed);
        }
    }

    /** The subscription is the same one: nobody subscribes again for the transport. */
    @Test
    @DisplayName("N1: events announced after reconnecting reach the handler")
    public void eventsAfterReconnectingAreHeard() throws Exception {
        Opened link = open(createSubscriber());
        int since = link.handler().calls().size();
        StateVersion missed = nextVersion();
        announceWhileBroken(missed);
        assertMakesUpFor(link, since, missed);
        announceAndHear(link);
        announceAndHear(link);
    }

    /** Contract L3. */
    @Test
    @DisplayName("L3: a subscription closed while the connection was broken stays silent when it heals")
    public void closedWhileBrokenStaysSilent() throws Exception {
        InvalidationSubscriber subscriber = createSubscriber();
        Opened link = open(subscriber);
        announceAndHear(link);
        breakConnection();
        close(link);
        List<Call> before = said(link.handler());
        healConnection();
        assertHearsNoMore(link.handler(), subscriber);
        assertThat(said(link.handler())).isEqualTo(before);
    }

    private static List<Call> said(RecordingHandler handler) {
        return handler.calls().stream()
                .filter(call -> call.kind() != Kind.DISCONNECTED)
                .toList();
    }

    /** Contract B2: a failed subscribe is tried again by the engine, so failing is fine; a false promise is not. */
    @Test
    @DisplayName("B2: subscribing while the connection is broken fails, or keeps its promise once it is complete")
    public void subscribingWhileBrokenFailsOrKeepsItsPromise() throws Exception {
        InvalidationSubscriber subscriber = createSubscriber();
        breakConnection();
        RecordingHandler handler = new RecordingHandler();
        CompletableFuture<Subscription> subscribing = subscribeNow(subscriber, handler);
        boolean early = subscribing.isDone();
        StateVersion missed = nextVersion();
        announce(missed);
        healConnection();
        Subscription subscription = outcome(subscribing);
        if (subscription == null) {
            announceAndHear(open(subscriber));
            return;
        }
        Opened link = new Opened(subscription, handler);
        if (early) {
            assertMakesUpFor(link, 0, missed);
        }
        announceAndHear(link);
        close(link);
    }

    private static CompletableFuture<Subscription> subscribeNow(
            InvalidationSubscriber subscriber, RecordingHandler handler) {
        try {
            return Stages.future(subscriber.subscribe(handler));
        } catch (Exception e) { // throwing and failing mean the same
            return CompletableFuture.failedFuture(e);
        }
    }

    /** The subscription; null if subscribing failed. */
    private @Nullable Subscription outcome(CompletableFuture<Subscription> subscribing) throws InterruptedException {
        try {
            return subscribing.get(patience().toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            return null;
        } catch (TimeoutException e) {
            throw new AssertionError(
                    "subscribing, begun while the connection was broken, was neither complete nor failed within "
                            + patience() + " of its healing",
                    e);
        }
    }
}
