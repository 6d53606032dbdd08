package io.statesync.threads;

import static io.statesync.threads.CountingSource.local;
import static io.statesync.threads.CountingSource.snapshot;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.statesync.LifecycleState;
import io.statesync.PullRequest;
import io.statesync.PullResult;
import io.statesync.RevisionSync;
import io.statesync.SnapshotProvider;
import io.statesync.StateSync;
import io.statesync.testkit.VirtualTime;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** A fetch that blocks its thread and ignores that it is interrupted. */
@DisplayName("R4: a blocking provider that ignores its cancellation costs a thread, never the engine")
class BlockedProviderTest {
    private final CountingSource source = new CountingSource();
    private final VirtualTime time = new VirtualTime();
    private final CountDownLatch release = new CountDownLatch(1);
    private final AtomicInteger blocked = new AtomicInteger();
    private final AtomicInteger interrupted = new AtomicInteger();
    private final ExecutorService fetchers = Executors.newCachedThreadPool();
    private final ExecutorService executor = Executors.newSingleThreadExecutor();
    private final RevisionSync<Long> engine = StateSync.createRevisionSync(source.options()
            .provider(SnapshotProvider.blocking(this::fetch, fetchers))
            .executor(executor)
            .time(time)
            .build());

    @Test
    void theEngineTimesOutAndGoesOnWhileTheThreadHangs() throws Exception {
        engine.start().get(30, SECONDS);
        source.revision.set(2);
        CompletableFuture<Void> hung = engine.refresh();
        await("the fetch blocks").atMost(30, SECONDS).until(() -> blocked.get() == 1 && time.pending() == 1);

        time.advance(Duration.ofSeconds(30));

        assertThatThrownBy(() -> hung.get(30, SECONDS)).hasCauseInstanceOf(TimeoutException.class);
        source.revision.set(3);
        engine.refresh().get(30, SECONDS);
        assertThat(local(engine)).isEqualTo(3);
        await("the fetch is interrupted").atMost(30, SECONDS).until(() -> interrupted.get() == 1);
        assertThat(blocked).hasValue(1);

        engine.close();
        assertThat(engine.status().state()).isEqualTo(LifecycleState.STOPPED);
        assertThat(blocked).as("the engine does not wait for it").hasValue(1);

        release.countDown();
        threadsEnd();
        assertThat(local(engine)).as("the late answer is ignored").isEqualTo(3);
    }

    private PullResult<Long> fetch(PullRequest request) {
        long now = source.revision.get();
        if (now == 2) {
            blocked.incrementAndGet();
            awaitReleaseWhateverHappens();
            blocked.decrementAndGet();
        }
        return snapshot(now);
    }

    private void awaitReleaseWhateverHappens() {
        while (true) {
            try {
                release.await();
                return;
            } catch (InterruptedException e) { // this is the fetch that ignores it
                interrupted.incrementAndGet();
            }
        }
    }

    private void threadsEnd() throws InterruptedException {
        fetchers.shutdown();
        executor.shutdown();
        assertThat(fetchers.awaitTermination(30, SECONDS)).isTrue();
        assertThat(executor.awaitTermination(30, SECONDS)).isTrue();
    }
}
