package io.statesync.docs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.StateSync;
import io.statesync.WriteResult;
import io.statesync.WriteResult.Conflict;
import io.statesync.replica.StateReplica;
import io.statesync.source.FileAuthority;
import io.statesync.source.FileSource;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The code in docs/file-source.md. */
@Timeout(60)
class FileSourceSnippetsTest {
    @TempDir
    Path folder;

    private final List<String> told = new ArrayList<>();

    private void tell(String text) {
        told.add(text);
    }

    @Test
    void aFileIsFollowed() throws Exception {
        Path path = Files.writeString(folder.resolve("settings.txt"), "light");
        AtomicReference<Settings> current = new AtomicReference<>();
        // snippet: FileSource
        FileSource<Settings> source =
                FileSource.open("settings", path, content -> Settings.parse(new String(content, UTF_8)));
        RevisionSync<Settings> replica = StateSync.createRevisionSync(RevisionSyncOptions.<Settings>builder("settings")
                .source(source)
                .applier(snapshot -> current.set(snapshot.data()))
                .build());
        replica.start().join();
        // end
        assertThat(current.get()).isEqualTo(new Settings("light"));
        replica.close();
        source.close();
    }

    @Test
    void aFileIsWritten() throws Exception {
        Path path = Files.writeString(folder.resolve("settings.txt"), "light");
        // snippet: FileAuthority
        FileAuthority<Settings> file = FileSource.<Settings>builder(
                        "settings", path, content -> Settings.parse(new String(content, UTF_8)))
                .onError((where, problem) -> tell("not usable: " + where))
                .writable(settings -> settings.theme().getBytes(UTF_8))
                .validator(settings -> {
                    if (settings.theme().isBlank()) {
                        throw new IllegalArgumentException("a theme has a name");
                    }
                })
                .open();
        StateReplica<Settings> replica = StateReplica.of("settings", file);
        replica.start().join();
        WriteResult<Settings> result =
                replica.update(settings -> new Settings("dark")).join();
        if (result instanceof Conflict<Settings>) {
            tell("somebody has been saving the file all the time");
        }
        // end
        assertThat(result.isAccepted()).isTrue();
        assertThat(path).hasContent("dark");
        assertThat(replica.set(new Settings(" ")).join()).isEqualTo(new WriteResult.Rejected<>("a theme has a name"));
        assertThat(told).isEmpty();
        replica.close();
        file.close();
    }
}
