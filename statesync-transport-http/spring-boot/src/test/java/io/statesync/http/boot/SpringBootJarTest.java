package io.statesync.http.boot;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The application of the documentation, as a jar in a process of its own. */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SpringBootJarTest {
    private static final Pattern STARTED = Pattern.compile("Tomcat started on port (\\d+)");
    private static final String TOKEN = "let-me-write";

    @TempDir
    Path folder;

    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private Process process;
    private String base;

    private Path log() {
        return folder.resolve("log");
    }

    private void start() throws IOException {
        process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-jar",
                        BootJar.make(folder).toString(),
                        "--server.address=127.0.0.1",
                        "--server.port=0",
                        "--state.token=" + TOKEN)
                .redirectErrorStream(true)
                .redirectOutput(log().toFile())
                .start();
        Awaitility.await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
            String text = Files.readString(log(), UTF_8);
            Matcher started = STARTED.matcher(text);
            assertThat(started.find() || !process.isAlive()).as(text).isTrue();
        });
        String text = Files.readString(log(), UTF_8);
        Matcher started = STARTED.matcher(text);
        assertThat(started.find()).as(text).isTrue();
        base = "http://127.0.0.1:" + started.group(1) + "/state";
    }

    @AfterEach
    void stop() throws InterruptedException {
        if (process != null) {
            process.destroyForcibly().waitFor();
        }
    }

    private HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return client.send(HttpRequest.newBuilder(URI.create(base + path)).build(), BodyHandlers.ofString(UTF_8));
    }

    private HttpResponse<String> propose(String token) throws IOException, InterruptedException {
        String proposal = """
                {"topic": "settings", "baseRevision": "1", "data": {"theme": "dark", "pageSize": 50}}""";
        HttpRequest request = HttpRequest.newBuilder(URI.create(base + "/proposals"))
                .header("Content-Type", "application/json")
                .header("Authorization", "Bearer " + token)
                .POST(HttpRequest.BodyPublishers.ofString(proposal, UTF_8))
                .build();
        return client.send(request, BodyHandlers.ofString(UTF_8));
    }

    private static String event(BufferedReader lines) throws IOException {
        String line = lines.readLine();
        while (line != null && !line.startsWith("data: ")) {
            line = lines.readLine();
        }
        return line;
    }

    @Test
    void aJarServesStateAndEndsWhileItIsFollowed() throws Exception {
        start();
        assertThat(get("/snapshot?topic=settings").body())
                .as(Files.readString(log(), UTF_8))
                .contains("\"data\":{\"theme\":\"light\",\"pageSize\":20}");
        assertThat(get("/snapshot?topic=nothing").statusCode()).isEqualTo(404);
        HttpRequest follow = HttpRequest.newBuilder(URI.create(base + "/events?topic=settings&inline=1000"))
                .build();
        try (InputStream stream =
                        client.send(follow, BodyHandlers.ofInputStream()).body();
                BufferedReader lines = new BufferedReader(new InputStreamReader(stream, UTF_8))) {
            assertThat(event(lines)).contains("\"revision\":\"1\"").contains("light");

            HttpResponse<String> refused = propose("guessed");
            assertThat(refused.statusCode()).isEqualTo(401);
            assertThat(refused.headers().firstValue("WWW-Authenticate")).contains("Bearer");
            assertThat(propose(TOKEN).statusCode()).isEqualTo(200);
            assertThat(propose(TOKEN).statusCode()).isEqualTo(409);
            assertThat(event(lines)).contains("\"revision\":\"2\"").contains("dark");

            process.destroy(); // Spring Boot would wait 30 s for requests that are open
            assertThat(event(lines)).isNull();
            assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        }
    }
}
