package io.statesync.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.testkit.internal.Ports;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Files served over a message broker, and who follows and sets them. */
@Timeout(180)
class ServeJmsTest {
    @TempDir
    Path folder;

    private final Lines out = new Lines();
    private final Lines err = new Lines();

    private int execute(String... arguments) {
        return Main.create()
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(arguments);
    }

    private static String freeUrl() throws Exception {
        return "tcp://127.0.0.1:" + Ports.free();
    }

    @Test
    void whatIsSetOverTheBrokerReachesTheFileAndTheWatcherAlsoAfterTheBrokerWasAway() throws Exception {
        Path file = Files.writeString(folder.resolve("settings.json"), "{\"theme\": \"light\"}");
        String url = freeUrl();
        AutoCloseable broker = JmsSide.broker(url);
        try (FileServer server = new FileServer(
                        Map.of("settings", file),
                        InetAddress.getLoopbackAddress(),
                        0,
                        false,
                        new Screen(new PrintWriter(new Lines(), true), false));
                JmsSide side = new JmsSide(server.topics(), url, false)) {
            assertThat(side.url()).isEqualTo(url);
            CompletableFuture<Integer> watch =
                    OwnThread.run(() -> execute("watch", "--jms", url, "settings", "--changes", "2"));
            out.await(".*settings +revision 1 +loaded +1 value");

            assertThat(execute("set", "--jms", url, "settings", "theme=dark")).isZero();
            out.await(".*settings +revision 2 +changed +theme +\"light\" -> \"dark\"");
            assertThat(file).hasContent("{\"theme\": \"dark\"}");

            broker.close();
            out.await(".*server +not connected; .*");
            Files.writeString(file, "{\"theme\": \"blue\"}");
            broker = JmsSide.broker(url);
            out.await(".*settings +revision 3 +changed +theme +\"dark\" -> \"blue\"");
            assertThat(watch.get(60, TimeUnit.SECONDS)).isZero();
        } finally {
            broker.close();
        }
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void ofAServeWithABrokerOfItsOwnTheCommandsAreShown() throws Exception {
        Path file = Files.writeString(folder.resolve("settings.json"), "{}");
        assertThat(execute("serve", "--help")).isZero();
        out.await(" +--jms\\[=URL].*|.*--jms.*");
        assertThat(execute("watch", "--jms", "http://127.0.0.1:1", "settings")).isEqualTo(2);
        err.await("Invalid value for 'URL': with --jms it is a broker's, .*");
        try (ChildJvm server = new ChildJvm("serve", "--port", "0", "--jms", freeUrl(), file.toString())) {
            server.lines().await("The same over the message broker at tcp://127.0.0.1:\\d+:");
            server.lines().await(".*watch --jms tcp://127.0.0.1:\\d+ settings.*");
        }
    }
}
