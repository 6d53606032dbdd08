package io.statesync.source.internal;

import io.statesync.internal.Texts;
import java.io.Serial;

/** The function that gives a topic's codec failed. */
public final class CodecLookupException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    /** For a topic. */
    public CodecLookupException(String topic, Throwable cause) {
        super("no codec could be had for topic " + Texts.quote(topic), cause);
    }
}
