package io.statesync.jms;

import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.Backoff;
import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.Startup;
import io.statesync.StateSync;
import io.statesync.SyncError;
import io.statesync.SyncListener;
import io.statesync.SyncPhase;
import io.statesync.jackson.JacksonCodec;
import io.statesync.source.RevisionedStore;
import jakarta.jms.ConnectionFactory;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** An engine over a client of its own. */
final class Follower implements AutoCloseable {
    private static final Backoff QUICK = Backoff.exponential(Duration.ofMillis(20), 2, Duration.ofSeconds(1));

    final JmsStateClient client;
    final RevisionSync<String> engine;
    final List<SyncError> errors = new CopyOnWriteArrayList<>();
    private volatile String state = "";

    Follower(ConnectionFactory factory, String topic) {
        this(JmsStateClient.builder(factory).backoff(QUICK).build(), topic);
    }

    Follower(JmsStateClient client, String topic) {
        this(client, topic, Duration.ofSeconds(2));
    }

    Follower(JmsStateClient client, String topic, Duration pullTimeout) {
        this.client = client;
        engine = StateSync.createRevisionSync(RevisionSyncOptions.<String>builder(topic)
                .source(client.topic(topic, JacksonCodec.json(String.class)))
                .applier(snapshot -> state = snapshot.data())
                .startup(Startup.KEEP_TRYING)
                .pullTimeout(pullTimeout)
                .catchUp(QUICK)
                .listener(new SyncListener<String>() {
                    @Override
                    public void onError(SyncError error) {
                        errors.add(error);
                    }
                })
                .build());
        var unused = engine.start();
    }

    String state() {
        return state;
    }

    void assertAt(RevisionedStore<String> store) {
        assertThat(engine.localVersion()).isEqualTo(store.version());
        assertThat(state).isEqualTo(store.get());
        assertThat(errors).noneMatch(error -> error.phase() == SyncPhase.PROTOCOL);
    }

    @Override
    public void close() {
        engine.close();
        client.close();
    }
}
