package io.statesync.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.statesync.SyncPhase;
import io.statesync.WriteResult;
import io.statesync.source.StoreRegistry;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** A server that comes back on its port, behind clients that were there before. */
@ParameterizedClass
@EnumSource
@Timeout(300)
class HttpRestartTest {
    /** What the new server knows of the old one. */
    enum Kept {
        /** Nothing: it counts from the beginning, in a new epoch. */
        NOTHING {
            @Override
            StoreRegistry registry(RecordingJournal journal) {
                return StoreRegistry.create();
            }
        },
        /** State and count. */
        COUNTER {
            @Override
            StoreRegistry registry(RecordingJournal journal) {
                return FaultySource.registry(journal, 1024);
            }
        },
        /** State and count; of events only the last. */
        COUNTER_WITH_A_SHRUNK_LOG {
            @Override
            StoreRegistry registry(RecordingJournal journal) {
                return FaultySource.registry(journal, 1);
            }
        };

        abstract StoreRegistry registry(RecordingJournal journal);
    }

    private final Kept kept;
    private final RecordingJournal journal = new RecordingJournal();
    private FaultySource source;
    private Follower pulled;
    private Follower inlined;
    private Follower replica;

    HttpRestartTest(Kept kept) {
        this.kept = kept;
    }

    @BeforeEach
    void start() throws Exception {
        source = new FaultySource(kept.registry(journal));
        pulled = source.engine(0);
        inlined = source.engine(16 * 1024);
        replica = source.replica();
        for (int i = 0; i < 5; i++) {
            source.store.set("before " + i);
        }
        source.awaitConverged();
    }

    @AfterEach
    void stop() throws Exception {
        source.close();
    }

    @Test
    void everyClientConvergesWithNoNewWrite() throws Exception {
        source.restart(kept.registry(journal));
        source.awaitConverged();
        awaitConnected();
        assertThat(pulled.heard.phases()).isSubsetOf(SyncPhase.SUBSCRIBE, SyncPhase.GET_SNAPSHOT);
        assertThat(inlined.heard.phases()).isSubsetOf(SyncPhase.SUBSCRIBE, SyncPhase.GET_SNAPSHOT);
    }

    @Test
    void everyClientConvergesToWhatWasWrittenMeanwhileAndLater() throws Exception {
        StoreRegistry registry = kept.registry(journal);
        source.stopServing();
        await().atMost(FaultySource.LIMIT).until(() -> !pulled.engine.status().connected());
        source.store.set("written while nobody served");
        source.restart(registry);
        for (int i = 0; i < 20; i++) {
            source.store.set("later " + i);
        }
        source.awaitConverged();
        awaitConnected();
        source.store.set("last");
        source.awaitConverged();
    }

    @Test
    void aWriteThatMetTheRestartHasAnOutcomeAndIsWrittenOnceAtMost() throws Exception {
        source.stopServing();
        CompletableFuture<WriteResult<String>> write = replica.replica.set("mine");
        await().atMost(FaultySource.LIMIT).until(() -> !replica.heard.replicaErrors.isEmpty());
        source.restart(kept.registry(journal));
        WriteResult<String> result = write.get(60, TimeUnit.SECONDS);
        source.awaitConverged();
        if (kept == Kept.NOTHING) {
            assertThat(result).isInstanceOf(WriteResult.Conflict.class);
            assertThat(source.store.get()).isEqualTo("at first");
        } else {
            assertThat(result).isInstanceOf(WriteResult.Accepted.class);
            assertThat(journal.written()).containsOnlyOnce("mine").endsWith("mine");
        }
    }

    private void awaitConnected() {
        await().atMost(FaultySource.LIMIT)
                .until(() -> source.followers.stream()
                        .allMatch(follower -> follower.engine.status().connected()));
    }
}
