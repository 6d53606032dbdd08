package io.statesync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

/** Many engines as one. */
class SyncGroupTest {
    private final List<String> order = new ArrayList<>();

    /** A real engine on a direct executor, whose source a test plays. */
    private final class Member {
        final List<CompletableFuture<PullResult<String>>> pulls = new ArrayList<>();
        InvalidationHandler transport;
        final RevisionSync<String> sync;

        Member(String name) {
            sync = StateSync.createRevisionSync(RevisionSyncOptions.<String>builder("settings")
                    .instance(name)
                    .subscriber(handler -> {
                        transport = handler;
                        return CompletableFuture.completedFuture(() -> order.add("unsubscribed " + name));
                    })
                    .provider(request -> pull())
                    .applier(snapshot -> {})
                    .executor(StateSync.directExecutor())
                    .time(new StepTime())
                    .build());
        }

        private CompletionStage<PullResult<String>> pull() {
            CompletableFuture<PullResult<String>> pull = new CompletableFuture<>();
            pulls.add(pull);
            return pull;
        }

        void answer(String revision) {
            pulls.get(pulls.size() - 1).complete(SnapshotEnvelope.parse(revision, null, "data"));
        }

        void fail(Throwable error) {
            pulls.get(pulls.size() - 1).completeExceptionally(error);
        }
    }

    private final Member a = new Member("a");
    private final Member b = new Member("b");
    private final Member c = new Member("c");
    private final SyncGroup group = SyncGroup.of(a.sync, b.sync);

    private static Throwable failureOf(CompletableFuture<?> future) {
        assertThat(future).isCompletedExceptionally();
        return future.handle((nothing, error) -> error).join();
    }

    @Test
    void startIsDoneWhenAllAre() {
        CompletableFuture<Void> started = group.start();
        assertThat(a.pulls).hasSize(1);
        assertThat(b.pulls).hasSize(1);
        b.answer("1");
        assertThat(started).isNotDone();
        a.answer("1");
        assertThat(started).isCompleted();
    }

    @Test
    void failuresAreGatheredWhenAllHaveTheirOutcome() {
        group.add(c.sync);
        IOException first = new IOException("a");
        IOException second = new IOException("b");
        CompletableFuture<Void> started = group.start();
        b.fail(second);
        a.fail(first);
        assertThat(started).isNotDone();
        c.answer("1");
        assertThat(failureOf(started)).isSameAs(first).hasSuppressedException(second);
        assertThat(group.statuses())
                .extracting(SyncStatus::state)
                .containsExactly(LifecycleState.IDLE, LifecycleState.IDLE, LifecycleState.RUNNING);
    }

    @Test
    void oneFailureOfTwoMembersIsNotSuppressedInItself() {
        IOException same = new IOException("same");
        CompletableFuture<Void> started = group.start();
        a.fail(same);
        b.fail(same);
        assertThat(failureOf(started)).isSameAs(same).hasNoSuppressedExceptions();
    }

    @Test
    void refreshIsLikeStart() {
        IOException failure = new IOException("b");
        CompletableFuture<Void> refreshed = group.refresh();
        a.answer("1");
        assertThat(refreshed).isNotDone();
        b.fail(failure);
        assertThat(failureOf(refreshed)).isSameAs(failure);
    }

    @Test
    void anEmptyGroupIsStartedAtOnce() {
        assertThat(SyncGroup.of().start()).isCompleted();
        assertThat(SyncGroup.of().isCurrent()).isTrue();
    }

    @Test
    void cancellingTheGroupsFutureStopsNobody() {
        CompletableFuture<Void> started = group.start();
        started.cancel(true);
        a.answer("1");
        b.answer("1");
        assertThat(group.isCurrent()).isTrue();
    }

    @Test
    void aGroupIsCurrentWhenAllRunAreConnectedAndNotBehind() {
        assertThat(group.isCurrent()).isFalse();
        CompletableFuture<Void> started = group.start();
        a.answer("1");
        assertThat(group.isCurrent()).isFalse();
        b.answer("1");
        assertThat(started).isCompleted();
        assertThat(group.isCurrent()).isTrue();

        b.transport.event("settings", "2");
        assertThat(group.isCurrent()).isFalse();
        b.answer("2");
        assertThat(group.isCurrent()).isTrue();
        a.transport.disconnected();
        assertThat(group.isCurrent()).isFalse();
        assertThat(group.remove(a.sync)).isTrue();
        assertThat(group.remove(a.sync)).isFalse();
        assertThat(group.isCurrent()).isTrue();
        assertThat(a.sync.status().state()).isEqualTo(LifecycleState.RUNNING);
    }

    @Test
    void membersAndStatusesAreInTheOrderOfAdding() {
        assertThat(group.add(c.sync)).isSameAs(c.sync);
        assertThat(group.members()).containsExactly(a.sync, b.sync, c.sync);
        assertThat(group.statuses()).extracting(SyncStatus::instance).containsExactly("a", "b", "c");
        assertThat(c.pulls).isEmpty();
    }

    @Test
    void closeStopsTheLastAddedFirst() {
        CompletableFuture<Void> started = group.start();
        a.answer("1");
        b.answer("1");
        assertThat(started).isCompleted();
        group.close();
        group.close();
        assertThat(order).containsExactly("unsubscribed b", "unsubscribed a");
        assertThat(group.statuses()).extracting(SyncStatus::state).containsOnly(LifecycleState.STOPPED);
        assertThat(failureOf(group.start())).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void closeEndsAStartUnderWay() {
        CompletableFuture<Void> started = group.start();
        group.close();
        assertThat(started).isCompletedExceptionally();
    }

    @Test
    void aClosedGroupTakesNoMember() {
        group.close();
        assertThatThrownBy(() -> group.add(c.sync))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("c");
        assertThatThrownBy(() -> SyncGroup.of().add(null)).hasMessage("member");
        assertThat(c.sync.status().state()).isEqualTo(LifecycleState.IDLE);
    }
}
