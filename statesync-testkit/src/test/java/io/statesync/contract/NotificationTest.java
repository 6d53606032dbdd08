package io.statesync.contract;

import static io.statesync.contract.Harness.TOPIC;
import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.Backoff;
import io.statesync.LifecycleState;
import io.statesync.NotModified;
import io.statesync.PullRequest;
import io.statesync.RetryPolicy;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateSync;
import io.statesync.StateVersion;
import io.statesync.SyncError;
import io.statesync.SyncListener;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Hooks and listeners hear of what happens, in order, and cannot do harm. */
class NotificationTest {

    /** Writes down what it hears. */
    private static class Recorder implements SyncListener<Object> {
        final List<String> heard = new ArrayList<>();

        @Override
        public void onPull(PullRequest request) {
            heard.add("pull " + request.attempt());
        }

        @Override
        public void onApplied(SnapshotEnvelope<Object> snapshot, StateVersion version, Duration took) {
            heard.add("applied " + version + " in " + took.toMillis());
        }

        @Override
        public void onSkipped(StateVersion answered, StateVersion localVersion) {
            heard.add("skipped " + answered + " at " + localVersion);
        }

        @Override
        public void onError(SyncError error) {
            heard.add("error " + error.phase() + " " + error.attempt() + " " + error.willRetry());
        }

        @Override
        public void onStateChange(LifecycleState from, LifecycleState to) {
            heard.add(from + "->" + to);
        }

        @Override
        public void onConnection(boolean connected) {
            heard.add("connected " + connected);
        }
    }

    /** Throws whatever it hears. */
    private static final class Thrower extends Recorder {
        private static final IllegalStateException ERROR = new IllegalStateException("listener");

        @Override
        public void onPull(PullRequest request) {
            super.onPull(request);
            throw ERROR;
        }

        @Override
        public void onApplied(SnapshotEnvelope<Object> snapshot, StateVersion version, Duration took) {
            super.onApplied(snapshot, version, took);
            throw new AssertionError("an Error");
        }

        @Override
        public void onSkipped(StateVersion answered, StateVersion localVersion) {
            throw ERROR;
        }

        @Override
        public void onError(SyncError error) {
            throw ERROR;
        }

        @Override
        public void onStateChange(LifecycleState from, LifecycleState to) {
            throw ERROR;
        }

        @Override
        public void onConnection(boolean connected) {
            throw ERROR;
        }
    }

    @Test
    void theListenerHearsOfEverythingInOrderButNotOfDroppedEvents() {
        Recorder listener = new Recorder();
        Harness h =
                new Harness(b -> b.listener(listener).retry(new RetryPolicy(2, Backoff.fixed(Duration.ofMillis(10)))));
        h.startedAt("1");
        h.event("1");
        h.transport().event("other", "2");
        assertThat(listener.heard)
                .containsExactly("IDLE->STARTING", "connected true", "pull 1", "applied 1 in 0", "STARTING->RUNNING");

        listener.heard.clear();
        h.event("2");
        h.failPull(new IOException("once"));
        h.advance(Duration.ofMillis(10));
        h.open().answer().complete(NotModified.instance());
        h.transport().disconnected();
        h.transport().disconnected();
        h.transport().reconnected();
        h.sync.stop();
        assertThat(listener.heard)
                .containsExactly(
                        "pull 1",
                        "error getSnapshot 1 true",
                        "pull 2",
                        "skipped 1 at 1",
                        "error refresh 1 true",
                        "connected false",
                        "connected true",
                        "pull 1",
                        "RUNNING->STOPPED",
                        "connected false");
    }

    @Test
    void theListenerHearsHowLongAnApplyTook() {
        Recorder listener = new Recorder();
        Harness h = new Harness(b -> b.listener(listener));
        CompletableFuture<Void> applying = new CompletableFuture<>();
        h.onApply = snapshot -> applying;
        h.start();
        h.answer("1");
        h.advance(Duration.ofMillis(250));
        applying.complete(null);
        assertThat(listener.heard).contains("applied 1 in 250");
    }

    @Test
    @DisplayName("the onError hook hears of an error before the listener, and both of the same")
    void hookAndListenerHearTheSameError() {
        List<SyncError> heard = new ArrayList<>();
        Harness h = new Harness(b -> b.listener(new SyncListener<Object>() {
            @Override
            public void onError(SyncError error) {
                heard.add(error);
            }
        }));
        h.startedAt("1");
        h.transport().malformed("?", null);
        assertThat(heard).isEqualTo(h.errors).hasSize(1);
    }

    @Test
    @DisplayName("H1: throwing hooks and listeners change nothing")
    void throwingCallbacksChangeNothing() {
        Thrower listener = new Thrower();
        Harness h = new Harness(b -> b.listener(listener).onError(error -> {
            throw new StackOverflowError("hook");
        }));
        h.startedAt("1");
        h.transport().malformed("?", null);
        h.transport().disconnected();
        CompletableFuture<Void> refreshed = h.sync.refresh();
        h.answer("2");

        assertThat(refreshed).isCompleted();
        assertThat(h.revisions()).containsExactly("1", "2");
        assertThat(h.sync.status().failures()).isEqualTo(1);
        assertThat(h.sync.status().notificationsLost()).isZero();
        assertThat(listener.heard).containsExactly("pull 1", "applied 1 in 0", "pull 1", "applied 2 in 0");
        h.sync.stop();
        assertThat(h.unsubscribed).isEqualTo(1);
    }

    @Test
    @DisplayName("H1: a dependent of a future that throws does not keep others from their outcome")
    void throwingDependentsChangeNothing() {
        Harness h = new Harness();
        CompletableFuture<Void> first = h.sync.refresh();
        CompletableFuture<Void> dependent = first.thenRun(() -> {
            throw new IllegalStateException("dependent");
        });
        CompletableFuture<Void> second = h.sync.refresh();
        h.answer("1");
        h.answer("2");
        assertThat(dependent).isCompletedExceptionally();
        assertThat(first).isCompleted();
        assertThat(second).isCompleted();
    }

    @Test
    @DisplayName("a slow hook loses notifications beyond the bound, counted; no completion is lost, and applies go on")
    void aSlowHookLosesNotificationsOnly() {
        Deque<Runnable> tasks = new ArrayDeque<>();
        boolean[] slow = {false};
        Executor executor = task -> {
            if (slow[0]) {
                tasks.add(task);
            } else {
                task.run();
            }
        };
        List<SyncError> heard = new ArrayList<>();
        Harness h = new Harness(
                b -> b.executor(executor).applyOn(StateSync.directExecutor()).onError(heard::add));
        h.startedAt("1");

        slow[0] = true;
        int reports = 5000;
        for (int i = 0; i < reports; i++) {
            h.transport().event(TOPIC, "malformed");
        }
        CompletableFuture<Void> reached = h.sync.awaitVersion(Harness.version("2"));
        h.transport().snapshot(SnapshotEnvelope.parse("2", null, "pushed"));

        assertThat(h.revisions()).containsExactly("1", "2");
        assertThat(h.sync.localRevision()).hasToString("2");
        assertThat(reached).isNotDone();
        long lost = h.sync.status().notificationsLost();
        assertThat(lost).isPositive().isLessThan(reports);
        assertThat(h.sync.status().failures()).isEqualTo(reports);

        slow[0] = false;
        while (!tasks.isEmpty()) {
            tasks.poll().run();
        }
        assertThat(reached).isCompleted();
        assertThat(heard.size() + lost).isEqualTo(reports);

        h.transport().event(TOPIC, "malformed");
        assertThat(heard.size() + lost).isEqualTo(reports + 1);
        assertThat(h.sync.status().notificationsLost()).isEqualTo(lost);
    }

    @Test
    @DisplayName("L3: stop, refresh and close from inside every callback")
    void callbacksMayCallBack() {
        for (String where : List.of("pull", "applied", "skipped", "error", "state", "connection")) {
            Harness[] box = new Harness[1];
            Recorder listener = new Recorder() {
                private void act(String here) {
                    if (here.equals(where)) {
                        var unused = box[0].sync.refresh();
                        box[0].sync.close();
                    }
                }

                @Override
                public void onPull(PullRequest request) {
                    act("pull");
                }

                @Override
                public void onApplied(SnapshotEnvelope<Object> snapshot, StateVersion version, Duration took) {
                    act("applied");
                }

                @Override
                public void onSkipped(StateVersion answered, StateVersion localVersion) {
                    act("skipped");
                }

                @Override
                public void onError(SyncError error) {
                    act("error");
                }

                @Override
                public void onStateChange(LifecycleState from, LifecycleState to) {
                    act("state");
                }

                @Override
                public void onConnection(boolean connected) {
                    act("connection");
                }
            };
            Harness h = new Harness(b -> b.listener(listener));
            box[0] = h;
            h.onPull = request -> CompletableFuture.completedFuture(Harness.snapshot("1"));
            h.start();
            var unused = h.sync.refresh();
            if (h.sync.status().state() != LifecycleState.STOPPED) {
                h.transport().malformed("?", null);
            }

            assertThat(h.sync.status().state()).as(where).isEqualTo(LifecycleState.STOPPED);
            assertThat(h.started).as(where).isDone();
            assertThat(h.time.pending()).as(where).isZero();
            assertThat(h.unsubscribed).as(where).isEqualTo(h.handlers.size());
        }
    }
}
