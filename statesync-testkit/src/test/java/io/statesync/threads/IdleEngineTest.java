package io.statesync.threads;

import static io.statesync.threads.CountingSource.local;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.StateSync;
import io.statesync.SyncStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Engines on the library's own threads, with nothing to do. */
@DisplayName("Threads: an idle engine owns no thread and no timer, and close leaves none")
class IdleEngineTest {
    private static final String OURS = "statesync-";

    @Test
    void theThreadsOfIdleEnginesEndAndComeBackWhenNeeded() throws Exception {
        ScheduledExecutorService answers = Executors.newSingleThreadScheduledExecutor();
        List<CountingSource> sources = new ArrayList<>();
        List<RevisionSync<Long>> engines = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            CountingSource source = new CountingSource();
            sources.add(source);
            engines.add(StateSync.createRevisionSync(options(source, answers)));
        }
        for (RevisionSync<Long> engine : engines) {
            engine.start().get(30, SECONDS);
        }
        noThreadIsLeft();
        assertThat(engines)
                .allSatisfy(engine -> assertThat(engine.status().connected()).isTrue());

        sources.forEach(CountingSource::event);
        await("all engines are there")
                .atMost(30, SECONDS)
                .until(() -> engines.stream().allMatch(engine -> local(engine) == 2));
        noThreadIsLeft();

        engines.forEach(RevisionSync::close);
        noThreadIsLeft();
        assertThat(engines).extracting(RevisionSync::status).noneMatch(SyncStatus::connected);
        assertThat(sources).allSatisfy(source -> assertThat(source.open).hasValue(0));
        answers.shutdown();
        assertThat(answers.awaitTermination(30, SECONDS)).isTrue();
    }

    /** An engine with the default executor and time, whose pulls answer later, so that each arms its time-out. */
    private static RevisionSyncOptions<Long> options(CountingSource source, ScheduledExecutorService answers) {
        return RevisionSyncOptions.<Long>builder(CountingSource.TOPIC)
                .subscriber(source::subscribe)
                .provider(request ->
                        CompletableFuture.supplyAsync(() -> CountingSource.snapshot(source.revision.get()), task -> {
                            var unused = answers.schedule(task, 1, TimeUnit.MILLISECONDS);
                        }))
                .applier(source::apply)
                .build();
    }

    private static void noThreadIsLeft() {
        await("no thread of the library is left")
                .atMost(60, SECONDS)
                .until(() -> Thread.getAllStackTraces().keySet().stream()
                        .noneMatch(thread -> thread.getName().startsWith(OURS)));
    }
}
