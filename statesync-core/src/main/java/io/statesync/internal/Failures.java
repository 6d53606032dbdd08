package io.statesync.internal;

import java.util.concurrent.CompletionException;

/** What stages fail with. */
public final class Failures {
    private Failures() {}

    /** What made a stage fail: a stage that depends on the one that failed wraps it. */
    public static Throwable unwrapped(Throwable error) {
        Throwable cause = error.getCause();
        return error instanceof CompletionException && cause != null ? cause : error;
    }
}
