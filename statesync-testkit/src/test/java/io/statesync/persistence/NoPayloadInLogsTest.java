package io.statesync.persistence;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.read.ListAppender;
import io.statesync.Revision;
import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateSync;
import io.statesync.StateVersion;
import io.statesync.jackson.JacksonCodec;
import io.statesync.jackson.internal.Redacted;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

@Timeout(60)
class NoPayloadInLogsTest {
    private static final String TOPIC = "accounts";
    private static final String SECRET = "TOPSECRET";

    private final Logger root = (Logger) LoggerFactory.getLogger("io.statesync");
    private final ListAppender<ILoggingEvent> log = new ListAppender<>();
    private final Level levelBefore = root.getLevel();

    @TempDir
    Path folder;

    record Account(int pin) {
        Account {
            if (pin < 0) {
                throw new IllegalArgumentException(SECRET + pin);
            }
        }
    }

    record Accounts(Map<String, Account> byName, List<Account> all) {}

    record Unwritable(int pin) {
        @Override
        public int pin() {
            if (pin < 0) {
                throw new IllegalStateException(SECRET + pin);
            }
            return pin;
        }
    }

    @BeforeEach
    void listen() {
        root.setLevel(Level.DEBUG);
        log.start();
        root.addAppender(log);
    }

    @AfterEach
    void stopListening() {
        root.detachAppender(log);
        root.setLevel(levelBefore);
    }

    private String logged() {
        StringBuilder out = new StringBuilder();
        List<ILoggingEvent> lines;
        synchronized (log) { // as it does itself
            lines = List.copyOf(log.list);
        }
        for (ILoggingEvent line : lines) {
            out.append(line.getFormattedMessage()).append('\n');
            if (line.getThrowableProxy() != null) {
                out.append(ThrowableProxyUtil.asString(line.getThrowableProxy()));
            }
        }
        return out.toString();
    }

    /** All that anybody could print of it. */
    private static String printed(Throwable error) {
        StringWriter out = new StringWriter();
        error.printStackTrace(new PrintWriter(out, true));
        return out.toString();
    }

    private static StateVersion version(long revision) {
        return StateVersion.of(Revision.of(revision));
    }

    private static void save(FileStorage storage, long revision, Object pin) throws IOException {
        SnapshotFormat<Map<String, Object>> format =
                SnapshotFormat.of(JacksonCodec.json(new TypeReference<Map<String, Object>>() {}));
        storage.save(TOPIC, format.write(version(revision), Map.of("pin", pin), Instant.EPOCH));
    }

    @Test
    void aCacheAndAnEngineLogNothingOfAStateThatDoesNotFit() throws Exception {
        FileStorage storage = FileStorage.in(folder);
        save(storage, 1, 1234);
        save(storage, 2, SECRET);
        PersistentCache<Account> cache = PersistentCache.in(storage, JacksonCodec.json(Account.class));
        SnapshotEnvelope<Account> loaded = cache.load(TOPIC).get(30, TimeUnit.SECONDS);
        assertThat(loaded).isEqualTo(SnapshotEnvelope.of(version(1), new Account(1234)));
        assertThat(logged())
                .contains("load failed")
                .contains("line 1, column 8")
                .contains("place=" + storage.newest(TOPIC));

        save(storage, 3, SECRET); // both are unusable now
        try (RevisionSync<Account> sync = StateSync.createRevisionSync(RevisionSyncOptions.<Account>builder(TOPIC)
                .subscriber(handler -> CompletableFuture.completedFuture(() -> {}))
                .provider(request -> CompletableFuture.completedFuture(SnapshotEnvelope.of(version(4), new Account(4))))
                .cache(cache)
                .applier(snapshot -> {})
                .build())) {
            sync.start().get(30, TimeUnit.SECONDS);
        }
        assertThat(logged())
                .contains("nothing that is kept can be used: load of the newest, " + storage.newest(TOPIC) + ",")
                .doesNotContain(SECRET);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"all\": [{\"pin\": \"TOPSECRET\"}]}",
                "{\"all\": [{\"pin\": TOPSECRET}]}",
                "{\"all\": [TOPSECRET",
                "{\"all\": \"TOPSECRET\"}",
                "\"TOPSECRET\"",
                "{\"byName\": {\"TOPSECRET\": {\"pin\": \"x\"}}}",
                "{\"TOPSECRET\": 1}",
                "{\"all\": [{\"pin\": -1}]}"
            })
    void whatCannotBeReadIsNotQuoted(String json) {
        JsonMapper strict = JsonMapper.builder()
                .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                .build();
        JacksonCodec<Accounts> codec = JacksonCodec.of(strict, new TypeReference<Accounts>() {}, "json");
        Throwable bytes = catchThrowable(() -> codec.decode(json.getBytes(UTF_8)));
        assertThat(bytes).isInstanceOf(IOException.class).hasCauseInstanceOf(Redacted.class);
        assertThat(printed(bytes)).contains("tools.jackson.").doesNotContain(SECRET);
        Throwable tree = catchThrowable(() -> codec.fromTree(codec.readTree(json.getBytes(UTF_8))));
        assertThat(printed(tree)).contains("tools.jackson.").doesNotContain(SECRET);
    }

    @Test
    void whatCannotBeReadIsToldWithItsPlace() {
        JacksonCodec<Accounts> codec = JacksonCodec.json(Accounts.class);
        String json = "{\"all\": [{\"pin\": 1},\n{\"pin\": \"TOPSECRET\"}]}";
        assertThatThrownBy(() -> codec.decode(json.getBytes(UTF_8)))
                .hasMessageContaining("the bytes are not json of ")
                .cause()
                .hasMessageContaining("InvalidFormatException, line 2, column 9, byte 29, in ")
                .hasMessageContaining("Accounts[\"all\"]")
                .hasMessageContaining("[1]")
                .hasMessageEndingWith("Account[\"pin\"]")
                .satisfies(cause ->
                        assertThat(cause.getStackTrace()[0].getClassName()).startsWith("tools.jackson."));
    }

    @Test
    void whatCannotBeWrittenIsNotQuoted() {
        JacksonCodec<Unwritable> codec = JacksonCodec.json(Unwritable.class);
        Throwable error = catchThrowable(() -> codec.encode(new Unwritable(-1)));
        assertThat(error).isInstanceOf(IOException.class).hasMessageContaining("cannot be encoded as json");
        assertThat(printed(error))
                .contains("java.lang.IllegalStateException")
                .contains("Unwritable.pin")
                .doesNotContain(SECRET);
    }

    @Test
    void aMigrationStepThatMeetsAValueOfAnotherKindDoesNotQuoteIt() throws Exception {
        FileStorage storage = FileStorage.in(folder);
        save(storage, 1, SECRET);
        Migrations migrations = Migrations.to(1)
                .from(0, tree -> {
                    tree.get("pin").intValue();
                    return tree;
                })
                .build();
        SnapshotFormat<Account> format = SnapshotFormat.builder(JacksonCodec.json(Account.class))
                .migrations(migrations)
                .build();
        StoredSnapshot stored = storage.load(TOPIC).get(0).read();
        Throwable error = catchThrowable(() -> format.read(stored));
        assertThat(error).isInstanceOf(MigrationException.class);
        assertThat(printed(error))
                .contains("from schema version 0 to 1 failed")
                .contains("tools.jackson.")
                .doesNotContain(SECRET);
    }

    @Test
    void aValidatorsMessageIsTheReasonThatPeopleAreToRead() throws Exception {
        FileStorage storage = FileStorage.in(folder);
        save(storage, 1, 12);
        SnapshotFormat<Account> format = SnapshotFormat.builder(JacksonCodec.json(Account.class))
                .validator(account -> {
                    throw new IllegalArgumentException("a pin needs four digits");
                })
                .build();
        StoredSnapshot stored = storage.load(TOPIC).get(0).read();
        assertThatThrownBy(() -> format.read(stored))
                .hasMessage("the state is not valid")
                .hasRootCauseMessage("a pin needs four digits");
    }
}
