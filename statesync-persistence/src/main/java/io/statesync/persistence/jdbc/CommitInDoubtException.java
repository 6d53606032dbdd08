package io.statesync.persistence.jdbc;

import java.io.Serial;
import java.sql.SQLException;

/** A commit failed, and it is not known whether the database did it. */
final class CommitInDoubtException extends SQLException {
    @Serial
    private static final long serialVersionUID = 1L;

    CommitInDoubtException(Throwable cause) {
        super("it is not known whether the transaction was committed: " + cause.getMessage(), cause);
    }
}
