package io.statesync.replica;

import java.io.Serial;

/**
 * A middleware does not let something pass: a proposal is then rejected with this message as its reason, a snapshot is not
 * taken over.
 */
public final class VetoException extends Exception {
    @Serial
    private static final long serialVersionUID = 1L;

    /** Why it may not pass. */
    public VetoException(String reason) {
        super(reason);
    }
}
