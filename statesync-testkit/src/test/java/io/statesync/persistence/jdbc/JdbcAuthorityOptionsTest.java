package io.statesync.persistence.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

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
import io.statesync.jackson.JacksonCodec;
import io.statesync.source.Authority;
import io.statesync.testkit.RecordingHandler;
import io.statesync.testkit.RecordingHandler.Kind;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What an authority in a database does besides, on one of them. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class JdbcAuthorityOptionsTest {
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

    private static JdbcAuthority.Builder<String> onH2(TestPool pool) {
        return JdbcAuthority.<String>builder(TOPIC, pool.source(), CODEC);
    }

    @Test
    void looksOnlyWhileThereIsASubscription() throws Exception {
        try (TestPool pool = new TestPool(TestDatabase.H2.empty())) {
            JdbcAuthority<String> authority =
                    onH2(pool).pollInterval(Duration.ofMillis(1)).build(() -> "x");
            RecordingHandler handler = new RecordingHandler();
            Subscription subscription = get(authority.subscriber().subscribe(handler));
            Subscription second = get(authority.subscriber().subscribe(handler));
            second.close();
            await().atMost(PATIENCE).until(() -> pool.taken() > 5);
            subscription.close();
            await().atMost(PATIENCE).until(() -> pool.lent() == 0);
            int taken = pool.taken();
            Subscription again = get(authority.subscriber().subscribe(handler));
            await().atMost(PATIENCE).until(() -> pool.taken() > taken + 1);
            again.close();
            await().atMost(PATIENCE).until(() -> pool.lent() == 0);
        }
    }

    @Test
    void hearsOfAWriteThatTheOtherSubscriberIsNotToldOf() throws Exception {
        try (TestPool pool = new TestPool(TestDatabase.H2.empty())) {
            JdbcAuthority<String> deaf = onH2(pool)
                    .alsoHear(handler -> CompletableFuture.completedFuture(() -> {}))
                    .pollInterval(Duration.ofMillis(5))
                    .build(() -> "x");
            RecordingHandler handler = new RecordingHandler();
            Subscription subscription = get(deaf.subscriber().subscribe(handler));
            StateVersion version = accepted(propose(onH2(pool).build(() -> "x"), null, "y", null));
            assertThat(handler.awaitCalls(
                            calls -> calls.stream().anyMatch(call -> call.tellsOf(TOPIC, version)), PATIENCE))
                    .isTrue();
            subscription.close();
            await().atMost(PATIENCE).until(() -> pool.lent() == 0);
        }
    }

    @Test
    void looksSlowlyBesideAnotherSubscriberUnlessItIsToldHowOften() throws Exception {
        try (TestPool pool = new TestPool(TestDatabase.H2.empty())) {
            assertThat(onH2(pool).pollInterval()).isEqualTo(Duration.ofSeconds(1));
            JdbcAuthority.Builder<String> hearing =
                    onH2(pool).alsoHear(handler -> CompletableFuture.completedFuture(() -> {}));
            assertThat(hearing.pollInterval()).isEqualTo(Duration.ofSeconds(30));
            assertThat(hearing.pollInterval(Duration.ofDays(1)).pollInterval()).isEqualTo(Duration.ofDays(1));
        }
    }

    @Test
    void tellsThatItCannotLookAndThatItCanAgain() throws Exception {
        try (TestPool pool = new TestPool(TestDatabase.H2.empty())) {
            JdbcAuthority<String> authority =
                    onH2(pool).pollInterval(Duration.ofMillis(5)).build(() -> "x");
            RecordingHandler handler = new RecordingHandler();
            Subscription subscription = get(authority.subscriber().subscribe(handler));
            pool.failAll(true);
            assertThat(handler.awaitCalls(
                            calls -> calls.stream().anyMatch(call -> call.kind() == Kind.DISCONNECTED), PATIENCE))
                    .isTrue();
            pool.failAll(false);
            assertThat(handler.awaitCalls(
                            calls -> calls.stream().anyMatch(call -> call.kind() == Kind.RECONNECTED), PATIENCE))
                    .isTrue();
            assertThat(handler.count(Kind.DISCONNECTED)).isEqualTo(1);
            subscription.close();
            await().atMost(PATIENCE).until(() -> pool.lent() == 0);
        }
    }

    @Test
    void refusesWhatItsCodecCannotReadAgain() throws Exception {
        try (TestPool pool = new TestPool(TestDatabase.H2.empty())) {
            StateCodec<String> forgetful = new StateCodec<>() {
                @Override
                public String name() {
                    return "json";
                }

                @Override
                public byte[] encode(String state) {
                    return state.equals("good") ? new byte[1] : new byte[0];
                }

                @Override
                public String decode(byte[] bytes) throws IOException {
                    if (bytes.length == 0) {
                        throw new IOException("nothing there");
                    }
                    return "good";
                }
            };
            JdbcAuthority<String> authority =
                    JdbcAuthority.builder(TOPIC, pool.source(), forgetful).build(() -> "good");
            assertThat(propose(authority, null, "bad", null)).isEqualTo(new Rejected<String>("nothing there"));
            assertThat(get(authority.snapshot()).data()).isEqualTo("good");
        }
    }

    @Test
    void failsWhenItsExecutorRefuses() throws Exception {
        try (TestPool pool = new TestPool(TestDatabase.H2.empty())) {
            JdbcAuthority<String> authority = onH2(pool)
                    .executor(task -> {
                        throw new RejectedExecutionException("shut down");
                    })
                    .build(() -> "x");
            assertThatThrownBy(() -> propose(authority, null, "y", null))
                    .hasCauseInstanceOf(NotSentException.class)
                    .hasRootCauseMessage("shut down");
            assertThatThrownBy(() -> get(authority.snapshot())).hasCauseInstanceOf(RejectedExecutionException.class);
        }
    }

    @Test
    void givesWhatAnUpdateThrows() throws Exception {
        try (TestPool pool = new TestPool(TestDatabase.H2.empty())) {
            JdbcAuthority<String> authority = onH2(pool).build(() -> "x");
            assertThatThrownBy(() -> get(authority.update(state -> {
                        throw new IllegalStateException("no");
                    })))
                    .hasCauseInstanceOf(IllegalStateException.class);
            assertThat(get(authority.update(state -> state + "y")).isAccepted()).isTrue();
            assertThat(get(authority.snapshot()).data()).isEqualTo("xy");
        }
    }

    @Test
    void saysWhyAnUpdateCouldNotReadTheStateAndNothingOfTheState() throws Exception {
        try (TestPool pool = new TestPool(TestDatabase.H2.empty())) {
            JdbcAuthority<String> authority = onH2(pool).build(() -> "TOPSECRET");
            assertThat(get(authority.snapshot()).data()).isEqualTo("TOPSECRET");
            JdbcAuthority<Integer> another = JdbcAuthority.builder(
                            TOPIC, pool.source(), JacksonCodec.json(Integer.class))
                    .build(() -> 0);
            assertThatThrownBy(() -> get(another.update(state -> state + 1)))
                    .cause()
                    .isInstanceOf(NotSentException.class)
                    .hasMessageStartingWith("the state could not be read: topic count \\ud83d\\u0000: ")
                    .hasMessageContaining("the bytes are not json of ")
                    .hasMessageNotContaining("TOPSECRET");
            pool.failAll(true);
            assertThatThrownBy(() -> get(authority.update(state -> state)))
                    .cause()
                    .isInstanceOf(NotSentException.class)
                    .hasMessageContaining("\\u0000: made to fail at ");
        }
    }

    @Test
    void takesOverWhatAJournalWrote() throws Exception {
        try (TestPool pool = new TestPool(TestDatabase.H2.empty())) {
            StateVersion version = StateVersion.of(Revision.of(7));
            JdbcJournal.of(TOPIC, pool.source(), CODEC).commit(null, SnapshotEnvelope.of(version, "old"), "p");
            JdbcAuthority<String> authority = onH2(pool).build(() -> "x");
            assertThat(propose(authority, version, "ignored", "p")).isEqualTo(new Accepted<String>(version));
            assertThat(propose(authority, StateVersion.of(Revision.of(6)), "new", null))
                    .isInstanceOf(Conflict.class);
            assertThat(accepted(propose(authority, version, "new", null))).isEqualTo(StateVersion.of(Revision.of(8)));
        }
    }

    @Test
    void refusesBadOptions() {
        assertThatThrownBy(() -> JdbcAuthority.builder(" ", TestDatabase.H2.empty(), CODEC))
                .isInstanceOf(IllegalArgumentException.class);
        JdbcAuthority.Builder<String> builder = JdbcAuthority.builder(TOPIC, TestDatabase.H2.empty(), CODEC);
        assertThatThrownBy(() -> builder.proposalWindow(-1)).hasMessage("proposalWindow must not be negative: -1");
        assertThatThrownBy(() -> builder.pollInterval(Duration.ZERO))
                .hasMessage("pollInterval must be longer than zero: PT0S");
        assertThatThrownBy(() -> builder.notifyChannel("")).hasMessageContaining("notifyChannel");
    }
}
