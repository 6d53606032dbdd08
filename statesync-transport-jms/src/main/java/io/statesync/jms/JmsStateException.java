package io.statesync.jms;

import io.statesync.internal.Texts;
import java.io.IOException;
import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** A responder answered a request with an error. */
public final class JmsStateException extends IOException {
    @Serial
    private static final long serialVersionUID = 1L;

    private final int status;

    JmsStateException(String topic, int status, @Nullable String detail) {
        super("topic " + Texts.quote(topic) + ", status " + status + ": " + Texts.quote(detail, 200));
        this.status = status;
    }

    /** The status, as the protocol names it. */
    public int status() {
        return status;
    }
}
