package io.statesync.persistence;

import io.statesync.InvalidationSubscriber;
import io.statesync.SnapshotProvider;
import io.statesync.StateVersion;
import io.statesync.jackson.JacksonCodec;
import io.statesync.testkit.FallibleProviderContract;
import io.statesync.testkit.ReconnectingSubscriberContract;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A folder as a transport keeps what any transport must; its connection breaks when the folder is taken away. */
@Timeout(120)
class FolderSourceContractTest {
    private static final String TOPIC = "settings";
    private static final SnapshotFormat<String> FORMAT = SnapshotFormat.of(JacksonCodec.json(String.class));
    private static final Duration SHORT = Duration.ofMillis(20);

    private FolderSourceContractTest() {}

    private static void save(Path folder, StateVersion version, String data) throws IOException {
        FileStorage.in(folder).save(TOPIC, FORMAT.write(version, data, Instant.now()));
    }

    private static FolderSource.Builder<String> source(Path folder) throws IOException {
        return FolderSource.<String>builder(FileStorage.in(folder), TOPIC, FORMAT)
                .pollInterval(SHORT);
    }

    abstract static class Subscriber extends ReconnectingSubscriberContract {
        @TempDir
        Path temp;

        private Path folder;
        private Path away;
        private Path now;

        @BeforeEach
        void name() {
            folder = temp.resolve("shared");
            away = temp.resolve("away");
            now = folder;
        }

        abstract FolderSource<String> source(FolderSource.Builder<String> builder);

        @Override
        protected InvalidationSubscriber createSubscriber() throws IOException {
            return source(FolderSourceContractTest.source(folder)).subscriber();
        }

        @Override
        protected String topic() {
            return TOPIC;
        }

        @Override
        protected void announce(StateVersion version) throws IOException {
            save(now, version, "any");
        }

        @Override
        protected void breakConnection() throws IOException {
            Files.move(folder, away);
            now = away;
        }

        @Override
        protected void healConnection() throws IOException {
            Files.move(away, folder);
            now = folder;
        }
    }

    @Nested
    class WatchingSubscriber extends Subscriber {
        @Override
        FolderSource<String> source(FolderSource.Builder<String> builder) {
            return builder.build();
        }
    }

    @Nested
    class PollingSubscriber extends Subscriber {
        @Override
        FolderSource<String> source(FolderSource.Builder<String> builder) {
            return builder.withoutWatch().build();
        }
    }

    @Nested
    class Provider extends FallibleProviderContract<String> {
        @TempDir
        Path temp;

        @Override
        protected SnapshotProvider<String> createProvider() throws IOException {
            return source(temp.resolve("shared")).build().provider();
        }

        @Override
        protected String topic() {
            return TOPIC;
        }

        @Override
        protected String data(int n) {
            return "state " + n;
        }

        @Override
        protected void setState(StateVersion version, String data) throws IOException {
            save(temp.resolve("shared"), version, data);
        }

        @Override
        protected void breakSource() throws IOException {
            Files.move(temp.resolve("shared"), temp.resolve("away"));
        }

        @Override
        protected void healSource() throws IOException {
            Files.move(temp.resolve("away"), temp.resolve("shared"));
        }
    }
}
