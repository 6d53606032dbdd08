package io.statesync.apply;

import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.Backoff;
import io.statesync.Revision;
import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateSync;
import io.statesync.SyncError;
import io.statesync.SyncPhase;
import io.statesync.testkit.RecordingApplier;
import io.statesync.testkit.ScriptedProvider;
import io.statesync.testkit.ScriptedSubscriber;
import io.statesync.testkit.VirtualTime;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What an engine does when one of several appliers fails, and what each of them gets. */
class PartialFailureTest {
    private static final String TOPIC = "settings";

    private final VirtualTime time = new VirtualTime();
    private final ScriptedSubscriber subscriber = new ScriptedSubscriber();
    private final ScriptedProvider<String> provider = new ScriptedProvider<>();
    private final RecordingApplier<String> first = new RecordingApplier<>();
    private final RecordingApplier<String> fragile = new RecordingApplier<>();
    private final RecordingApplier<String> last = new RecordingApplier<>();
    private final List<SyncError> errors = new ArrayList<>();
    private final RevisionSync<String> sync = StateSync.createRevisionSync(RevisionSyncOptions.<String>builder(TOPIC)
            .subscriber(subscriber)
            .provider(provider)
            .applier(Appliers.all(first, fragile, last))
            .onError(errors::add)
            .catchUp(Backoff.standard().withoutJitter())
            .executor(StateSync.directExecutor())
            .time(time)
            .build());

    @BeforeEach
    void startAtOne() {
        CompletableFuture<Void> started = sync.start();
        answer(1);
        assertThat(started).isCompleted();
    }

    @AfterEach
    void close() {
        sync.close();
        assertThat(subscriber.openSubscriptions()).isZero();
    }

    private void answer(int revision) {
        provider.next().answer(SnapshotEnvelope.of(Revision.of(revision), "state " + revision));
    }

    private static List<String> revisions(RecordingApplier<String> applier) {
        return applier.applied().stream()
                .map(snapshot -> snapshot.revision().toString())
                .toList();
    }

    @Test
    @DisplayName("K2: the apply fails as a whole, local stays, and the same snapshot goes to all again")
    void theSameSnapshotGoesToAllAgain() {
        IOException failure = new IOException("full disk");
        IllegalStateException another = new IllegalStateException("closed window");
        fragile.failNext(failure);
        last.failNext(another);
        CompletableFuture<Void> awaited = sync.awaitRevision(Revision.of(2));

        answer(2);

        assertThat(errors).singleElement().satisfies(error -> {
            assertThat(error.phase()).isEqualTo(SyncPhase.APPLY);
            assertThat(error.error()).isSameAs(failure).hasSuppressedException(another);
            assertThat(error.snapshotVersion()).hasToString("2");
        });
        assertThat(sync.localRevision()).isEqualTo(Revision.of(1));
        assertThat(sync.status().behind()).isTrue();
        assertThat(awaited).isNotDone();
        assertThat(revisions(first)).containsExactly("1", "2");
        assertThat(revisions(fragile)).containsExactly("1");
        assertThat(revisions(last)).containsExactly("1");

        time.advance(Duration.ofMillis(100));
        answer(2);

        assertThat(awaited).isCompleted();
        assertThat(sync.localRevision()).isEqualTo(Revision.of(2));
        assertThat(sync.status().behind()).isFalse();
        assertThat(revisions(first)).containsExactly("1", "2", "2");
        assertThat(revisions(fragile)).containsExactly("1", "2");
        assertThat(revisions(last)).containsExactly("1", "2");
        assertThat(errors).hasSize(1);
        assertThat(time.pending()).isZero();
    }

    @Test
    @DisplayName("K2, G5: from a source that lags, an applier that did not fail gets an older snapshot than it has")
    void anOlderSnapshotMayFollow() {
        subscriber.event(TOPIC, "3");
        fragile.failNext(new IOException("full disk"));
        answer(3);

        time.advance(Duration.ofMillis(100));
        answer(2);
        assertThat(revisions(first)).containsExactly("1", "3", "2");
        assertThat(sync.status().behind()).isTrue();

        time.advance(Duration.ofMillis(200));
        answer(3);
        assertThat(revisions(first)).containsExactly("1", "3", "2", "3");
        assertThat(revisions(fragile)).containsExactly("1", "2", "3");
        assertThat(sync.localRevision()).isEqualTo(Revision.of(3));
        assertThat(sync.status().behind()).isFalse();
    }

    @Test
    @DisplayName("K2: after a refresh that nothing else asked for, no pull follows by itself")
    void aRefreshFailsAndNothingFollows() {
        IOException failure = new IOException("full disk");
        fragile.failNext(failure);
        CompletableFuture<Void> refreshed = sync.refresh();

        answer(2);

        assertThat(refreshed).isCompletedExceptionally();
        assertThat(refreshed.handle((nothing, error) -> error).join()).isSameAs(failure);
        assertThat(revisions(first)).containsExactly("1", "2");
        assertThat(sync.localRevision()).isEqualTo(Revision.of(1));
        assertThat(sync.status().behind()).isFalse();
        assertThat(time.pending()).isZero();
        assertThat(provider.pending()).isZero();
    }

    @Test
    @DisplayName("S3: after a pushed snapshot the engine is behind, and pulls")
    void aPushedSnapshotIsMadeUpForByAPull() {
        fragile.failNext(new IOException("full disk"));
        subscriber.tell(handler -> handler.snapshot("2", null, "state 2"));
        assertThat(sync.status().behind()).isTrue();

        time.advance(Duration.ofMillis(100));
        answer(2);

        assertThat(revisions(first)).containsExactly("1", "2", "2");
        assertThat(revisions(fragile)).containsExactly("1", "2");
        assertThat(sync.status().behind()).isFalse();
    }
}
