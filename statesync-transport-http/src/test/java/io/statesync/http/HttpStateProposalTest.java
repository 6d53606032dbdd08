package io.statesync.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.statesync.NotSentException;
import io.statesync.Proposal;
import io.statesync.Revision;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateCodec;
import io.statesync.StateVersion;
import io.statesync.WriteResult;
import io.statesync.jackson.JacksonCodec;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(300)
class HttpStateProposalTest {
    private static final StateVersion BASE = StateVersion.ofUnsigned(7, 41);

    private ScriptedServer server;
    private HttpStateClient client;

    @BeforeEach
    void start() throws IOException {
        server = new ScriptedServer();
        client = HttpStateClient.to(server.base());
    }

    @AfterEach
    void stop() throws IOException {
        client.close();
        server.close();
    }

    private void answer(int status, String body) {
        server.on("POST /proposals", (request, to) -> to.reply(status, body));
    }

    private WriteResult<String> propose(Proposal<String> proposal) throws Exception {
        return propose(JacksonCodec.json(String.class), proposal);
    }

    private WriteResult<String> propose(StateCodec<String> codec, Proposal<String> proposal) throws Exception {
        return client.topic("a\"b", codec)
                .proposer()
                .propose(proposal)
                .<WriteResult<String>>thenApply(result -> result)
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS);
    }

    @Test
    void aProposalIsSentWithAllThatItSays() throws Exception {
        answer(200, "{\"revision\":\"42\",\"epoch\":\"8\"}");
        assertThat(propose(new Proposal<>(BASE, "x", "me", "p1")))
                .isEqualTo(new WriteResult.Accepted<>(StateVersion.ofUnsigned(8, 42)));
        assertThat(server.requests("POST /proposals").get(0).body())
                .isEqualTo("{\"topic\":\"a\\\"b\",\"baseRevision\":\"41\",\"baseEpoch\":\"7\",\"sourceId\":\"me\","
                        + "\"proposalId\":\"p1\",\"data\":\"x\"}");
        propose(Proposal.of(null, "x"));
        assertThat(server.requests("POST /proposals").get(1).body()).isEqualTo("{\"topic\":\"a\\\"b\",\"data\":\"x\"}");
    }

    @Test
    void withoutAnEpochTheBasesIsMeant() throws Exception {
        answer(200, "{\"revision\":\"42\"}");
        assertThat(propose(Proposal.of(BASE, "x")))
                .isEqualTo(new WriteResult.Accepted<>(StateVersion.ofUnsigned(7, 42)));
        assertThat(propose(Proposal.of(null, "x")))
                .isEqualTo(new WriteResult.Accepted<>(StateVersion.ofUnsigned(0, 42)));
    }

    @Test
    void aConflictBringsTheSnapshot() throws Exception {
        answer(409, "{\"revision\":\"45\",\"epoch\":\"7\",\"data\":\"theirs\"}");
        assertThat(propose(Proposal.of(BASE, "x")))
                .isEqualTo(
                        new WriteResult.Conflict<>(new SnapshotEnvelope<>(Revision.of(45), Revision.of(7), "theirs")));
    }

    @Test
    void whatIsNotValidIsRejectedWithTheReason() throws Exception {
        answer(422, "{\"type\":\"urn:statesync:rejected\",\"detail\":\"too long\"}");
        assertThat(propose(Proposal.of(BASE, "x"))).isEqualTo(new WriteResult.Rejected<>("too long"));
    }

    @ParameterizedTest
    @CsvSource({"404,no-such-topic", "403,not-allowed", "400,bad-request", "413,too-large"})
    void whatTheServerWillNeverTakeIsRejectedNamingTopicAndStatus(int status, String type) throws Exception {
        answer(status, "{\"type\":\"urn:statesync:" + type + "\",\"detail\":\"why\"}");
        assertThat(propose(Proposal.of(BASE, "x")))
                .isEqualTo(new WriteResult.Rejected<>("topic \"a\"b\", status " + status + ": why"));
    }

    @ParameterizedTest
    @ValueSource(ints = {401, 404, 429})
    void whatAProxyTurnsAwayWasNotSent(int status) throws Exception {
        answer(status, "<html>");
        assertThatThrownBy(() -> propose(Proposal.of(BASE, "x")))
                .cause()
                .isInstanceOf(NotSentException.class)
                .hasMessageContaining("status " + status);
    }

    /** Else a write would wait for ever for credentials that nobody gives. */
    @Test
    void whoSendsNoCredentialsIsToldThatTheServerWantsSome() throws Exception {
        answer(401, "{\"type\":\"urn:statesync:unauthenticated\",\"detail\":\"say who you are\"}");
        assertThat(propose(Proposal.of(BASE, "x")))
                .isEqualTo(new WriteResult.Rejected<>("topic \"a\"b\", status 401: say who you are;"
                        + " the client sends no credentials: give it headers"));
    }

    @ParameterizedTest
    @ValueSource(ints = {500, 502, 503, 504})
    void otherwiseTheOutcomeIsUnknown(int status) throws Exception {
        answer(status, "{\"type\":\"urn:statesync:unknown-outcome\"}");
        assertThat(propose(Proposal.of(BASE, "x")))
                .isInstanceOfSatisfying(
                        WriteResult.Unknown.class,
                        unknown -> assertThat(unknown.cause()).hasMessageContaining("status " + status));
    }

    @Test
    void anAnswerThatCannotBeReadIsAFailedStage() throws Exception {
        answer(200, "<html>");
        assertThatThrownBy(() -> propose(Proposal.of(BASE, "x")))
                .isInstanceOf(ExecutionException.class)
                .cause()
                .isNotInstanceOf(NotSentException.class);
        server.on("POST /proposals", (request, to) -> to.cut());
        assertThatThrownBy(() -> propose(Proposal.of(BASE, "x"))).cause().isInstanceOf(IOException.class);
    }

    @Test
    void aRefusedConnectionIsKnownNotToHaveSent() throws Exception {
        try (Socket nobody = new Socket()) {
            nobody.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)); // and does not listen
            client.close();
            client = HttpStateClient.to(URI.create("http://127.0.0.1:" + nobody.getLocalPort()));
            assertThatThrownBy(() -> propose(Proposal.of(BASE, "x"))).cause().isInstanceOf(NotSentException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "nonsense", "1,\"topic\":\"other\"", "1,\"extra\":2", "1}"})
    void aCodecThatMakesNoJsonValueCanChangeNothing(String made) throws Exception {
        StateCodec<String> codec = new StateCodec<>() {
            @Override
            public String name() {
                return "odd";
            }

            @Override
            public byte[] encode(String state) {
                return made.getBytes(StandardCharsets.UTF_8);
            }

            @Override
            public String decode(byte[] bytes) {
                return "";
            }
        };
        assertThat(propose(codec, Proposal.of(BASE, "x")))
                .isInstanceOfSatisfying(
                        WriteResult.Rejected.class,
                        rejected -> assertThat(rejected.reason()).contains("no JSON"));
        assertThat(server.server.requests).isEmpty();
    }
}
