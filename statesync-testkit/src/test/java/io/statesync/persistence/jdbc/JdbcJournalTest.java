package io.statesync.persistence.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.statesync.Proposal;
import io.statesync.Revision;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateCodec;
import io.statesync.StateVersion;
import io.statesync.WriteResult;
import io.statesync.jackson.JacksonCodec;
import io.statesync.source.RevisionedStore;
import io.statesync.source.StateJournal;
import io.statesync.testkit.StateJournalContract;
import java.io.IOException;
import java.util.Map;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A journal in a database keeps the journal's contract, on each of the databases. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class JdbcJournalTest {
    private static final String TOPIC = "count \uD83D\u0000";
    private static final StateCodec<String> CODEC = JacksonCodec.json(String.class);

    /** What holds on any. */
    @Nested
    @ParameterizedClass
    @EnumSource(TestDatabase.class)
    class OnADatabase extends StateJournalContract<String> {
        private final DataSource database;
        private final TestPool pool;
        private final DataSource source;

        private final int window;

        OnADatabase(TestDatabase kind) {
            window = kind == TestDatabase.H2 ? 1024 : 40;
            database = kind.empty();
            pool = new TestPool(database);
            source = pool.source();
        }

        @AfterEach
        void close() throws Exception {
            pool.close();
        }

        @Override
        protected StateJournal<String> createJournal() {
            return JdbcJournal.<String>builder(TOPIC, source, CODEC)
                    .window(window)
                    .build();
        }

        @Override
        protected int window() {
            return window;
        }

        @Override
        protected StateJournal<String> reopen(StateJournal<String> journal) {
            return createJournal();
        }

        @Override
        protected String data(int n) {
            return "state " + n;
        }

        @Override
        protected boolean allowsNullData() {
            return true;
        }

        private static SnapshotEnvelope<String> at(long revision) {
            return SnapshotEnvelope.of(version(revision), "state " + revision);
        }

        private static StateVersion version(long revision) {
            return StateVersion.of(Revision.of(revision));
        }

        @Test
        void keepsNoMoreIdsThanItsWindowAndReplacesOneThatComesAgain() throws Exception {
            StateJournal<String> journal =
                    JdbcJournal.<String>builder(TOPIC, source, CODEC).window(3).build();
            journal.commit(null, at(1), "a");
            journal.commit(version(1), at(2), null);
            journal.commit(version(2), at(3), "b");
            journal.commit(version(3), at(4), "c");
            journal.commit(version(4), at(5), "a");
            assertThat(journal.load().accepted())
                    .containsExactly(
                            Map.entry("b", version(3)), Map.entry("c", version(4)), Map.entry("a", version(5)));
            journal.commit(version(5), at(6), "d");
            assertThat(journal.load().accepted()).containsOnlyKeys("c", "a", "d");
        }

        @ParameterizedTest
        @EnumSource(TestPool.Fault.class)
        void storesAllOrNothingWhereverACommitFails(TestPool.Fault fault) throws Exception {
            StateJournal<String> journal = createJournal();
            journal.commit(null, at(1), "p1");
            long stored = 1;
            int call = 1;
            for (boolean failed = true; failed; call++) {
                pool.fail(call, fault);
                boolean committed = commits(journal, stored);
                failed = pool.heal();
                StateJournal.Entry<String> entry = journal.load();
                long now = entry.snapshot().revision().bits();
                assertThat(now).isIn(committed ? new Object[] {stored + 1} : new Object[] {stored, stored + 1});
                assertThat(entry.snapshot()).isEqualTo(at(now));
                assertThat(entry.accepted()).containsKey("p" + now).doesNotContainKey("p" + (now + 1));
                assertThat(pool.lent()).isZero();
                stored = now;
            }
            assertThat(call).as("calls of a commit").isGreaterThan(10);
        }

        @Test
        void storesNothingWhenNotEvenTheRollbackWorks() throws Exception {
            StateJournal<String> journal = createJournal();
            journal.commit(null, at(1), "p1");
            TestDatabase.execute(database, "ALTER TABLE statesync_proposal RENAME TO away");
            pool.fail("rollback", TestPool.Fault.REFUSED);
            assertThat(commits(journal, 1)).isFalse();
            assertThat(pool.heal()).isTrue();
            TestDatabase.execute(database, "ALTER TABLE away RENAME TO statesync_proposal");
            assertThat(journal.load().snapshot()).isEqualTo(at(1));
            assertThat(commits(journal, 1)).isTrue();
        }

        private static boolean commits(StateJournal<String> journal, long stored) {
            try {
                journal.commit(version(stored), at(stored + 1), "p" + (stored + 1));
                return true;
            } catch (Exception e) {
                return false;
            }
        }

        @Test
        void saysWhatIsStoredWhenItExpectedAnother() throws Exception {
            StateJournal<String> journal = createJournal();
            journal.commit(null, at(1), null);
            assertThatThrownBy(() -> journal.commit(version(7), at(8), null))
                    .isInstanceOf(IOException.class)
                    .hasMessage("expected version 7 in table statesync_state, which holds 1:"
                            + " another store writes to topic count \\ud83d\\u0000");
        }

        @Test
        void keepsAStoresCountAndAnswersOverARestart() throws Exception {
            try (RevisionedStore<String> store = store("first")) {
                store.set("second");
                WriteResult<String> answer = store.propose(new Proposal<>(version(2), "third", null, "id"))
                        .toCompletableFuture()
                        .join();
                assertThat(answer).isEqualTo(new WriteResult.Accepted<String>(version(3)));
            }
            try (RevisionedStore<String> store = store("none")) {
                assertThat(store.get()).isEqualTo("third");
                assertThat(store.version()).isEqualTo(version(3));
                WriteResult<String> answer = store.propose(new Proposal<>(version(2), "third", null, "id"))
                        .toCompletableFuture()
                        .join();
                assertThat(answer).isEqualTo(new WriteResult.Accepted<String>(version(3)));
            }
        }

        private RevisionedStore<String> store(String initial) {
            return RevisionedStore.<String>builder(TOPIC)
                    .journal(createJournal(), Runnable::run)
                    .open(() -> initial);
        }

        @Test
        void doesNotReadWhatAnotherCodecWrote() throws Exception {
            JdbcJournal.of(TOPIC, source, new Renamed("cbor")).commit(null, at(1), null);
            assertThatThrownBy(() -> createJournal().load())
                    .isInstanceOf(IOException.class)
                    .hasMessage("version 1 was stored by codec cbor, and is read by json");
        }
    }

    /** JSON under another name. */
    private record Renamed(String name) implements StateCodec<String> {
        @Override
        public byte[] encode(String state) throws IOException {
            return CODEC.encode(state);
        }

        @Override
        public String decode(byte[] bytes) throws IOException {
            return CODEC.decode(bytes);
        }
    }

    @Test
    void refusesANotificationWhereThereIsNone() {
        JdbcJournal<String> journal = JdbcJournal.<String>builder(TOPIC, TestDatabase.H2.empty(), CODEC)
                .notifyChannel("c")
                .build();
        assertThatThrownBy(() -> journal.commit(null, SnapshotEnvelope.of(Revision.of(1), "x"), null))
                .hasMessage("notifyChannel is for PostgreSQL alone: leave it out");
    }

    @Test
    void refusesBadOptions() {
        assertThatThrownBy(() -> JdbcJournal.builder(" ", TestDatabase.H2.empty(), CODEC))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("topic");
        JdbcJournal.Builder<String> builder = JdbcJournal.builder(TOPIC, TestDatabase.H2.empty(), CODEC);
        assertThatThrownBy(() -> builder.window(-1)).hasMessage("window must not be negative: -1");
        assertThatThrownBy(() -> builder.notifyChannel("a b"))
                .hasMessageContaining("notifyChannel")
                .hasMessageEndingWith(": a b");
        assertThatThrownBy(() -> builder.tablePrefix("a b"))
                .hasMessageContaining("tablePrefix")
                .hasMessageEndingWith(": a b");
    }
}
