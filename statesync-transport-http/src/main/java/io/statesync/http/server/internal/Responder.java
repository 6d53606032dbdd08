package io.statesync.http.server.internal;

import io.statesync.TimeSource;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/** Writes answers: at once, or when they come, on no thread of the container's. */
public final class Responder {
    /** The most that is read of a body that nobody wants, in bytes. */
    private static final int MAX_SKIPPED = 1 << 20;

    private final TimeSource time;
    private final Executor executor;

    /**
     * Writes answers.
     *
     * @param executor what says that an answer is late
     */
    public Responder(TimeSource time, Executor executor) {
        this.time = time;
        this.executor = executor;
    }

    /** Writes an answer. */
    public static void write(HttpServletRequest request, HttpServletResponse response, Answer answer)
            throws IOException {
        answer.writeHead(response);
        if (answer.body().length > 0 && !isHead(request)) {
            response.getOutputStream().write(answer.body());
        }
    }

    private static boolean isHead(HttpServletRequest request) {
        return request.getMethod().equals("HEAD");
    }

    /** Whether a request says that its body is JSON. */
    public static boolean isJson(HttpServletRequest request) {
        String contentType = request.getContentType();
        if (contentType == null) {
            return false;
        }
        int end = contentType.indexOf(';');
        String type = (end < 0 ? contentType : contentType.substring(0, end)).strip();
        return type.equalsIgnoreCase("application/json");
    }

    /**
     * Reads what is left of a body before an answer that did not need it: a connection that is closed with unread input is
     * reset, and the client may lose the answer with it (RFC 9112, 9.6). A client that waits to be told to go on, or that has
     * more than a megabyte to send, is not listened to any longer.
     */
    public static void skipBody(HttpServletRequest request) throws IOException {
        if (request.getHeader("Expect") != null || request.getContentLengthLong() > MAX_SKIPPED) {
            return;
        }
        InputStream in = request.getInputStream();
        byte[] buffer = new byte[8192];
        int skipped = 0;
        int count = 0;
        while (count >= 0 && skipped < MAX_SKIPPED) {
            skipped += count;
            count = in.read(buffer);
        }
    }

    /**
     * Writes an answer: here, if it is there already; otherwise when it comes.
     *
     * @param coming never fails
     * @param longest how long it may take
     * @param late makes the answer if it takes longer; called at most once
     */
    public void answer(
            HttpServletRequest request,
            HttpServletResponse response,
            CompletionStage<Answer> coming,
            Duration longest,
            Supplier<Answer> late)
            throws IOException {
        CompletableFuture<Answer> known = coming.toCompletableFuture();
        if (known.isDone()) {
            write(request, response, known.join());
            return;
        }
        AsyncContext async = request.startAsync();
        async.setTimeout(0);
        CompletableFuture<Answer> first = new CompletableFuture<>();
        TimeSource.Timer timer = time.schedule(
                () -> executor.execute(() -> {
                    if (!first.isDone()) {
                        first.complete(late.get());
                    }
                }),
                longest);
        AnswerOutput output = new AnswerOutput(async, response, timer::cancel);
        output.begin();
        boolean head = isHead(request);
        CompletionStage<Answer> answered = first;
        answered.thenAccept(answer -> output.answer(head ? answer.withoutBody() : answer));
        coming.thenAccept(first::complete);
    }
}
