package io.statesync.property;

import io.statesync.StateVersion;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * What waits for its outcome at one replica, by a naive reading of its documentation. Writes that share an outcome are a
 * group: what is written after a set joins it, until it is under way; updates that follow each other are proposed together.
 */
final class PendingWrites {
    private String writer;
    private final List<Group> groups = new ArrayList<>();
    private int underWay;
    private StateVersion base; // of what is under way
    private boolean inDoubt;

    PendingWrites(String writer) {
        this.writer = writer;
    }

    /** Writes with one outcome. */
    private static final class Group {
        private final List<Write> writes = new ArrayList<>();
        private Tokens value; // null for an update
        private Tokens mergedOn; // what the source had, if the value is made from that
        private StateVersion base; // of a set: what its writer knew
        private int restored; // how many writes, the first ones, are of an earlier process
        private int hidden; // how many writes are not counted, as what was restored is one
    }

    /** A proposal, as it has to arrive. */
    record Proposed(String writer, List<Write> writes, UnaryOperator<Tokens> function, Tokens mergedOn) {}

    /** Adds a write, made at a version. Throws what its function throws, if it has to be made at once. */
    void add(Write write, StateVersion known) {
        int last = groups.size() - 1;
        boolean joins = last >= underWay && groups.get(last).value != null;
        Tokens value = write.set || joins ? write.function.apply(joins ? groups.get(last).value : Tokens.NONE) : null;
        Group group = joins ? groups.get(last) : new Group();
        if (!joins) {
            groups.add(group);
        }
        group.base = joins ? group.base : known;
        group.value = value;
        group.mergedOn = write.set ? null : group.mergedOn;
        group.writes.add(write);
    }

    /** A write has its outcome. */
    void remove(Write write) {
        for (int i = 0; i < groups.size(); i++) {
            Group group = groups.get(i);
            group.restored -= group.writes.indexOf(write) >= 0 && group.writes.indexOf(write) < group.restored ? 1 : 0;
            if (group.writes.remove(write) && group.writes.isEmpty()) {
                groups.remove(i);
                underWay -= i < underWay ? 1 : 0;
                inDoubt &= underWay > 0;
                return;
            }
        }
    }

    /** What is proposed next, by who knows a version. */
    Proposed propose(StateVersion known) {
        Group first = groups.get(0);
        inDoubt = false;
        base = first.value != null ? first.base : known;
        if (first.value != null) {
            underWay = 1;
            Tokens value = first.value;
            return new Proposed(writer, List.copyOf(first.writes), state -> value, first.mergedOn);
        }
        List<Write> updates = new ArrayList<>();
        for (underWay = 0; underWay < groups.size() && groups.get(underWay).value == null; underWay++) {
            updates.addAll(groups.get(underWay).writes);
        }
        return new Proposed(
                writer,
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

    /** The version that what is under way was proposed on; null if none was known. */
    StateVersion base() {
        return base;
    }

    /** What was under way has certainly not reached the source. */
    void notSent() {
        underWay = 0;
        coalesce();
    }

    /** Of what is not under way, everything from the first set on is one set. */
    private void coalesce() {
        List<Group> separate = List.copyOf(groups.subList(underWay, groups.size()));
        groups.subList(underWay, groups.size()).clear();
        for (Group group : separate) {
            Group last = groups.size() <= underWay ? null : groups.get(groups.size() - 1);
            if (last == null || last.value == null || !join(last, group)) {
                groups.add(group);
            }
        }
    }

    private static boolean join(Group set, Group next) {
        try {
            set.value = next.value != null
                    ? next.value
                    : next.writes.get(0).function.apply(set.value);
        } catch (FragileException e) {
            return false;
        }
        set.mergedOn = next.value != null ? null : set.mergedOn;
        set.writes.addAll(next.writes);
        set.restored += next.restored;
        set.hidden += next.hidden;
        return true;
    }

    /** It is not known what became of what is under way. */
    void missed() {
        inDoubt = true;
    }

    /** The source has moved on from what was under way; if it is proposed anew, then from there. */
    void conflict(StateVersion current) {
        underWay = 0;
        inDoubt = false;
        groups.get(0).base = current;
    }

    /** The process ends, and what is pending is restored by the next. */
    void restored() {
        inDoubt = underWay > 0;
        for (Group group : groups) {
            group.restored = group.writes.size();
            group.hidden = group.restored - 1;
        }
        coalesce();
    }

    /** The process ends, and nothing is kept. What is under way may have reached the source. */
    void forgotten() {
        groups.stream().skip(underWay).flatMap(group -> group.writes.stream()).forEach(Write::refused);
        groups.clear();
        underWay = 0;
        inDoubt = false;
        writer += "'"; // the next process knows nothing of it
    }

    /** Who proposes. */
    String writer() {
        return writer;
    }

    /** Whether the source may have taken something that is under way, unknown to who proposed it. */
    boolean isInDoubt() {
        return inDoubt;
    }

    /** The set under way has been merged with the source's state. */
    void merged(Tokens value, Tokens server) {
        groups.get(0).value = value;
        groups.get(0).mergedOn = server;
    }

    /** Whether a write is pending since an earlier process. */
    boolean isRestored(Write write) {
        return groups.stream()
                .anyMatch(group -> group.writes.indexOf(write) >= 0 && group.writes.indexOf(write) < group.restored);
    }

    int count() {
        return groups.stream()
                .mapToInt(group -> group.writes.size() - group.hidden)
                .sum();
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
