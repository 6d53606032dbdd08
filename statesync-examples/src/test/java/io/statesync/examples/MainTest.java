package io.statesync.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

@Timeout(180)
class MainTest {
    @TempDir
    Path folder;

    private final Lines out = new Lines();
    private final Lines err = new Lines();

    @Test
    void keepsAFileInSyncAndTheLastGoodStateWhenItBreaks() throws Exception {
        Path file = Files.writeString(folder.resolve("my.json"), "{\"theme\": \"light\", \"size\": 1}");
        CompletableFuture<Integer> run = OwnThread.run(() -> execute("--edits", "2", file.toString()));
        out.await(" +" + Pattern.quote(file.toString()));
        out.await(".*replica [AB]  revision 1 .*loaded +2 values");
        out.await(".*replica [AB]  revision 1 .*loaded +2 values");

        save(file, "{\"theme\": \"dark\", \"size\": 1, \"editor\": {\"tabs\": true}}");
        out.await(
                "\\d\\d:\\d\\d:\\d\\d\\.\\d{3}  replica [AB]  revision 2 +\\d+ ms  changed +theme +\"light\" -> \"dark\"");
        out.await(" +added +editor.tabs +true");
        out.await(".*replica [AB]  revision 2 +\\d+ ms  changed +theme +\"light\" -> \"dark\"");

        save(file, "{\"theme\": \"dark\", ");
        out.await(".*file +refused: not valid JSON at line 1, column \\d+: .*; the replicas keep revision 2");
        Files.delete(file);
        out.await(".*file +refused: the file is missing; the replicas keep revision 2");

        save(file, "{\"theme\": \"dark\", \"editor\": {\"tabs\": true}}");
        out.await(".*replica [AB]  revision 3 +\\d+ ms  removed +size +1");
        out.await(".*replica [AB]  revision 3 +\\d+ ms  removed +size +1");
        out.await(".*stopped +after .* s, both replicas at revision 3");
        assertThat(run.get(60, TimeUnit.SECONDS)).isZero();
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void withoutAFileADemoShowsWhatHappensAndTakesItsFileAwayAtTheEnd() throws Exception {
        assertThat(execute("--edits", "2", "--pause", "1ms")).isZero();

        Path file = Path.of(out.await(" +\\S.*settings\\.json").strip());
        out.await(".*demo +saves another theme");
        out.await(".*replica [AB]  revision 2 .*changed +theme +\"light\" -> \"dark\"");
        out.await(".*demo +saves only half of the file");
        out.await(".*file +refused: not valid JSON at line 6.*; the replicas keep revision 2");
        out.await(".*demo +saves the whole of it.*");
        out.await(".*replica [AB]  revision 3 .*changed +fontSize +14 -> 16");
        out.await(" +removed +plugins +\\[\"git\",\"maven\"]");
        out.await(".*stopped +after .* s, both replicas at revision 3");
        assertThat(file).doesNotExist();
        assertThat(file.getParent()).doesNotExist();
    }

    @Test
    void demoChangesReplicasAndShowsAConflictInWhichNoChangeIsLost() throws Exception {
        assertThat(execute("--edits", "5", "--pause", "1ms")).isZero();

        out.await(".*demo +changes a replica, which writes the file");
        out.await(".*replica A  sets +fontSize = 18");
        out.await(".*replica B  revision 4 +\\d+ ms  changed +fontSize +16 -> 18");
        out.await(".*file +holds now +\\{");
        out.await(" +\"fontSize\": 18,");
        out.await(".*demo +changes both replicas at once.*");
        out.await(".*replica A  sets +theme = \"blue\"");
        out.await(".*replica B  sets +editor.tabSize = 2");
        out.await(".*replica [AB]  CONFLICT +the file is at revision 5 already; .*");
        out.await(".*replica [AB]  written +as revision 6");
        out.await(".*file +holds now +\\{");
        out.await(" +\"theme\": \"blue\",");
        out.await(" +\"tabSize\": 2,");
        out.await(".*stopped +after .* s, both replicas at revision 6");
        assertThat(out.toString()).containsOnlyOnce("CONFLICT");
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void setChangesKeysOfAFileKeepsItsLayoutAndEnds() throws Exception {
        Path file = Files.writeString(folder.resolve("my.json"), """
                {
                \t"theme": "light",
                \t"size": 1.50,
                \t"tags": [1, 2],
                \t"editor": {}
                }
                """);

        assertThat(execute("--set", "theme=dark", "--set", "editor.tabs=true", file.toString()))
                .isZero();

        assertThat(Files.readString(file)).isEqualTo("""
                {
                \t"theme": "dark",
                \t"size": 1.50,
                \t"tags": [1, 2],
                \t"editor": {
                \t\t"tabs": true
                \t}
                }
                """);
        out.await(".*replica A  sets +theme = \"dark\"");
        out.await(".*replica B  revision 2 +\\d+ ms  changed +theme +\"light\" -> \"dark\"");
        out.await(".*replica A  written +as revision 3");
        out.await(".*stopped +after .* s, both replicas at revision 3");
    }

    @Test
    void setGoesOnFollowingIfAnEndIsGiven() throws Exception {
        Path file = Files.writeString(folder.resolve("my.json"), "{\"n\": 1}");
        CompletableFuture<Integer> run = OwnThread.run(() -> execute("--edits", "2", "--set", "n=2", file.toString()));
        out.await(".*replica A  written +as revision 2");

        save(file, "{\"n\": 3}");

        out.await(".*stopped +after .* s, both replicas at revision 3");
        assertThat(run.get(60, TimeUnit.SECONDS)).isZero();
    }

    @Test
    void withACacheItStartsWithoutTheFileAndCatchesUpWhenTheFileIsBack() throws Exception {
        Path file = Files.writeString(folder.resolve("my.json"), "{\"theme\": \"dark\", \"size\": 1.50}");
        String kept = folder.resolve("kept").toString();
        try (ChildJvm killed = new ChildJvm("--cache", kept, file.toString())) {
            killed.lines().await(".*replica [AB]  revision 1 .*loaded +2 values");
            killed.lines().await(".*replica [AB]  revision 1 .*loaded +2 values");
            killed.terminate();
            killed.lines().await(".*stopped +after .*");
            assertThat(killed.exitCode()).isZero();
        }
        Files.delete(file);

        CompletableFuture<Integer> run = OwnThread.run(() -> execute("--edits", "1", "--cache", kept, file.toString()));
        out.await(".*file +not there: the file is missing; .*");
        out.await(".*replica [AB]  revision 1 +kept +2 values, [0-9.]+ s old");
        out.await(".*replica [AB]  revision 1 +kept +2 values, [0-9.]+ s old");
        save(file, "{\"theme\": \"light\", \"size\": 1.50}");
        out.await(".*replica [AB]  revision 1 +\\d+ ms  changed +theme +\"dark\" -> \"light\"");
        out.await(".*replica [AB]  revision 1 +\\d+ ms  changed +theme +\"dark\" -> \"light\"");
        save(file, "{}");
        out.await(".*stopped +after .* s, both replicas at revision 2");
        assertThat(run.get(60, TimeUnit.SECONDS)).isZero();
    }

    @Test
    void aFileThatWasNotChangedSinceIsToldAsSuch() throws Exception {
        Path file = Files.writeString(folder.resolve("my.json"), "{\"theme\": \"dark\"}");
        Files.setLastModifiedTime(file, FileTime.from(Instant.now().minusSeconds(3600)));
        String kept = folder.resolve("kept").toString();
        assertThat(execute("--cache", kept, "--for", "50ms", file.toString())).isZero();

        assertThat(execute("--cache", kept, "--for", "50ms", file.toString())).isZero();

        out.await(".*stopped +after .* s, both replicas at revision 1");
        out.await(".*replica A  revision 1 +kept +1 value, [0-9.]+ s old");
        out.await(".*replica A  revision 1 +the same values as kept");
        out.await(".*replica B  revision 1 .*");
        out.await(".*stopped +after .* s, both replicas at revision 1");
    }

    @Test
    void missingFileIsAFailureWithACacheTooWhileNothingIsKept() throws Exception {
        String kept = folder.resolve("kept").toString();

        assertThat(execute("--cache", kept, folder.resolve("no.json").toString()))
                .isEqualTo(1);

        err.await("statesync: .*no.json: the file is missing");
    }

    @Test
    void whatCannotBeSetIsAFailure() throws Exception {
        Path file = Files.writeString(folder.resolve("my.json"), "{\"theme\": \"light\"}");

        assertThat(execute("--set", "theme.color=red", file.toString())).isEqualTo(1);

        err.await(
                "statesync: theme.color = \"red\" was not written: theme.color cannot be set: theme is no object, but a text");
        assertThat(file).hasContent("{\"theme\": \"light\"}");
    }

    @Test
    void endsAfterTheTimeGiven() throws Exception {
        Path file = Files.writeString(folder.resolve("my.json"), "{}");

        assertThat(execute("--for", "50ms", file.toString())).isZero();

        out.await(".*stopped +after .* s, both replicas at revision 1");
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "there a process can only be killed")
    void endsCleanlyWhenItIsToldToTerminate() throws Exception {
        Path file = Files.writeString(folder.resolve("my.json"), "{}");
        try (ChildJvm jvm = new ChildJvm(file.toString())) {
            jvm.lines().await(".*replica [AB]  revision 1 .*");
            jvm.lines().await(".*replica [AB]  revision 1 .*");

            jvm.terminate();

            jvm.lines().await(".*stopped +after .* s, both replicas at revision 1");
            assertThat(jvm.exitCode()).isZero();
        }
    }

    @Test
    void endsWithTheInputWhenNobodyIsThereToEditTheDemosFile() throws Exception {
        try (ChildJvm jvm = new ChildJvm("--pause", "1ms")) {
            jvm.lines().await(".*demo +ends the replicas, takes the file away, and starts them again");
            jvm.lines().await(".*file +not there: the file is missing; the replicas start with what is kept, and wait");
            jvm.lines().await(".*replica [AB]  revision 6 +kept +5 values, [0-9.]+ s old");
            jvm.lines().await(".*demo +leaves it so for a moment: the replicas try again until the file is back");
            jvm.lines().await(".*demo +brings the file back, with another font size");
            jvm.lines().await(".*replica [AB]  revision 1 +\\d+ ms  changed +theme +\"blue\" -> \"light\"");
            jvm.lines().await(".*demo +is done; now edit the file yourself, or end with Ctrl-C");

            jvm.endInput();

            jvm.lines().await(".*stopped +after .* s, both replicas at revision 1");
            assertThat(jvm.exitCode()).isZero();
            assertThat(jvm.lines().toString()).doesNotContain("ERROR");
        }
    }

    @Test
    void missingFileIsAFailure() throws Exception {
        assertThat(execute(folder.resolve("no.json").toString())).isEqualTo(1);

        err.await("statesync: .*no.json: the file is missing");
    }

    @Test
    void missingFolderIsAFailure() throws Exception {
        assertThat(execute(folder.resolve("nowhere").resolve("my.json").toString()))
                .isEqualTo(1);

        err.await("statesync: .*nowhere: no such folder .*");
    }

    @Test
    void invalidFileIsAFailureAtTheBeginning() throws Exception {
        Path file = Files.writeString(folder.resolve("my.json"), "{\n  \"a\": tru\n}");

        assertThat(execute(file.toString())).isEqualTo(1);

        err.await("statesync: .*my.json: not valid JSON at line 2, column .*");
    }

    @Test
    void wrongCommandLineIsToldWithTheUsage() throws Exception {
        assertThat(execute("--nonsense")).isEqualTo(2);
        err.await("Unknown option: '--nonsense'");
        err.await("Usage: statesync .*");

        assertThat(execute("--for", "soon")).isEqualTo(2);
        err.await("Invalid value for option '--for': 'soon' is not a duration such as .*");

        assertThat(execute("--edits", "0")).isEqualTo(2);
        err.await("Invalid value for option '--edits': 0 is below 1");

        assertThat(execute("--set", "a=1")).isEqualTo(2);
        err.await("Option '--set' needs a FILE");

        assertThat(execute("--set", "theme", "my.json")).isEqualTo(2);
        err.await("Invalid value for option '--set'.*: 'theme' is not of the form key=value .*");
        assertThat(out.toString()).isEmpty();
    }

    @Test
    void helpAndVersionAreThere() throws Exception {
        assertThat(execute("--help")).isZero();
        out.await("Usage: statesync .*");
        out.await(" +.*\\[FILE\\] .*");
        assertThat(execute("ipc", "--help")).isZero();
        out.await("Usage: statesync ipc .*");
        assertThat(execute("ipc", "follow", "--help")).isZero();
        out.await("Usage: statesync ipc follow .*SOCKET.*");
        assertThat(execute("--version")).isZero();

        Matcher version = Pattern.compile("statesync \\d+\\.\\d+\\.\\d+.*").matcher(out.await("statesync \\d.*"));
        assertThat(version.matches()).isTrue();
    }

    private int execute(String... arguments) {
        CommandLine commandLine = Main.create();
        return commandLine
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(arguments);
    }

    private static void save(Path file, String content) throws IOException {
        Files.writeString(file, content);
    }
}
