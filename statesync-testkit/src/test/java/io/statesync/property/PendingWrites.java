package io.statesync.property;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * What waits for its outcome at one replica, by a naive reading of its documentation. Writes that share an outcome are a
 * group: what is written after a set joins it, until it is under way; updates that follow each other are proposed together.
 */
final class PendingWrites {
    private final List<Group> groups = new ArrayList<>();
    private int underWay;

    /** Writes with one outcome. */
    private static final class Group {
        private final List<Write> writes = new ArrayList<>();
        private Tokens value; // null for an update
        private Tokens mergedOn; // what the source had, if the value is made from that
    }

    /** A proposal, as it has to arrive. */
    record Proposed(List<Write> writes, UnaryOperator<Tokens> function, Tokens mergedOn) {}

    /** Adds a write. Throws what its function throws, if it has to be made at once. */
    void add(Write write) {
        int last = groups.size() - 1;
        boolean joins = last >= underWay && groups.get(last).value != null;
        Tokens value = write.set || joins ? write.function.apply(joins ? groups.get(last).value : Tokens.NONE) : null;
        Group group = joins ? groups.get(last) : new Group();
        if (!joins) {
            groups.add(group);
        }
        group.value = value;
        group.mergedOn = write.set ? null : group.mergedOn;
        group.writes.add(write);
    }

    /** A write has its outcome. */
    void remove(Write write) {
        for (int i = 0; i < groups.size(); i++) {
            Group group = groups.get(i);
            if (group.writes.remove(write) && group.writes.isEmpty()) {
                groups.remove(i);
                underWay -= i < underWay ? 1 : 0;
                return;
            }
        }
    }

    /** What is proposed next. */
    Proposed propose() {
        Group first = groups.get(0);
        if (first.value != null) {
            underWay = 1;
            Tokens value = first.value;
            return new Proposed(List.copyOf(first.writes), state -> value, first.mergedOn);
        }
        List<Write> updates = new ArrayList<>();
        for (underWay = 0; underWay < groups.size() && groups.get(underWay).value == null; underWay++) {
            updates.addAll(groups.get(underWay).writes);
        }
        return new Proposed(
                updates,
                state -> {
                    Tokens made = state;
                    for (Write write : updates) {
                        made = write.function.apply(made);
                    }
                    return made;
                },
                null);
    }

    /** What was under way will be proposed anew. */
    void back() {
        underWay = 0;
    }

    /** The set under way has been merged with the source's state. */
    void merged(Tokens value, Tokens server) {
        groups.get(0).value = value;
        groups.get(0).mergedOn = server;
    }

    int count() {
        return groups.stream().mapToInt(group -> group.writes.size()).sum();
    }

    /** These writes on top of a state; null on null if none is a set. */
    Tokens over(Tokens state) {
        Tokens made = state;
        for (Group group : groups) {
            if (group.value != null) {
                made = group.value;
            } else if (made != null) {
                made = madeOrSkipped(group.writes.get(0), made);
            }
        }
        return made;
    }

    private static Tokens madeOrSkipped(Write write, Tokens state) {
        try {
            return write.function.apply(state);
        } catch (FragileException e) {
            return state;
        }
    }

    /** What a fragile update throws. */
    static final class FragileException extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    @Override
    public String toString() {
        return groups.stream()
                        .map(group -> (group.value == null ? "update" : "set " + group.value) + group.writes)
                        .toList()
                + ", under way: " + underWay;
    }
}
