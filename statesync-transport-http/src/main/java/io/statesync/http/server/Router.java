package io.statesync.http.server;

import io.statesync.http.server.internal.Answer;
import io.statesync.http.server.internal.Cors;
import io.statesync.http.server.internal.Responder;
import io.statesync.source.internal.CodecLookupException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes each request to what answers it, and writes the answer. */
final class Router {
    private static final Logger log = LoggerFactory.getLogger("io.statesync.http.server");
    private static final String STREAMS = "/streams/";

    private final Hub hub;
    private final Cors cors;
    private final Pull pull;
    private final PullMany pullMany;
    private final Propose propose;
    private final Streams streams;
    private final Responder responder;

    Router(Hub hub) {
        this.hub = hub;
        cors = new Cors(hub.options().allowedOrigins());
        pull = new Pull(hub);
        pullMany = new PullMany(hub);
        propose = new Propose(hub);
        streams = new Streams(hub);
        responder = new Responder(hub.options().timeSource(), hub::run);
    }

    void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        try {
            if (!cors.isAnswered(request, response)) {
                if (hub.isStopping()) {
                    throw Problem.stopping();
                }
                route(request, response);
            }
        } catch (Problem problem) {
            Responder.skipBody(request);
            Responder.write(request, response, problem.answer());
        } catch (CodecLookupException e) {
            log.error("a request failed", e);
            Responder.write(request, response, Problem.sourceFailed().answer());
        }
    }

    private void route(HttpServletRequest request, HttpServletResponse response) throws Problem, IOException {
        Call call = new Call(request, hub.options());
        String path = request.getPathInfo() != null ? request.getPathInfo() : request.getServletPath();
        if (path.startsWith(STREAMS)) {
            String id = path.substring(STREAMS.length());
            checkMethod(request, "GET", "POST");
            if (request.getMethod().equals("GET")) {
                streams.connect(call, id, response);
            } else {
                Responder.write(request, response, streams.change(call, id));
            }
            return;
        }
        switch (path) {
            case "/snapshot" -> {
                checkMethod(request, "GET", "HEAD");
                answer(request, response, pull.answer(call), false);
            }
            case "/snapshots" -> {
                checkMethod(request, "POST");
                answer(request, response, pullMany.answer(call), false);
            }
            case "/proposals" -> {
                checkMethod(request, "POST");
                answer(request, response, propose.answer(call), true);
            }
            case "/streams" -> {
                checkMethod(request, "POST");
                Responder.write(request, response, streams.make(call));
            }
            case "/events" -> {
                checkMethod(request, "GET");
                streams.events(call, response);
            }
            default -> throw Problem.noSuchPath(path);
        }
    }

    private static void checkMethod(HttpServletRequest request, String... allowed) throws Problem {
        String method = request.getMethod();
        for (String each : allowed) {
            if (each.equals(method)) {
                return;
            }
        }
        throw Problem.methodNotAllowed(method, String.join(", ", allowed));
    }

    /** Writes an answer, which {@link #failure} makes of a failure. */
    private void answer(
            HttpServletRequest request, HttpServletResponse response, CompletableFuture<Answer> future, boolean isWrite)
            throws IOException {
        Duration longest = hub.options()
                .sourceTimeout()
                .plus(isWrite ? Duration.ZERO : hub.options().maxWait());
        Problem late = isWrite ? Problem.unknownOutcome() : Problem.sourceFailed();
        responder.answer(request, response, future.exceptionally(Router::failure), longest, () -> {
            log.error("the source did not answer afterMs={}", longest.toMillis());
            return late.answer();
        });
    }

    private static Answer failure(Throwable failure) {
        if (!Problem.isOne(failure)) {
            log.error("a request failed", failure);
        }
        return Problem.of(failure).answer();
    }
}
