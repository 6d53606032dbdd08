package io.statesync.http.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;

/** Requests as a stranger would write them. */
public final class Http implements AutoCloseable {
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final URI base;
    private final List<Events> open = new ArrayList<>();

    public Http(URI base) {
        this.base = base;
    }

    public static String encoded(String text) {
        return URLEncoder.encode(text, UTF_8);
    }

    public HttpResponse<String> get(String path, String... headers) throws IOException, InterruptedException {
        return client.send(request(path, headers).build(), HttpResponse.BodyHandlers.ofString(UTF_8));
    }

    public HttpResponse<byte[]> bytes(String path, String... headers) throws IOException, InterruptedException {
        return client.send(request(path, headers).build(), HttpResponse.BodyHandlers.ofByteArray());
    }

    public HttpResponse<String> send(String method, String path, String... headers)
            throws IOException, InterruptedException {
        HttpRequest request = request(path, headers)
                .method(method, HttpRequest.BodyPublishers.noBody())
                .build();
        return client.send(request, HttpResponse.BodyHandlers.ofString(UTF_8));
    }

    public HttpResponse<String> post(String path, String json, String... headers)
            throws IOException, InterruptedException {
        HttpRequest request = request(path, headers)
                .setHeader("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(json, UTF_8))
                .build();
        return client.send(request, HttpResponse.BodyHandlers.ofString(UTF_8));
    }

    public HttpResponse<String> postAs(String contentType, String path, String body)
            throws IOException, InterruptedException {
        HttpRequest request = request(path)
                .setHeader("Content-Type", contentType)
                .POST(HttpRequest.BodyPublishers.ofString(body, UTF_8))
                .build();
        return client.send(request, HttpResponse.BodyHandlers.ofString(UTF_8));
    }

    private HttpRequest.Builder request(String path, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(base + path));
        return headers.length == 0 ? request : request.headers(headers);
    }

    /** Opens a stream of events. */
    public Events events(String path, String... headers) throws IOException, InterruptedException {
        Events events =
                new Events(client.send(request(path, headers).build(), HttpResponse.BodyHandlers.ofInputStream()));
        open.add(events);
        return events;
    }

    @Override
    public void close() throws IOException {
        for (Events each : open) {
            each.close();
        }
    }

    /** A stream of events, read line by line. */
    public static final class Events implements AutoCloseable {
        private final HttpResponse<InputStream> response;
        private final BufferedReader lines;

        Events(HttpResponse<InputStream> response) {
            this.response = response;
            this.lines = new BufferedReader(new InputStreamReader(response.body(), UTF_8));
        }

        public HttpResponse<InputStream> response() {
            return response;
        }

        /** The next block of lines before an empty one, joined by {@code |}; without ids. Null at the end. */
        public String next() throws IOException {
            StringBuilder block = new StringBuilder();
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.isEmpty()) {
                    return block.toString();
                }
                if (!line.startsWith("id: ")) {
                    block.append(block.isEmpty() ? "" : "|").append(line);
                }
            }
            return null;
        }

        /** The next block that is an event. */
        public String event() throws IOException {
            String block = next();
            while (block != null && !block.startsWith("event: ")) {
                block = next();
            }
            return block;
        }

        @Override
        public void close() throws IOException {
            response.body().close();
        }
    }
}
