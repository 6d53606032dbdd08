package io.statesync.http.server;

import io.statesync.TimeSource;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
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

    Router(Hub hub) {
        this.hub = hub;
        cors = new Cors(hub.options().allowedOrigins());
        pull = new Pull(hub);
        pullMany = new PullMany(hub);
        propose = new Propose(hub);
        streams = new Streams(hub);
    }

    void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        Call call = new Call(request, hub.options());
        try {
            if (!cors.isAnswered(request, response)) {
                if (hub.isStopping()) {
                    throw Problem.stopping();
                }
                route(call, request, response);
            }
        } catch (Problem problem) {
            call.skipBody();
            write(request, response, problem.answer());
        } catch (CodecLookupException e) {
            log.error("a request failed", e);
            write(request, response, Problem.sourceFailed().answer());
        }
    }

    private void route(Call call, HttpServletRequest request, HttpServletResponse response)
            throws Problem, IOException {
        String path = request.getPathInfo() != null ? request.getPathInfo() : request.getServletPath();
        if (path.startsWith(STREAMS)) {
            String id = path.substring(STREAMS.length());
            checkMethod(request, "GET", "POST");
            if (request.getMethod().equals("GET")) {
                streams.connect(call, id, response);
            } else {
                write(request, response, streams.change(call, id));
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
                write(request, response, streams.make(call));
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

    private static void write(HttpServletRequest request, HttpServletResponse response, Answer answer)
            throws IOException {
        answer.writeHead(response);
        if (answer.body().length > 0 && !request.getMethod().equals("HEAD")) {
            response.getOutputStream().write(answer.body());
        }
    }

    /** Writes an answer: here, if it is there already; otherwise when it comes, on no thread of the container's. */
    private void answer(
            HttpServletRequest request, HttpServletResponse response, CompletableFuture<Answer> future, boolean isWrite)
            throws Problem, IOException {
        CompletionStage<Answer> whole = future.exceptionally(Router::failure);
        if (future.isDone()) {
            write(request, response, whole.toCompletableFuture().join());
            return;
        }
        AsyncContext async = request.startAsync();
        async.setTimeout(0);
        Duration longest = hub.options()
                .sourceTimeout()
                .plus(isWrite ? Duration.ZERO : hub.options().maxWait());
        Problem late = isWrite ? Problem.unknownOutcome() : Problem.sourceFailed();
        CompletableFuture<Answer> first = new CompletableFuture<>();
        TimeSource.Timer timer = hub.options()
                .timeSource()
                .schedule(
                        () -> hub.run(() -> {
                            if (first.complete(late.answer())) {
                                log.error("the source did not answer afterMs={}", longest.toMillis());
                            }
                        }),
                        longest);
        AnswerOutput output = new AnswerOutput(async, response, timer::cancel);
        output.begin();
        boolean head = request.getMethod().equals("HEAD");
        CompletionStage<Answer> answered = first;
        answered.thenAccept(answer -> output.answer(head ? answer.withoutBody() : answer));
        whole.thenAccept(first::complete);
    }

    private static Answer failure(Throwable failure) {
        if (!Problem.isOne(failure)) {
            log.error("a request failed", failure);
        }
        return Problem.of(failure).answer();
    }
}
