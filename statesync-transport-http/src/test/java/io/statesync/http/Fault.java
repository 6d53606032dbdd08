package io.statesync.http;

import java.util.List;

/**
 * What a {@link FaultProxy} does to a request, or to its answer.
 *
 * @param amount bytes, milliseconds, or a status, as the kind has it
 */
record Fault(Kind kind, int amount) {
    enum Kind {
        /** Passes everything on. */
        NONE,
        /** Resets the connection, instead of passing the request on. */
        CUT,
        /** Passes the request on, and resets the connection when the answer begins: whether it was done is not known. */
        LOSE_ANSWER,
        /** Takes everything, and passes nothing on until it heals. */
        STALL,
        /** Passes everything on so many milliseconds later. */
        DELAY,
        /** Passes so many bytes of the answer's body on, and ends the connection. */
        TRUNCATE,
        /** Answers with this status by itself. */
        ANSWER
    }

    static final Fault NONE = new Fault(Kind.NONE, 0);
    static final Fault CUT = new Fault(Kind.CUT, 0);
    static final Fault LOSE_ANSWER = new Fault(Kind.LOSE_ANSWER, 0);
    static final Fault STALL = new Fault(Kind.STALL, 0);

    /** One of each, and of the statuses all. */
    static final List<Fault> ALL = List.of(
            CUT, LOSE_ANSWER, STALL, delay(120), truncate(2), truncate(20), answer(500), answer(502), answer(503));

    static Fault delay(int millis) {
        return new Fault(Kind.DELAY, millis);
    }

    static Fault truncate(int bytes) {
        return new Fault(Kind.TRUNCATE, bytes);
    }

    static Fault answer(int status) {
        return new Fault(Kind.ANSWER, status);
    }

    /** Whether the client learns that something failed. */
    boolean isFailure() {
        return kind != Kind.NONE && kind != Kind.DELAY;
    }

    @Override
    public String toString() {
        return amount == 0 ? kind.toString() : kind + "(" + amount + ")";
    }
}
