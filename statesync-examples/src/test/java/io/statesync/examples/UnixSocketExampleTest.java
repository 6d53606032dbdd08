package io.statesync.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two JVMs, one of which is killed. */
@Timeout(300)
class UnixSocketExampleTest {
    @TempDir
    Path folder;

    /** Contract N1 and X1. */
    @Test
    void followerSeesWhatChangedWhileTheKilledServerWasDownWithoutAnyNewSave() throws Exception {
        Path file = Files.writeString(folder.resolve("state.json"), "{\"n\":1}");
        String socket = folder.resolve("s").toString();
        try (ChildJvm first = new ChildJvm("ipc", "serve", socket, file.toString());
                ChildJvm follower = new ChildJvm("ipc", "follow", socket)) {
            first.lines().await("serving .*");
            String before = follower.lines().await("revision 1@\\d+ \\{\"n\":1}");
            Files.writeString(file, "{\"n\":2}");
            follower.lines().await("revision 2@\\d+ \\{\"n\":2}");

            first.kill();
            follower.lines().await("not connected: .*");
            Files.writeString(file, "{\"n\":3}");
            try (ChildJvm second = new ChildJvm("ipc", "serve", socket, file.toString())) {
                second.lines().await("serving .*");

                String after = follower.lines().await("revision 1@\\d+ \\{\"n\":3}");
                assertThat(epoch(after)).isGreaterThan(epoch(before));

                Files.writeString(file, "{\"n\":4}");
                follower.lines().await("revision 2@\\d+ \\{\"n\":4}");
            }
        }
    }

    @Test
    void followerMayComeBeforeTheServer() throws Exception {
        Path file = Files.writeString(folder.resolve("state.json"), "{\"n\":1}");
        String socket = folder.resolve("s").toString();
        try (ChildJvm follower = new ChildJvm("ipc", "follow", socket)) {
            follower.lines().await("not connected: .*");
            try (ChildJvm server = new ChildJvm("ipc", "serve", socket, file.toString())) {
                follower.lines().await("revision 1@\\d+ \\{\"n\":1}");
            }
        }
    }

    @Test
    void serverWithoutAFileFails() throws Exception {
        try (ChildJvm server = new ChildJvm(
                "ipc",
                "serve",
                folder.resolve("s").toString(),
                folder.resolve("no.json").toString())) {
            server.lines().await("statesync: .*no.json.*");
            assertThat(server.exitCode()).isEqualTo(1);
        }
    }

    private static long epoch(String line) {
        return Long.parseLong(line.substring(line.indexOf('@') + 1, line.lastIndexOf(' ')));
    }
}
