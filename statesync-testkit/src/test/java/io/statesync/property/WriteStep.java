package io.statesync.property;

import java.util.List;

/**
 * Something that happens to replicas that write, or is about to. Small numbers stand for the plain cases, to which shrinking
 * leads.
 *
 * @param kind what happens
 * @param who to which replica, modulo how many there are
 * @param number how long or in which way
 */
record WriteStep(Kind kind, int who, int number) {
    /** How many numbers there are. */
    static final int NUMBERS = 10;

    private static final List<Integer> MILLIS = List.of(1, 10, 50, 100, 300, 0, 1_000, 5_000, 12_000, 40_000);

    /** What happens, with how often. The faults strike what comes next of their sort. */
    enum Kind {
        UPDATE(24),
        SET(14),
        ADVANCE(24),
        /** An update whose function throws on some states. */
        FRAGILE_UPDATE(5),
        POISONED_UPDATE(2),
        POISONED_SET(2),
        SOURCE_UPDATES(5),
        SOURCE_SETS(2),
        REFRESH(3),
        DISCONNECT(4),
        CONNECT(6),
        EVENT_DROPPED(5),
        EVENT_LATE(5),
        EVENT_TWICE(3),
        SNAPSHOT_PUSHED(4),
        PULL_FAILS(3),
        PULL_HANGS(2),
        PULL_LATE(5),
        PULL_LAGS(4),
        NOT_SENT(5),
        PROPOSAL_LOST(4),
        PROPOSAL_FAILS(4),
        PROPOSAL_LATE(6),
        PROPOSAL_TWICE(4),
        ANSWER_LOST(5),
        ANSWER_FAILS(5),
        ANSWER_LATE(6),
        JOURNAL_FAILS(3),
        JOURNAL_FAILS_STORED(3),
        JOURNAL_STORES_LATE(3),
        JOURNAL_UNREADABLE(2),
        RESTART(3),
        RESTART_UNCERTAIN(2),
        CLOSE(1),
        /** The replica's process ends, abruptly or closing it, and another one begins. */
        CRASH(4);

        final int weight;

        Kind(int weight) {
            this.weight = weight;
        }

        boolean isOfEvents() {
            return name().startsWith("EVENT_") || this == SNAPSHOT_PUSHED;
        }

        boolean isOfPulls() {
            return name().startsWith("PULL_");
        }

        boolean isOfProposals() {
            return name().startsWith("PROPOSAL_") || name().startsWith("ANSWER_") || this == NOT_SENT;
        }

        boolean isOfJournal() {
            return name().startsWith("JOURNAL_");
        }
    }

    /** A time in milliseconds. */
    int millis() {
        return MILLIS.get(number);
    }

    /** One of two ways. */
    boolean otherwise() {
        return number % 2 == 1;
    }
}
