package io.statesync.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.testkit.internal.Ports;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** Files served over HTTP, and who follows and sets them. */
@Timeout(180)
class ServeWatchSetTest {
    private static final Pattern SERVED =
            Pattern.compile("JSON files, served at (http://127\\.0\\.0\\.1:(\\d+)/state) .*");

    @TempDir
    Path folder;

    private final Lines out = new Lines();
    private final Lines err = new Lines();
    private final Lines served = new Lines();

    private FileServer serve(int port, boolean readOnly, Path... files) throws Exception {
        Map<String, Path> topics = new LinkedHashMap<>();
        for (Path file : files) {
            topics.put(file.getFileName().toString().replace(".json", ""), file);
        }
        FileServer server = new FileServer(
                topics,
                InetAddress.getLoopbackAddress(),
                port == 0 ? Ports.free() : port, // it may come back there
                readOnly,
                new Screen(new PrintWriter(served, true), false));
        server.print();
        return server;
    }

    private Path settings(String json) throws Exception {
        return Files.writeString(folder.resolve("settings.json"), json);
    }

    private CompletableFuture<Integer> running(String... arguments) {
        return OwnThread.run(() -> execute(arguments));
    }

    private int execute(String... arguments) {
        CommandLine commandLine = Main.create();
        return commandLine
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(arguments);
    }

    @Test
    void editsOfTheFileReachAWatcherAndTheServerTellsOfBoth() throws Exception {
        Path file = settings("{\"theme\": \"light\", \"size\": 1}");
        try (FileServer server = serve(0, false, file)) {
            CompletableFuture<Integer> watch = running("watch", server.base().toString(), "settings", "--changes", "1");
            served.await(".*settings +revision 1 +loaded +2 values");
            served.await(".*client +127.0.0.1 follows settings");
            out.await(".*settings +revision 1 +loaded +2 values");

            Files.writeString(file, "{\"theme\": \"dark\", \"size\": 1, \"tabs\": 2}");

            out.await(".*settings +revision 2 +changed +theme +\"light\" -> \"dark\"");
            out.await(" +added +tabs +2");
            assertThat(watch.get(60, TimeUnit.SECONDS)).isZero();
            served.await(".*settings +revision 2 +changed +theme .*");
            served.await(".*client +127.0.0.1 follows settings no more");
            assertThat(out.toString()).contains("connected to " + server.base());
            assertThat(err.toString()).isEmpty();
        }
    }

    @Test
    void setWritesTheFileInItsLayoutAndReachesTheWatcher() throws Exception {
        Path file = settings("{\n\t\"theme\": \"light\",\n\t\"size\": 1.50\n}\n");
        try (FileServer server = serve(0, false, file)) {
            String url = server.base().toString();
            CompletableFuture<Integer> watch = running("watch", url, "settings", "--changes", "1");
            out.await(".*settings +revision 1 +loaded +2 values");

            assertThat(execute("set", url, "settings", "theme=dark", "editor.tabs=true"))
                    .isZero();

            assertThat(file)
                    .hasContent(
                            "{\n\t\"theme\": \"dark\",\n\t\"size\": 1.50,\n\t\"editor\": {\n\t\t\"tabs\": true\n\t}\n}");
            assertThat(watch.get(60, TimeUnit.SECONDS)).isZero();
            assertThat(out.toString())
                    .contains("written      as revision 2: theme = \"dark\", editor.tabs = true")
                    .containsPattern("settings +revision 2 +changed +theme +\"light\" -> \"dark\"");
        }
    }

    @Test
    void ofManyThatSetDifferentKeysAtOnceNoneIsLost() throws Exception {
        Path file = settings("{}");
        try (FileServer server = serve(0, false, file)) {
            CompletableFuture<?>[] writers = new CompletableFuture<?>[4];
            for (int i = 0; i < writers.length; i++) {
                writers[i] = running("set", server.base().toString(), "settings", "key" + i + "=" + i)
                        .thenAccept(exit -> assertThat(exit).as(err.toString()).isZero());
            }
            CompletableFuture.allOf(writers).get(60, TimeUnit.SECONDS);

            assertThat(JsonFile.decode(Files.readAllBytes(file)))
                    .isEqualTo(JsonFile.decode("{\"key0\":0,\"key1\":1,\"key2\":2,\"key3\":3}".getBytes(UTF_8)));
        }
    }

    @Test
    void aWatcherGoesOnWhenAKilledServerComesBack() throws Exception {
        Path file = settings("{\"n\": 1}");
        try (ChildJvm killed = new ChildJvm("serve", "--port", "0", file.toString())) {
            Matcher base = SERVED.matcher(killed.lines().await(SERVED.pattern()));
            assertThat(base.matches()).isTrue();
            CompletableFuture<Integer> watch = running("watch", base.group(1), "settings", "--changes", "1");
            out.await(".*settings +revision 1 +loaded +1 value");

            killed.kill();
            out.await(".*server +not connected; .*");
            Files.writeString(file, "{\"n\": 2}");
            try (FileServer again = serve(Integer.parseInt(base.group(2)), false, file)) {
                assertThat(again.base()).hasToString(base.group(1));

                out.await(".*settings +revision 1 +changed +n +1 -> 2");
                assertThat(watch.get(60, TimeUnit.SECONDS)).isZero();
            }
        }
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "there a process can only be killed")
    void aServerThatIsToldToTerminateEndsItsStreamsAndIsASuccess() throws Exception {
        Path file = settings("{\"n\": 1}");
        try (ChildJvm server = new ChildJvm("serve", "--port", "0", file.toString())) {
            Matcher base = SERVED.matcher(server.lines().await(SERVED.pattern()));
            assertThat(base.matches()).isTrue();
            server.lines().await(".*set " + base.group(1) + " settings key=value.*");
            try (ChildJvm watch = new ChildJvm("watch", base.group(1), "settings")) {
                watch.lines().await(".*settings +revision 1 +loaded +1 value");

                server.terminate();

                server.lines().await(".*stopped .*");
                assertThat(server.exitCode()).isZero();
                watch.lines().await(".*server +not connected; .*");
                watch.terminate();
                assertThat(watch.exitCode()).isZero();
            }
        }
    }

    @Test
    void aServerThatIsSilentHoldsUpNeitherTheEndOfAWatcherNorWhatItPrints() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            String url = "http://127.0.0.1:" + silent.getLocalPort() + "/state";

            assertThat(execute("watch", url, "settings", "--for", "50ms")).isZero();

            out.await(".*server +connecting to " + url);
            assertThat(execute("set", url, "settings", "a=1", "--timeout", "1s"))
                    .isEqualTo(1);
            err.await("statesync: not written in time: no answer came from " + url + " within 1 s");
        }
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "there a process can only be killed")
    void aWatcherOfASilentServerThatIsToldToTerminateIsASuccess() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                ChildJvm watch =
                        new ChildJvm("watch", "http://127.0.0.1:" + silent.getLocalPort() + "/state", "settings")) {
            watch.lines().await(".*server +connecting to .*");
            silent.accept().close(); // it asks
            watch.terminate();
            assertThat(watch.exitCode()).isZero();
        }
    }

    @Test
    void aWatcherSaysThatItWaitsForATopicAndForAServer() throws Exception {
        Path other = Files.writeString(folder.resolve("other.json"), "{\"n\": 1}");
        int port;
        CompletableFuture<Integer> watch;
        try (FileServer server = serve(0, false, settings("{}"))) {
            port = server.base().getPort();
            watch = running("watch", server.base().toString(), "other", "--changes", "1");
            out.await(".*other +getSnapshot failed: .*status 404.*");
            out.await(".*other +is not there; waits for it");
        }
        CompletableFuture<Integer> late =
                running("watch", "http://127.0.0.1:" + port + "/state", "other", "--changes", "1");
        out.await(".*server +connecting to .*");
        out.await(".*other +subscribe failed: .*cannot connect.*");
        out.await(".*server +not connected; tries again and again");
        try (FileServer again = serve(port, false, other)) {
            out.await(".*other +revision 1 +loaded +1 value");
            out.await(".*other +revision 1 +loaded +1 value");
            Files.writeString(other, "{\"n\": 2}");
            assertThat(watch.get(60, TimeUnit.SECONDS)).isZero();
            assertThat(late.get(60, TimeUnit.SECONDS)).isZero();
        }
    }

    @Test
    void aRestartedServerWithTheSameValuesIsToldAsSuch() throws Exception {
        Path file = Files.writeString(folder.resolve("a-rather-long-topic.json"), "{\"n\": 1}");
        int port;
        CompletableFuture<Integer> watch;
        try (FileServer server = serve(0, false, file)) {
            port = server.base().getPort();
            watch = running("watch", server.base().toString(), "a-rather-long-topic", "--changes", "3");
            out.await(".*a-rather-long-topic  revision 1 +loaded +1 value");
            Files.writeString(file, "{\"n\":  1}");
            out.await(".*a-rather-long-topic  revision 2 +the same values, written differently");
        }
        out.await(".*server {15}not connected; .*");
        try (FileServer again = serve(port, false, file)) {
            out.await(".*a-rather-long-topic  revision 1 +the same values, from a restarted server");
            Files.writeString(file, "{\"n\": 2}");
            assertThat(watch.get(60, TimeUnit.SECONDS)).isZero();
        }
    }

    @Test
    void withACacheAWatcherStartsWithoutTheServerAndCatchesUpWhenItIsThere() throws Exception {
        Path file = settings("{\"theme\": \"light\", \"size\": 1}");
        String kept = folder.resolve("kept").toString();
        int port;
        String url;
        try (FileServer server = serve(0, false, file)) {
            port = server.base().getPort();
            url = server.base().toString();
            CompletableFuture<Integer> watch = running("watch", url, "settings", "--cache", kept, "--changes", "1");
            out.await(".*settings +revision 1 +loaded +2 values");
            Files.writeString(file, "{\"theme\": \"dark\", \"size\": 1}");
            assertThat(watch.get(60, TimeUnit.SECONDS)).isZero();
        }
        CompletableFuture<Integer> watch = running("watch", url, "settings", "--cache", kept, "--changes", "2");
        out.await(".*settings +revision 2 +kept +2 values, [0-9.]+ s old");
        out.await(".*settings +\\w+ failed: .*cannot connect.*");
        Files.writeString(file, "{\"theme\": \"blue\", \"size\": 1}");
        try (FileServer again = serve(port, false, file)) {
            out.await(".*settings +revision 1 +changed +theme +\"dark\" -> \"blue\"");
            assertThat(execute("set", url, "settings", "size=2")).isZero();
            out.await(".*settings +revision 2 +changed +size +1 -> 2");
            Files.writeString(file, "{}");
            assertThat(watch.get(60, TimeUnit.SECONDS)).isZero();
        }
    }

    @Test
    void severalFilesAreTopicsOfOneServer() throws Exception {
        Path settings = settings("{\"n\": 1}");
        Path prices = Files.writeString(folder.resolve("prices.json"), "{\"tea\": 2, \"milk\": 1}");
        try (FileServer server = serve(0, false, settings, prices)) {
            CompletableFuture<Integer> watch = running("watch", server.base().toString(), "prices", "--changes", "1");
            out.await(".*prices +revision 1 +loaded +2 values");
            assertThat(execute("set", server.base().toString(), "prices", "tea=3"))
                    .isZero();
            assertThat(watch.get(60, TimeUnit.SECONDS)).isZero();
            assertThat(settings).hasContent("{\"n\": 1}");
            assertThat(prices).hasContent("{\"tea\": 3, \"milk\": 1}");
        }
    }

    /** A page whose own name is made to mean this machine is of the same origin to the browser. */
    @ParameterizedTest
    @CsvSource({"localhost,200", "127.0.0.1:8080,200", "[::1]:1,200", "attacker.example:8080,404"})
    void onlyTheNamesOfThisMachineAreAnswered(String host, int status) throws Exception {
        try (FileServer server = serve(0, false, settings("{}"));
                Socket socket = new Socket(
                        InetAddress.getLoopbackAddress(), server.base().getPort())) {
            String request = "GET /state/snapshot?topic=settings HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
            socket.getOutputStream().write(request.getBytes(UTF_8));
            BufferedReader in = new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8));
            assertThat(in.readLine()).startsWith("HTTP/1.1 " + status);
        }
    }

    @Test
    void whatCannotBeSetIsToldInOneLine() throws Exception {
        Path file = settings("{\"theme\": \"light\"}");
        String url;
        try (FileServer server = serve(0, true, file)) {
            url = server.base().toString();
            assertThat(execute("set", url, "settings", "theme=dark")).isEqualTo(1);
            err.await("statesync: not written: .*\"settings\" may not be written by you");
            assertThat(execute("set", url, "settings", "theme.color=red")).isEqualTo(1);
            err.await("statesync: not written: theme.color cannot be set: theme is no object, but a text");
            assertThat(execute("set", url, "prices", "tea=3")).isEqualTo(1);
            err.await("statesync: not written: .*/snapshot: status 404, of topic \"prices\".*");
        }
        assertThat(execute("set", url, "settings", "theme=dark")).isEqualTo(1);
        err.await("statesync: not written: .*cannot connect.*");
        assertThat(err.toString().lines()).hasSize(4);
        assertThat(file).hasContent("{\"theme\": \"light\"}");
    }

    @Test
    void aFileThatCannotBeReadIsNotWrittenAndItsFollowersKeepWhatTheyHave() throws Exception {
        Path file = settings("{\"theme\": \"light\"}");
        try (FileServer server = serve(0, false, file)) {
            Files.writeString(file, "{\"theme\": ");
            served.await(".*settings +refused: not valid JSON at line 1, .*; who follows keeps what was there");

            assertThat(execute("set", server.base().toString(), "settings", "theme=dark", "--timeout", "1s"))
                    .isEqualTo(1);

            err.await("statesync: not written in time.*");
            assertThat(file).hasContent("{\"theme\": ");
        }
    }

    @Test
    void aPortInUseIsToldInOneLine() throws Exception {
        Path file = settings("{}");
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThat(execute("serve", "--port", "" + taken.getLocalPort(), file.toString()))
                    .isEqualTo(1);
            err.await("statesync: port " + taken.getLocalPort() + " of 127.0.0.1 is in use; --port names another");
        }
    }

    @Test
    void filesThatCannotBeServedAreAFailure() throws Exception {
        Path file = settings("{}");
        Path other =
                Files.writeString(Files.createDirectory(folder.resolve("other")).resolve("settings.yaml"), "{}");
        assertThat(execute("serve", "--port", "0", file.toString(), other.toString()))
                .isEqualTo(2);
        err.await("Two files for the topic 'settings': .*settings.json and .*settings.yaml");
        assertThat(execute("serve", "--port", "0", folder.resolve("no.json").toString()))
                .isEqualTo(1);
        err.await("statesync: .*no.json: the file is missing");
        assertThat(execute(
                        "serve",
                        "--port",
                        "0",
                        Files.writeString(folder.resolve("bad.json"), "{").toString()))
                .isEqualTo(1);
        err.await("statesync: .*bad.json: not valid JSON at line 1, column .*");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "settings             | http://h/state | \"settings\"; the URL comes first, then the topic",
                "localhost:80/state   | t | \"localhost:80/state\"; did you mean http://localhost:80/state?",
                "127.0.0.1:8080/state | t | \"127.0.0.1:8080/state\"; did you mean http://127.0.0.1:8080/state?",
                "localhost:8080       | t | \"localhost:8080\"; did you mean http://localhost:8080/state?",
                "settings             | t | \"settings\"",
                "http://h/a b         | t | \"http://h/a b\"; Illegal character in path",
                "http://h/a?token=x   | t | base must have no query: \"http://h/a?…\""
            })
    void aUrlThatIsNoneIsQuotedWithWhatWasProbablyMeant(String url, String topic, String told) throws Exception {
        assertThat(execute("watch", url, topic)).isEqualTo(2);

        assertThat(err.await("Invalid value for 'URL': .*")).endsWith(told);
        assertThat(out.toString()).isEmpty();
    }

    @Test
    void wrongCommandLinesAreToldWithTheUsage() throws Exception {
        assertThat(execute("serve")).isEqualTo(2);
        err.await("Missing required parameter: 'FILE'");
        assertThat(execute("serve", "--port", "70000", "a.json")).isEqualTo(2);
        err.await("Invalid value for option '--port': 70000 is no port");
        assertThat(execute("watch", "ftp://somewhere", "settings")).isEqualTo(2);
        err.await("Invalid value for 'URL': base must be an absolute http or https URL: \"ftp://somewhere\"");
        assertThat(execute("set", "http://127.0.0.1:1/state", "settings")).isEqualTo(2);
        err.await("Missing required parameter: 'KEY=VALUE'");
        assertThat(execute("set", "http://127.0.0.1:1/state", "settings", "theme"))
                .isEqualTo(2);
        err.await("Invalid value for 'KEY=VALUE': 'theme' is not of the form key=value .*");
        assertThat(execute("watch", "http://127.0.0.1:1/state", "settings", "--changes", "0"))
                .isEqualTo(2);
        err.await("Invalid value for option '--changes': 0 is below 1");
    }
}
