package io.statesync.persistence.jdbc;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.StateVersion;
import io.statesync.WriteResult;
import io.statesync.WriteResult.Accepted;
import io.statesync.jackson.JacksonCodec;
import io.statesync.testkit.StoredSnapshots;
import java.io.File;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sqlite.SQLiteDataSource;

/** What several processes make of one database: at other isolation levels than its own, and as real processes. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ManyProcessesTest {
    private static final int EACH = 12;

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({
        "H2," + Connection.TRANSACTION_REPEATABLE_READ,
        "H2," + Connection.TRANSACTION_SERIALIZABLE,
        "POSTGRESQL," + Connection.TRANSACTION_REPEATABLE_READ,
        "POSTGRESQL," + Connection.TRANSACTION_SERIALIZABLE
    })
    void loseNothingAtAStricterIsolation(TestDatabase kind, int isolation) throws Exception {
        DataSource database = kind.empty();
        List<TestPool> pools = new ArrayList<>();
        ExecutorService threads = Executors.newFixedThreadPool(3);
        try {
            List<Future<List<StateVersion>>> writes = new ArrayList<>();
            for (int process = 0; process < 3; process++) {
                TestPool pool = TestPool.isolating(database, isolation);
                pools.add(pool);
                int offset = process;
                writes.add(threads.submit(() -> work(pool.source(), offset)));
            }
            List<StateVersion> versions = new ArrayList<>();
            for (Future<List<StateVersion>> write : writes) {
                versions.addAll(write.get(100, TimeUnit.SECONDS));
            }
            assertThat(versions).hasSize(3 * EACH).doesNotHaveDuplicates();
            assertEnd(database, 3);
        } finally {
            threads.shutdownNow();
        }
        for (TestPool pool : pools) {
            pool.close();
        }
    }

    @Test
    void shareAFileOfSqlite() throws Exception {
        String url = "jdbc:sqlite:" + folder.resolve("shared.sqlite");
        List<Process> processes = new ArrayList<>();
        for (int process = 0; process < 2; process++) {
            processes.add(new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-XX:TieredStopAtLevel=1",
                            "-XX:+UseSerialGC",
                            "-cp",
                            System.getProperty("java.class.path"),
                            Writing.class.getName(),
                            url,
                            Integer.toString(process))
                    .redirectErrorStream(true)
                    .redirectOutput(new File(folder.toFile(), "output" + process))
                    .start());
        }
        try {
            for (int process = 0; process < 2; process++) {
                assertThat(processes.get(process).waitFor(100, TimeUnit.SECONDS))
                        .isTrue();
                assertThat(folder.resolve("output" + process)).content(UTF_8).endsWith("done\n");
            }
        } finally {
            processes.forEach(Process::destroyForcibly);
        }
        SQLiteDataSource source = new SQLiteDataSource();
        source.setUrl(url);
        assertEnd(source, 2);
    }

    /** A process that writes. */
    static final class Writing {
        private Writing() {}

        public static void main(String[] args) throws Exception {
            SQLiteDataSource source = new SQLiteDataSource();
            source.setUrl(args[0]);
            work(source, Integer.parseInt(args[1]));
            System.out.println("done");
        }
    }

    private static JdbcAuthority<Integer> authority(DataSource source) {
        return JdbcAuthority.builder("count", source, JacksonCodec.json(Integer.class))
                .executor(Runnable::run)
                .build(() -> 0);
    }

    /** Counts up, and saves snapshots, each of a version that no other process has. */
    private static List<StateVersion> work(DataSource source, int offset) throws Exception {
        JdbcAuthority<Integer> authority = authority(source);
        JdbcStorage storage = JdbcStorage.in(source);
        List<StateVersion> versions = new ArrayList<>();
        for (int i = 0; i < EACH; i++) {
            WriteResult<Integer> answer =
                    authority.update(n -> n + 1).toCompletableFuture().join();
            versions.add(((Accepted<Integer>) answer).version());
            storage.save("count", StoredSnapshots.at(3L * i + offset));
        }
        return versions;
    }

    private static void assertEnd(DataSource source, int processes) throws Exception {
        assertThat(authority(source).snapshot().toCompletableFuture().join().data())
                .isEqualTo(processes * EACH);
        List<Long> revisions = StoredSnapshots.revisions(JdbcStorage.in(source), "count");
        assertThat(revisions.get(0)).isEqualTo(3L * (EACH - 1) + processes - 1);
        assertThat(revisions).isSortedAccordingTo((a, b) -> Long.compare(b, a));
    }
}
