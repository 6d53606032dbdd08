package io.statesync.threads;

import static io.statesync.threads.CountingSource.local;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.RevisionSync;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import io.statesync.SyncListener;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** A listener that is inside a call while another thread makes the engine tell something. */
@DisplayName("Hooks: a listener hears one call at a time and in order")
class ListenerOrderTest {
    private final CountingSource source = new CountingSource();
    private final CountDownLatch inside = new CountDownLatch(1);
    private final CountDownLatch release = new CountDownLatch(1);
    private final List<Long> heard = new CopyOnWriteArrayList<>();

    @Test
    void aCallThatIsSlowHoldsUpTheNextCallAndNothingElse() throws Exception {
        RevisionSync<Long> engine = source.started(source.options().listener(new SlowAtTwo()));
        CompletableFuture<Void> slow =
                CompletableFuture.runAsync(() -> source.push(2), task -> new Thread(task).start());
        assertThat(inside.await(30, SECONDS)).isTrue();

        source.push(3);

        assertThat(local(engine)).as("applied meanwhile").isEqualTo(3);
        assertThat(heard).as("not told meanwhile").containsExactly(1L);

        release.countDown();
        slow.get(30, SECONDS);
        assertThat(heard).containsExactly(1L, 2L, 3L);
    }

    /** Stays in the call for revision 2 until the test lets it go. */
    private final class SlowAtTwo implements SyncListener<Long> {
        @Override
        public void onApplied(SnapshotEnvelope<Long> snapshot, StateVersion version, Duration took) {
            if (snapshot.data() == 2) {
                inside.countDown();
                awaitRelease();
            }
            heard.add(snapshot.data());
        }

        private void awaitRelease() {
            try {
                assertThat(release.await(30, SECONDS)).isTrue();
            } catch (InterruptedException e) {
                throw new AssertionError("nobody interrupts this test", e);
            }
        }
    }
}
