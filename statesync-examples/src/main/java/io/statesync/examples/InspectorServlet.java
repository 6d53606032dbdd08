package io.statesync.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.statesync.StateVersion;
import io.statesync.http.server.StreamInfo;
import io.statesync.http.server.StreamInfo.TopicInfo;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serial;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The inspector: its page at {@code /}, and what the page cannot know by itself at {@code /inspector/now}. */
final class InspectorServlet extends HttpServlet {
    @Serial
    private static final long serialVersionUID = 1L;

    private static final JsonMapper MAPPER = JsonMapper.shared();
    private static final Pattern FILE = Pattern.compile("/inspector/([a-z-]+\\.(html|css|js|svg))");
    private static final Map<String, String> TYPES =
            Map.of("html", "text/html", "css", "text/css", "js", "text/javascript", "svg", "image/svg+xml");

    private final transient Collection<String> topics;
    private final transient Supplier<List<StreamInfo>> streams;
    private final transient Timeline timeline;
    private final boolean readOnly;
    private final String instance = Long.toString(System.currentTimeMillis(), Character.MAX_RADIX);

    InspectorServlet(
            Collection<String> topics, Supplier<List<StreamInfo>> streams, Timeline timeline, boolean readOnly) {
        this.topics = topics;
        this.streams = streams;
        this.timeline = timeline;
        this.readOnly = readOnly;
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        response.setHeader("Content-Security-Policy", "default-src 'self'; base-uri 'none'; frame-ancestors 'none'");
        response.setHeader("X-Content-Type-Options", "nosniff");
        response.setHeader("Cache-Control", "no-cache");
        String path = request.getRequestURI();
        if (path.equals("/inspector/now")) {
            boolean known = instance.equals(request.getParameter("instance"));
            send(response, "application/json", now(known ? after(request) : 0));
            return;
        }
        Matcher file = FILE.matcher(path.equals("/") ? "/inspector/index.html" : path);
        if (path.equals("/statesync/statesync.js")) {
            sendResource(response, "/META-INF/resources" + path, "js");
        } else if (file.matches()) {
            sendResource(response, file.group(), file.group(2));
        } else {
            response.sendError(HttpServletResponse.SC_NOT_FOUND);
        }
    }

    private static long after(HttpServletRequest request) {
        String after = request.getParameter("after");
        return after != null && after.matches("\\d{1,18}") ? Long.parseLong(after) : 0;
    }

    private static void sendResource(HttpServletResponse response, String name, String extension) throws IOException {
        try (InputStream in = InspectorServlet.class.getResourceAsStream(name)) {
            if (in == null) {
                response.sendError(HttpServletResponse.SC_NOT_FOUND);
            } else {
                send(response, TYPES.getOrDefault(extension, "text/plain"), in.readAllBytes());
            }
        }
    }

    private static void send(HttpServletResponse response, String type, byte[] body) throws IOException {
        response.setContentType(type + ";charset=utf-8");
        response.setContentLength(body.length);
        response.getOutputStream().write(body);
    }

    private byte[] now(long after) {
        ObjectNode now = MAPPER.createObjectNode();
        now.put("instance", instance).put("readOnly", readOnly);
        ArrayNode names = now.putArray("topics");
        topics.forEach(names::add);
        ArrayNode who = now.putArray("streams");
        streams.get().forEach(stream -> write(who.addObject(), stream));
        ArrayNode events = now.putArray("events");
        timeline.after(after).forEach(event -> write(events.addObject(), event));
        return now.toString().getBytes(UTF_8);
    }

    private static void write(ObjectNode json, StreamInfo stream) {
        json.put("name", stream.name()).put("address", stream.remoteAddress()).put("agent", stream.userAgent());
        json.put("since", stream.since().toEpochMilli());
        json.put("connected", stream.connected()).put("blocked", stream.blocked());
        ArrayNode followed = json.putArray("topics");
        for (TopicInfo topic : stream.topics()) {
            ObjectNode each = followed.addObject().put("topic", topic.topic());
            write(each.putObject("sent"), topic.sent());
            write(each.putObject("pulled"), topic.acknowledged());
        }
    }

    private static void write(ObjectNode json, Timeline.Event event) {
        json.put("id", event.id()).put("at", event.at()).put("topic", event.topic());
        json.put("kind", event.kind().name().toLowerCase(Locale.ROOT));
        json.put("by", event.by()).put("message", event.message());
        write(json, event.version());
    }

    private static void write(ObjectNode json, @Nullable StateVersion version) {
        if (version != null) {
            json.put("epoch", version.epoch().toString())
                    .put("revision", version.revision().toString());
        }
    }
}
