package io.statesync.http.server.internal;

import io.statesync.internal.Conflator;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An answer that is written as the client takes it: no thread ever waits for a client.
 *
 * <p>One thread writes at a time, whichever signalled. While the container says that it can take no more, nothing is made to
 * be written; it says when it can (Servlet 6.0, 3.7).
 */
public abstract class AsyncOutput extends Conflator implements WriteListener, AsyncListener {
    private static final Logger log = LoggerFactory.getLogger("io.statesync.http.server");

    private final AsyncContext context;
    private final ServletOutputStream out;
    private volatile boolean possible; // set by the container, taken back before it is asked
    private volatile boolean broken;
    private volatile boolean waiting;
    private boolean unflushed; // by the run under way only
    private volatile boolean over; // written by the run under way only

    protected AsyncOutput(AsyncContext context, ServletOutputStream out) {
        super(Runnable::run); // what it does never blocks
        this.context = context;
        this.out = out;
    }

    /** Begins; on the container's thread, before anything is signalled. */
    public final void begin() {
        context.addListener(this);
        out.setWriteListener(this);
    }

    /** The next bytes; null if there are none now. */
    protected abstract byte @Nullable [] next();

    /** Whether nothing will follow. */
    protected abstract boolean isLast();

    /** It is over, by whatever way. Called once or more. */
    protected abstract void ended();

    /** All that there was to be said is written, and on its way; by the run under way. */
    protected void idle() {}

    /** The container takes no more for now, or takes something again. */
    protected void blocked(boolean now) {}

    @Override
    protected final void run() throws IOException {
        while (!over) {
            if (broken) {
                complete();
                return;
            }
            if (!possible) {
                return;
            }
            possible = false;
            if (!out.isReady()) {
                waiting(true);
                return; // the container will say when it is possible
            }
            possible = true;
            waiting(false);
            byte[] bytes = next();
            if (bytes != null) {
                out.write(bytes);
                unflushed = true;
            } else if (unflushed) {
                unflushed = false;
                out.flush();
            } else if (isLast()) {
                complete();
            } else {
                idle();
                return;
            }
        }
    }

    private void waiting(boolean now) {
        if (waiting != now) {
            waiting = now;
            blocked(now);
        }
    }

    /** Whether something waits for the client. */
    public final boolean isWaiting() {
        return waiting;
    }

    private void complete() {
        over = true;
        try {
            context.complete();
        } catch (RuntimeException e) { // the container has ended it
            log.debug("a request was over already", e);
        } finally {
            ended();
        }
    }

    /** Ends it, whatever has not been written. */
    public final void abort() {
        broken = true;
        signal();
    }

    @Override
    protected final void failed(Throwable error) {
        log.debug("a client is gone", error);
        if (!broken) {
            abort();
        }
    }

    @Override
    public final void onWritePossible() {
        possible = true;
        signal();
    }

    @Override
    public final void onError(Throwable error) {
        log.debug("a client is gone", error);
        abort();
    }

    @Override
    public final void onError(AsyncEvent event) {
        abort();
    }

    @Override
    public final void onTimeout(AsyncEvent event) {
        abort();
    }

    @Override
    public final void onComplete(AsyncEvent event) {
        broken = true; // nothing is written any more
        ended();
    }

    @Override
    public final void onStartAsync(AsyncEvent event) {}
}
