package io.statesync.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.statesync.StateVersion;
import io.statesync.jackson.JacksonCodec;
import io.statesync.persistence.SnapshotStorage;
import io.statesync.persistence.jdbc.JdbcAuthority;
import io.statesync.persistence.jdbc.JdbcJournal;
import io.statesync.persistence.jdbc.JdbcStorage;
import io.statesync.persistence.jdbc.PostgresSubscriber;
import io.statesync.persistence.jdbc.TestDatabase;
import io.statesync.replica.StateReplica;
import io.statesync.source.RevisionedStore;
import io.statesync.testkit.StoredSnapshots;
import java.time.Duration;
import java.util.concurrent.Executor;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The code in docs/jdbc.md. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class JdbcSnippetsTest {
    @Test
    void theDatabaseAloneIsTheTransport() {
        DataSource dataSource = TestDatabase.POSTGRESQL.empty();
        // snippet: JdbcAuthority
        PostgresSubscriber notified = PostgresSubscriber.on(dataSource, "statesync");
        JdbcAuthority<Settings> authority = JdbcAuthority.builder(
                        "settings", dataSource, JacksonCodec.json(Settings.class))
                .notifyChannel("statesync")
                .alsoHear(notified.topic("settings"))
                .build(() -> new Settings("light"));
        StateReplica<Settings> replica = StateReplica.of("settings", authority);
        replica.start().join();
        replica.update(settings -> new Settings("dark")).join();
        // end
        PostgresSubscriber elsewhere = PostgresSubscriber.on(dataSource, "statesync");
        StateReplica<Settings> other = StateReplica.of(
                "settings",
                JdbcAuthority.builder("settings", dataSource, JacksonCodec.json(Settings.class))
                        .notifyChannel("statesync")
                        .alsoHear(elsewhere.topic("settings"))
                        .build(() -> new Settings("none")));
        other.start().join();
        assertThat(other.get()).isEqualTo(new Settings("dark"));
        other.update(settings -> new Settings(settings.theme() + "er")).join();
        await().atMost(Duration.ofSeconds(30)).until(() -> replica.get().equals(new Settings("darker")));
        replica.close();
        other.close();
        notified.close();
        elsewhere.close();
    }

    @Test
    void aDatabaseIsAStorage() throws Exception {
        DataSource dataSource = TestDatabase.SQLITE.empty();
        // snippet: JdbcStorage
        SnapshotStorage storage = JdbcStorage.builder(dataSource)
                .tablePrefix("desk_")
                .maxBytes(50_000_000)
                .build();
        // end
        assertThat(storage.save("settings", StoredSnapshots.at(1))).isTrue();
        assertThat(storage.usage().topics()).isEqualTo(1);
    }

    @Test
    void aDatabaseIsAJournal() {
        DataSource dataSource = TestDatabase.H2.empty();
        Executor executor = Runnable::run;
        StateVersion before;
        try (RevisionedStore<Settings> first = RevisionedStore.<Settings>builder("settings")
                .journal(JdbcJournal.of("settings", dataSource, JacksonCodec.json(Settings.class)), executor)
                .open(() -> new Settings("light"))) {
            before = first.set(new Settings("dark"));
        }
        // snippet: JdbcJournal
        RevisionedStore<Settings> store = RevisionedStore.<Settings>builder("settings")
                .journal(JdbcJournal.of("settings", dataSource, JacksonCodec.json(Settings.class)), executor)
                .open(() -> new Settings("light"));
        // end
        assertThat(store.get()).isEqualTo(new Settings("dark"));
        assertThat(store.version()).isEqualTo(before);
        store.close();
    }
}
