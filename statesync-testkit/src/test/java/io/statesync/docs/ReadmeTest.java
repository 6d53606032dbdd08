package io.statesync.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.SnapshotEnvelope;
import io.statesync.SnapshotProvider;
import io.statesync.StateSync;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The code in the README. */
@Timeout(60)
class ReadmeTest {
    private static final Logger log = LoggerFactory.getLogger(ReadmeTest.class);

    @Test
    void theCodeInTheReadmeWorks() {
        Ipc ipc = new Ipc();
        ExecutorService executor = Executors.newCachedThreadPool();
        try {
            // snippet: Readme
            AtomicReference<Settings> current = new AtomicReference<>();
            RevisionSync<Settings> sync = StateSync.createRevisionSync(RevisionSyncOptions.<Settings>builder("settings")
                    .subscriber(handler -> {
                        Ipc.Link link = ipc.open();
                        link.onMessage(m -> handler.event(m.topic(), m.revision(), m.epoch()));
                        link.onReopen(handler::reconnected);
                        return CompletableFuture.completedFuture(link::close);
                    })
                    .provider(SnapshotProvider.blocking(
                            request -> {
                                Ipc.Reply reply = ipc.fetch(request.topic());
                                return SnapshotEnvelope.parse(
                                        reply.revision(), reply.epoch(), Settings.parse(reply.json()));
                            },
                            executor))
                    .applier(snapshot -> current.set(snapshot.data()))
                    .onError(error -> log.warn("{}", error))
                    .build());

            sync.start().join(); // subscribed, pulled, applied
            sync.awaitRevision(ipc.save("dark")).join(); // what was just written can be read
            // end
            assertThat(current.get()).isEqualTo(new Settings("dark"));
            sync.close();
        } finally {
            executor.shutdown();
        }
    }
}
