package io.statesync.replica;

import java.io.Serial;

/** A write was refused, before it changed anything, because too many wait for their outcome already. */
public final class WriteQueueFullException extends IllegalStateException {
    @Serial
    private static final long serialVersionUID = 1L;

    WriteQueueFullException(String topic, int maxPending) {
        super("replica " + topic + ": " + maxPending + " writes wait for their outcome already (maxPending)");
    }
}
