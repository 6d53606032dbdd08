package io.statesync.persistence.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.statesync.persistence.DamagedEntryException;
import io.statesync.persistence.SnapshotStorage;
import io.statesync.persistence.SnapshotStorage.Generation;
import io.statesync.persistence.StorageFullException;
import io.statesync.persistence.StoredSnapshot;
import io.statesync.testkit.SnapshotStorageContract;
import io.statesync.testkit.StoredSnapshots;
import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A storage in a database keeps the storage's contract, on each of the databases. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class JdbcStorageTest {
    private static final String TOPIC = "settings";

    /** What holds on any. */
    @Nested
    @ParameterizedClass
    @EnumSource(TestDatabase.class)
    class OnADatabase extends SnapshotStorageContract {
        private final DataSource database;
        private final List<TestPool> pools = new ArrayList<>();

        OnADatabase(TestDatabase kind) {
            database = kind.empty();
        }

        private TestPool pool(boolean autoCommit) {
            TestPool pool = new TestPool(database, autoCommit);
            pools.add(pool);
            return pool;
        }

        private DataSource source() {
            return pool(true).source();
        }

        @AfterEach
        void close() throws SQLException {
            for (TestPool pool : pools) {
                pool.close();
            }
        }

        @Override
        protected SnapshotStorage create() {
            return JdbcStorage.in(source());
        }

        @Override
        protected SnapshotStorage reopen(SnapshotStorage storage) {
            return JdbcStorage.in(source());
        }

        @Test
        void endsAtTheHighestVersionOfProcessesThatMakeTheTableAtOnce() throws Exception {
            int savers = 6;
            ExecutorService threads = Executors.newFixedThreadPool(savers);
            try {
                CyclicBarrier start = new CyclicBarrier(savers);
                List<Future<List<Long>>> saved = new ArrayList<>();
                for (int saver = 0; saver < savers; saver++) {
                    SnapshotStorage storage = JdbcStorage.in(source());
                    int offset = saver;
                    saved.add(threads.submit(() -> {
                        start.await(30, TimeUnit.SECONDS);
                        List<Long> kept = new ArrayList<>();
                        for (long revision = offset; revision < 60; revision += savers) {
                            if (storage.save(TOPIC, StoredSnapshots.at(revision))) {
                                kept.add(revision);
                            }
                        }
                        return kept;
                    }));
                }
                List<Long> kept = new ArrayList<>();
                for (Future<List<Long>> each : saved) {
                    kept.addAll(each.get(60, TimeUnit.SECONDS));
                }
                kept.sort(null);
                List<Long> last = kept.subList(kept.size() - 2, kept.size());
                assertThat(StoredSnapshots.revisions(create(), TOPIC)).containsExactly(59L, last.get(0));
            } finally {
                threads.shutdownNow();
            }
        }

        @ParameterizedTest
        @EnumSource(TestPool.Fault.class)
        void hasTheOldSnapshotOrTheNewOneWhereverASaveFails(TestPool.Fault fault) throws Exception {
            failAtEachCall(pool(true), fault);
        }

        @Test
        void givesBackConnectionsThatCameWithoutAutoCommitAsTheyCame() throws Exception {
            failAtEachCall(pool(false), TestPool.Fault.REFUSED);
        }

        private void failAtEachCall(TestPool pool, TestPool.Fault fault) throws Exception {
            JdbcStorage storage =
                    JdbcStorage.builder(pool.source()).maxBytes(1_000_000).build();
            storage.save(TOPIC, StoredSnapshots.at(1));
            int call = 1;
            for (boolean failed = true; failed; call++) {
                long old = 2L * call;
                storage.save(TOPIC, StoredSnapshots.at(old));
                List<Long> before = StoredSnapshots.revisions(storage, TOPIC);
                pool.fail(call, fault);
                boolean kept = saves(storage, StoredSnapshots.at(old + 1));
                failed = pool.heal();
                assertThat(kept || failed).as("call %s", call).isTrue();
                assertOldOrNew(storage, before, old + 1, kept);
                assertThat(pool.lent()).as("call %s", call).isZero();
            }
            assertThat(call).as("calls of a save").isGreaterThan(10);
        }

        /** Whether it was kept; it may have been if this is false. */
        private static boolean saves(SnapshotStorage storage, StoredSnapshot snapshot) {
            try {
                assertThat(storage.save(TOPIC, snapshot)).isTrue();
                return true;
            } catch (IOException e) {
                return false;
            }
        }

        private static void assertOldOrNew(SnapshotStorage storage, List<Long> before, long revision, boolean kept)
                throws Exception {
            List<Long> after = List.of(revision, revision - 1);
            List<Long> revisions = new ArrayList<>();
            for (Generation generation : storage.load(TOPIC)) {
                StoredSnapshot snapshot = generation.read();
                StoredSnapshots.assertSame(
                        snapshot, StoredSnapshots.at(snapshot.metadata().version()));
                revisions.add(StoredSnapshots.revision(snapshot));
            }
            assertThat(revisions).isIn(kept ? List.of(after) : List.of(before, after));
        }

        @ParameterizedTest
        @EnumSource(
                value = TestPool.Fault.class,
                names = {"REFUSED", "DEAD_AFTER"})
        void isUsableAfterAFirstUseThatFailed(TestPool.Fault fault) throws Exception {
            TestPool pool = pool(true);
            int call = 1;
            for (boolean failed = true; failed; call++) {
                JdbcStorage storage = JdbcStorage.builder(pool.source())
                        .tablePrefix("t" + call + "_")
                        .build();
                pool.fail(call, fault);
                boolean kept = saves(storage, StoredSnapshots.at(6));
                failed = pool.heal();
                assertThat(kept || failed).isTrue();
                assertThat(storage.save(TOPIC, StoredSnapshots.at(7))).isTrue();
                assertThat(StoredSnapshots.revisions(storage, TOPIC)).startsWith(7L);
            }
        }

        @Test
        void refusesASaveThatWouldTakeItOverItsSize() throws Exception {
            SnapshotStorage storage =
                    JdbcStorage.builder(source()).maxBytes(10_000).build();
            storage.save("another", StoredSnapshots.full(1, 4_000));
            storage.save(TOPIC, StoredSnapshots.full(1, 3_000));
            storage.save(TOPIC, StoredSnapshots.full(2, 3_000));
            assertThat(storage.save(TOPIC, StoredSnapshots.full(3, 3_000)))
                    .as("takes the place of the generation before")
                    .isTrue();
            assertThat(storage.save(TOPIC, StoredSnapshots.full(2, 9_000)))
                    .as("older: not a question of size")
                    .isFalse();
            assertThatThrownBy(() -> storage.save(TOPIC, StoredSnapshots.full(4, 3_001)))
                    .isInstanceOf(StorageFullException.class)
                    .hasMessage("a snapshot of 3001 bytes would make it 10001 in all, and maxBytes is 10000:"
                            + " table statesync_snapshot");
            assertThatThrownBy(() -> storage.save("third", StoredSnapshots.full(1, 1)))
                    .isInstanceOf(StorageFullException.class);
            assertThat(StoredSnapshots.revisions(storage, TOPIC)).containsExactly(3L, 2L);
            assertThat(storage.usage().bytes()).isEqualTo(10_000);
            assertThat(storage.usage().maxBytes()).isEqualTo(10_000);
            storage.clear("another");
            assertThat(storage.save("third", StoredSnapshots.full(1, 1))).isTrue();
        }

        @Test
        void givesADamagedPayloadAsItIs() throws Exception {
            SnapshotStorage storage = create();
            storage.save(TOPIC, StoredSnapshots.full(1, 3));
            storage.save(TOPIC, StoredSnapshots.full(2, 3));
            TestDatabase.execute(database, "UPDATE statesync_snapshot SET payload = previous_payload");
            StoredSnapshot damaged = storage.load(TOPIC).get(0).read();
            assertThat(damaged.payload()).isEqualTo(StoredSnapshots.full(1, 3).payload());
            assertThatThrownBy(damaged::verify).isInstanceOf(DamagedEntryException.class);
            storage.load(TOPIC).get(1).read().verify();
        }

        @Test
        void givesTheGenerationBeforeOneThatIsNotUnderstood() throws Exception {
            SnapshotStorage storage = create();
            storage.save(TOPIC, StoredSnapshots.at(4));
            storage.save(TOPIC, StoredSnapshots.at(5));
            for (String damage : List.of(
                    "saved_at = 'today'",
                    "schema_version = -1",
                    "stored_size = 7",
                    "time_to_live = '1 week'",
                    "plain_size = -1")) {
                TestDatabase.execute(database, "UPDATE statesync_snapshot SET " + damage);
                List<Generation> generations = storage.load(TOPIC);
                assertThatThrownBy(generations.get(0)::read).as(damage).isInstanceOf(DamagedEntryException.class);
                StoredSnapshots.assertSame(generations.get(1).read(), StoredSnapshots.at(4));
            }
            assertThat(storage.save(TOPIC, StoredSnapshots.at(6))).isTrue();
            StoredSnapshots.assertSame(storage.load(TOPIC).get(0).read(), StoredSnapshots.at(6));
        }

        @Test
        void saysThatAGenerationIsGoneThatWasClearedMeanwhile() throws Exception {
            SnapshotStorage storage = create();
            storage.save(TOPIC, StoredSnapshots.at(4));
            storage.save(TOPIC, StoredSnapshots.at(5));
            List<Generation> generations = storage.load(TOPIC);
            storage.clear(TOPIC);
            assertThatThrownBy(generations.get(0)::read)
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("cleared meanwhile");
            storage.save(TOPIC, StoredSnapshots.at(6));
            StoredSnapshots.assertSame(generations.get(0).read(), StoredSnapshots.at(6));
            assertThatThrownBy(generations.get(1)::read).isInstanceOf(IOException.class);
        }

        @Test
        void keepsStoragesOfDifferentPrefixesApart() throws Exception {
            DataSource source = source();
            JdbcStorage other =
                    JdbcStorage.builder(source).tablePrefix("Other_2").build();
            SnapshotStorage storage = JdbcStorage.in(source);
            other.save(TOPIC, StoredSnapshots.at(9));
            storage.save(TOPIC, StoredSnapshots.at(1));
            assertThat(StoredSnapshots.revisions(other, TOPIC)).containsExactly(9L);
            assertThat(other).hasToString("JdbcStorage[table=Other_2snapshot]");
        }

        @Test
        void keepsATopicsNameForPeople() throws Exception {
            create().save("caf\u00e9\u0000" + "x".repeat(10_000), StoredSnapshots.at(1));
            try (var connection = database.getConnection();
                    var statement = connection.createStatement();
                    var rows = statement.executeQuery("SELECT topic FROM statesync_snapshot")) {
                assertThat(rows.next()).isTrue();
                assertThat(rows.getString(1)).startsWith("caf\\u00e9\\u0000xxx").hasSize(120);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "1a", "a;DROP TABLE x", "a.b.c", "\"a\"", "\u00e4", ".a", "a."})
    void refusesAPrefixThatIsNoName(String prefix) {
        assertThatThrownBy(() -> JdbcStorage.builder(TestDatabase.H2.empty()).tablePrefix(prefix))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("tablePrefix must be")
                .hasMessageEndingWith(Ascii.escape(prefix));
    }

    @Test
    void refusesASizeThatIsNotPositive() {
        assertThatThrownBy(() -> JdbcStorage.builder(TestDatabase.H2.empty()).maxBytes(0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("maxBytes must be at least 1: 0");
    }

    @Test
    void takesASchemaBeforeThePrefix() throws Exception {
        DataSource source = TestDatabase.H2.empty();
        TestDatabase.execute(source, "CREATE SCHEMA place");
        JdbcStorage storage =
                JdbcStorage.builder(source).tablePrefix("place.s_").build();
        assertThat(storage.save(TOPIC, StoredSnapshots.at(1))).isTrue();
        assertThat(StoredSnapshots.revisions(storage, TOPIC)).containsExactly(1L);
    }

    @Test
    void usesATableThatItMayNotMake() throws Exception {
        var source = TestDatabase.postgres("guarded");
        JdbcStorage owner = JdbcStorage.in(source);
        owner.save(TOPIC, StoredSnapshots.at(1));
        TestDatabase.execute(
                source,
                "CREATE ROLE guest LOGIN; GRANT USAGE ON SCHEMA guarded TO guest;"
                        + " GRANT SELECT, INSERT, UPDATE ON statesync_snapshot TO guest");
        var guests = TestDatabase.postgres("guarded");
        guests.setUser("guest");
        assertThat(JdbcStorage.in(guests).save(TOPIC, StoredSnapshots.at(2))).isTrue();
        assertThat(StoredSnapshots.revisions(owner, TOPIC)).containsExactly(2L, 1L);
        JdbcStorage without = JdbcStorage.builder(guests).tablePrefix("no_").build();
        assertThatThrownBy(() -> without.load(TOPIC))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("load failed: table no_snapshot: ")
                .hasMessageContaining("\"no_snapshot\" does not exist")
                .hasMessageContaining("permission denied for schema");
        TestDatabase.execute(source, "REVOKE SELECT ON statesync_snapshot FROM guest");
        assertThatThrownBy(() -> JdbcStorage.in(guests).load(TOPIC))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("statesync_snapshot can neither be read (")
                .hasMessageContaining("permission denied for table statesync_snapshot");
    }

    @Test
    void saysThatTheDatabaseCannotBeReachedAndGoesOnWhenItCan() throws Exception {
        TestPool pool = new TestPool(TestDatabase.H2.empty());
        JdbcStorage storage = JdbcStorage.in(pool.source());
        pool.fail(1, TestPool.Fault.REFUSED);
        assertThatThrownBy(() -> storage.load(TOPIC))
                .isInstanceOf(IOException.class)
                .hasMessage("load failed: table statesync_snapshot: made to fail at getConnection");
        pool.heal();
        assertThat(storage.load(TOPIC)).isEmpty();
        pool.close();
    }
}
