package io.statesync;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/**
 * What came over the wire breaks the protocol: a malformed revision or epoch, a null snapshot, an unreadable payload.
 *
 * <p>A {@link SnapshotProvider} whose answer fails with this, directly or as the cause of a {@code CompletionException},
 * fails its cycle in phase {@link SyncPhase#PROTOCOL} without a retry (contract G4).
 */
public final class ProtocolException extends SyncException {
    @Serial
    private static final long serialVersionUID = 1L;

    /** A breach of the protocol, described. */
    public ProtocolException(String message) {
        this(message, null);
    }

    /** A breach of the protocol, described, with what revealed it. */
    public ProtocolException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
