package io.statesync.jms.scaling;

import io.statesync.NotSentException;
import io.statesync.WriteResult;
import io.statesync.WriteResult.Accepted;
import io.statesync.WriteResult.Unknown;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * A thread that writes, one write after the other: says {@code try} before each, and after it {@code accepted}, {@code refused}
 * if it certainly was not written, or {@code unknown}.
 */
final class Writing {
    private final String writer;
    private final Duration pause;
    private final Function<UnaryOperator<Map<String, Long>>, CompletionStage<WriteResult<Map<String, Long>>>> update;
    private final CompletionStage<?> ready;
    private final Thread thread = new Thread(this::run, "writes");
    private volatile boolean ended;

    /**
     * A writer that does not write yet.
     *
     * @param ready what it waits for before its first write
     */
    Writing(
            String writer,
            Duration pause,
            CompletionStage<?> ready,
            Function<UnaryOperator<Map<String, Long>>, CompletionStage<WriteResult<Map<String, Long>>>> update) {
        this.writer = writer;
        this.pause = pause;
        this.ready = ready;
        this.update = update;
        thread.setDaemon(true);
    }

    void begin() {
        thread.start();
    }

    private void run() {
        try {
            var unused = ready.toCompletableFuture().get();
            while (!ended) {
                System.out.println("try " + writer);
                System.out.println(outcome() + " " + writer);
                LockSupport.parkNanos(pause.toNanos()); // the pace of the writes
            }
        } catch (Throwable t) { // whoever started the process has to know
            System.out.println("fault writing ended: " + t);
        }
    }

    private String outcome() throws InterruptedException {
        try {
            WriteResult<Map<String, Long>> result =
                    update.apply(Counts.oneMore(writer)).toCompletableFuture().get();
            if (result instanceof Accepted) {
                return "accepted";
            }
            return result instanceof Unknown ? "unknown" : "refused";
        } catch (ExecutionException e) {
            if (e.getCause() instanceof NotSentException) {
                return "refused";
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    /** Ends after the write that is under way. */
    void end() throws InterruptedException {
        ended = true;
        thread.join();
        System.out.println("stopped " + writer);
    }
}
