package io.statesync.persistence.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.statesync.NotModified;
import io.statesync.NotSentException;
import io.statesync.Proposal;
import io.statesync.Revision;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateCodec;
import io.statesync.StateVersion;
import io.statesync.Subscription;
import io.statesync.WriteResult;
import io.statesync.WriteResult.Accepted;
import io.statesync.WriteResult.Conflict;
import io.statesync.WriteResult.Rejected;
import io.statesync.WriteResult.Unknown;
import io.statesync.jackson.JacksonCodec;
import io.statesync.source.Authority;
import io.statesync.source.internal.Versions;
import io.statesync.testkit.AuthorityContract;
import io.statesync.testkit.FakePullRequest;
import io.statesync.testkit.RecordingHandler;
import io.statesync.testkit.RecordingHandler.Kind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A database as an authority keeps the authority's contract, on each of the databases. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class JdbcAuthorityTest {
    private static final String TOPIC = "count \uD83D\u0000";
    private static final StateCodec<String> CODEC = JacksonCodec.json(String.class);
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static <R> R get(CompletionStage<R> stage) {
        return stage.toCompletableFuture().join();
    }

    private static WriteResult<String> propose(
            Authority<String> authority, @Nullable StateVersion base, String value, @Nullable String id) {
        return get(authority.propose(new Proposal<>(base, value, "test", id)));
    }

    private static StateVersion accepted(WriteResult<String> answer) {
        assertThat(answer).isInstanceOf(Accepted.class);
        return ((Accepted<String>) answer).version();
    }

    private static StateVersion version(Authority<String> authority) {
        return Versions.of(get(authority.snapshot()));
    }

    /** What holds on any. */
    @Nested
    @ParameterizedClass
    @EnumSource(TestDatabase.class)
    class OnADatabase extends AuthorityContract<String> {
        private final DataSource database;
        private final List<TestPool> pools = new ArrayList<>();

        OnADatabase(TestDatabase kind) {
            database = kind.empty();
        }

        private TestPool pool() {
            TestPool pool = new TestPool(database);
            pools.add(pool);
            return pool;
        }

        private JdbcAuthority.Builder<String> builder(TestPool pool) {
            return JdbcAuthority.<String>builder(TOPIC, pool.source(), CODEC);
        }

        /** As another process has it. */
        private JdbcAuthority<String> another() {
            return builder(pool()).build(() -> data(0));
        }

        @AfterEach
        void close() throws Exception {
            for (TestPool pool : pools) {
                pool.close();
            }
        }

        @Override
        protected Authority<String> createAuthority() {
            return another();
        }

        @Override
        protected String data(int n) {
            return "state " + n;
        }

        @Test
        void losesNoWriteOfSeveralProcesses() throws Exception {
            int processes = 3;
            int each = 8;
            ExecutorService threads = Executors.newFixedThreadPool(2 * processes);
            List<Future<List<StateVersion>>> writes = new ArrayList<>();
            try {
                for (int process = 0; process < processes; process++) {
                    JdbcAuthority<String> authority = builder(pool()).build(() -> "");
                    String name = "<" + process;
                    writes.add(threads.submit(() -> updates(authority, name + "u", each)));
                    writes.add(threads.submit(() -> proposals(authority, name + "p", each)));
                }
                List<StateVersion> versions = new ArrayList<>();
                for (Future<List<StateVersion>> write : writes) {
                    List<StateVersion> own = write.get(100, TimeUnit.SECONDS);
                    assertThat(own).hasSize(each).isSorted();
                    versions.addAll(own);
                }
                String state = get(another().snapshot()).data();
                List<StateVersion> expected = new ArrayList<>();
                StateVersion last = version(another());
                for (long revision = 2; revision <= last.revision().bits(); revision++) {
                    expected.add(StateVersion.of(last.epoch(), Revision.of(revision)));
                }
                assertThat(versions).containsExactlyInAnyOrderElementsOf(expected);
                assertThat(state.split("<"))
                        .as("each write once, and an empty first part")
                        .hasSize(2 * processes * each + 1)
                        .doesNotHaveDuplicates();
            } finally {
                threads.shutdownNow();
            }
        }

        private static List<StateVersion> updates(JdbcAuthority<String> authority, String name, int count) {
            List<StateVersion> versions = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                String mark = name + i;
                versions.add(accepted(get(authority.update(state -> state + mark))));
            }
            return versions;
        }

        /** Asks twice under each id, the second time elsewhere. */
        private List<StateVersion> proposals(JdbcAuthority<String> authority, String name, int count) {
            List<StateVersion> versions = new ArrayList<>();
            while (versions.size() < count) {
                String mark = name + versions.size();
                SnapshotEnvelope<String> now = get(authority.snapshot());
                StateVersion base = Versions.of(now);
                WriteResult<String> answer = propose(authority, base, now.data() + mark, mark);
                if (answer.isAccepted()) {
                    versions.add(accepted(answer));
                    assertThat(propose(authority, base, now.data() + mark, mark))
                            .isEqualTo(answer);
                }
            }
            return versions;
        }

        @Test
        void answersAnIdAlikeFromEveryProcess() {
            JdbcAuthority<String> one = another();
            JdbcAuthority<String> two = builder(pool())
                    .validator(value -> {
                        throw new IllegalArgumentException("not \u00fc");
                    })
                    .build(() -> data(0));
            StateVersion base = version(one);
            WriteResult<String> taken = propose(one, base, data(1), "a\u0000\uD83D");
            assertThat(propose(two, base, data(1), "a\u0000\uD83D")).isEqualTo(taken);
            StateVersion now = accepted(taken);
            assertThat(propose(two, now, data(2), "b")).isEqualTo(new Rejected<String>("not \u00fc"));
            assertThat(propose(one, now, data(2), "b")).isEqualTo(new Rejected<String>("not \u00fc"));
            assertThat(propose(one, now, data(2), "c").isAccepted()).isTrue();
            assertThat(propose(two, null, data(3), null)).isEqualTo(new Rejected<String>("not \u00fc"));
        }

        @Test
        void forgetsAnswersBeyondItsWindow() {
            JdbcAuthority<String> authority = builder(pool()).proposalWindow(2).build(() -> data(0));
            StateVersion first = accepted(propose(authority, null, data(1), "a"));
            propose(authority, null, data(2), "b");
            propose(authority, null, data(3), null);
            assertThat(propose(authority, null, data(1), "a")).isEqualTo(new Accepted<String>(first));
            propose(authority, null, data(4), "c");
            assertThat(accepted(propose(authority, null, data(5), "a"))).isGreaterThan(first);
        }

        @ParameterizedTest
        @EnumSource(TestPool.Fault.class)
        void saysWhetherItWroteWhereverTheDatabaseFails(TestPool.Fault fault) throws Exception {
            TestPool pool = pool();
            JdbcAuthority<String> authority = builder(pool).build(() -> data(0));
            JdbcAuthority<String> other = another();
            StateVersion last = version(other);
            assertThat(version(authority)).isEqualTo(last);
            int call = 1;
            for (boolean failed = true; failed; call++) {
                String id = "id" + call;
                pool.fail(call, fault);
                CompletionStage<WriteResult<String>> stage =
                        authority.propose(new Proposal<>(call % 2 == 0 ? null : last, data(call), null, id));
                StateVersion first = outcome(stage);
                failed = pool.heal();
                StateVersion now = version(other);
                assertThat(now.revision().bits() - last.revision().bits())
                        .as("call %s", call)
                        .isBetween(0L, 1L);
                if (first == null) {
                    assertThat(failed).isTrue();
                    assertThat(now).as("call %s", call).isEqualTo(last);
                }
                WriteResult<String> again = propose(other, last, data(call), id);
                assertThat(accepted(again).revision()).isEqualTo(last.revision().next());
                assertThat(version(authority)).isEqualTo(accepted(again));
                assertThat(get(authority.snapshot()).data()).isEqualTo(data(call));
                assertThat(pools).allSatisfy(each -> assertThat(each.lent()).isZero());
                last = accepted(again);
            }
            assertThat(call).as("calls of a proposal").isGreaterThan(15);
        }

        /** Null if nothing was written; the version that was, or one of nothing if that is not known. */
        private static @Nullable StateVersion outcome(CompletionStage<WriteResult<String>> stage) {
            try {
                WriteResult<String> answer = get(stage);
                if (answer instanceof Unknown<String> unknown) {
                    assertThat(unknown.cause()).isInstanceOf(CommitInDoubtException.class);
                    return StateVersion.of(Revision.ZERO);
                }
                return accepted(answer);
            } catch (CompletionException e) {
                assertThat(e).hasCauseInstanceOf(NotSentException.class);
                return null;
            }
        }

        @Test
        void staysInDoubtUntilTheDatabaseTells() throws Exception {
            TestPool pool = pool();
            JdbcAuthority<String> authority = builder(pool).build(() -> data(0));
            StateVersion base = version(authority);
            pool.fail("commit", TestPool.Fault.DEAD_AFTER);
            assertThat(propose(authority, base, data(2), "lost")).isInstanceOf(Unknown.class);
            pool.heal();
            pool.fail(1, TestPool.Fault.REFUSED);
            assertThat(propose(authority, base, data(2), "lost"))
                    .as("a failure that is certain by itself does not settle the one before")
                    .isInstanceOf(Unknown.class);
            pool.heal();
            StateVersion written = StateVersion.of(base.epoch(), base.revision().next());
            assertThat(propose(authority, base, data(2), "lost")).isEqualTo(new Accepted<String>(written));
            assertThat(version(authority)).isEqualTo(written);
        }

        @Test
        void countsOnInANewEpochAfterTheHighestRevision() throws Exception {
            JdbcAuthority<String> authority = another();
            StateVersion first = version(authority);
            TestDatabase.execute(
                    database, "UPDATE statesync_state SET revision = " + Unsigned.toColumn(Revision.MAX.bits()));
            StateVersion next = accepted(propose(authority, null, data(1), "a"));
            assertThat(next.epoch()).isGreaterThan(first.epoch());
            assertThat(next.revision()).isEqualTo(Revision.of(1));
            assertThat(accepted(propose(authority, next, data(2), "b")).revision())
                    .isEqualTo(Revision.of(2));
        }

        /** The answers are counted beside the state, so that one that is not shown yet is missed; here for ever. */
        @Test
        void answersAConflictAlthoughSomebodyRemovedTheAnswersThatAreCounted() throws Exception {
            JdbcAuthority<String> authority = another();
            StateVersion base = version(authority);
            StateVersion first = accepted(propose(authority, base, data(1), "a"));
            TestDatabase.execute(database, "DELETE FROM statesync_proposal");
            assertThat(propose(authority, base, data(2), "b")).isInstanceOf(Conflict.class);
            assertThat(accepted(propose(authority, first, data(2), "b")).revision())
                    .isEqualTo(first.revision().next());
            assertThat(propose(authority, first, data(3), "c")).isInstanceOf(Conflict.class);
        }

        @Test
        void hearsOfAnotherProcesssWritesByLooking() throws Exception {
            JdbcAuthority<String> authority =
                    builder(pool()).pollInterval(Duration.ofMillis(20)).build(() -> data(0));
            RecordingHandler handler = new RecordingHandler();
            Subscription subscription = get(authority.subscriber().subscribe(handler));
            for (int n = 1; n <= 3; n++) {
                StateVersion written = accepted(propose(another(), null, data(n), null));
                assertThat(handler.awaitCalls(
                                calls -> calls.stream().anyMatch(call -> call.tellsOf(TOPIC, written)), PATIENCE))
                        .isTrue();
            }
            assertThat(handler.count(Kind.MALFORMED)).isZero();
            subscription.close();
        }

        @Test
        void saysNotModifiedToWhoHoldsTheVersionAndGivesTheStateToOthers() throws Exception {
            JdbcAuthority<String> authority = another();
            StateVersion now = version(authority);
            FakePullRequest request = FakePullRequest.of(TOPIC);
            assertThat(get(authority.provider().getSnapshot(request.holding(now))))
                    .isInstanceOf(NotModified.class);
            StateVersion later = StateVersion.of(now.epoch(), Revision.of(99));
            assertThat(get(authority.provider().getSnapshot(request.holding(later))))
                    .as("the source has lost its count: whoever holds more has to hear it")
                    .isEqualTo(get(authority.snapshot()));
            assertThatThrownBy(() -> authority.provider().getSnapshot(FakePullRequest.of("other")))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }
}
