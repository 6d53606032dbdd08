package io.statesync.simulation;

import io.statesync.Proposal;
import io.statesync.Revision;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import io.statesync.WriteResult;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** The one source: it counts its writes, and remembers what it held at each version. */
final class SimulatedSource {
    /** What is in a value that it does not accept. */
    static final String REFUSED = "refused";

    private static final Pattern DOUBLED = Pattern.compile("(<[^>]*>).*\\1");

    private final boolean epochs;
    private final Map<StateVersion, String> proposers = new HashMap<>();
    private final Map<String, StateVersion> accepted = new HashMap<>();
    private final Map<StateVersion, String> held = new HashMap<>();
    private final List<StateVersion> history = new ArrayList<>();

    /** A source that says its epoch, or one that has none and never loses its count. */
    SimulatedSource(boolean epochs) {
        this.epochs = epochs;
        record(StateVersion.ofUnsigned(epochs ? 1 : 0, 0));
    }

    boolean hasEpochs() {
        return epochs;
    }

    StateVersion version() {
        return history.get(history.size() - 1);
    }

    void write() {
        record(StateVersion.of(version().epoch(), version().revision().next()));
    }

    /**
     * Decides on a proposal; one that it accepted before is accepted at the same version again, also after a restart.
     */
    WriteResult<String> propose(Proposal<String> proposal) {
        StateVersion before = accepted.get(proposal.proposalId());
        if (before != null) {
            return new WriteResult.Accepted<>(before);
        }
        if (!version().equals(proposal.base())) {
            return new WriteResult.Conflict<>(snapshot(0));
        }
        if (proposal.value().contains(REFUSED)) {
            return new WriteResult.Rejected<>("refused");
        }
        StateVersion next =
                StateVersion.of(version().epoch(), version().revision().next());
        history.add(next);
        held.put(next, proposal.value());
        accepted.put(proposal.proposalId(), next);
        proposers.put(next, proposal.sourceId());
        return new WriteResult.Accepted<>(next);
    }

    /** Whether its state at a version is the accepted proposal of someone. */
    boolean isProposedBy(String name, StateVersion version) {
        return name.equals(proposers.get(version));
    }

    /** Whether any of its states contained a text. */
    boolean hasHeld(String text) {
        return held.values().stream().anyMatch(state -> state.contains(text));
    }

    /** A state that contains a write twice; null if there is none. */
    String doubled() {
        return held.values().stream()
                .filter(state -> DOUBLED.matcher(state).find())
                .findFirst()
                .orElse(null);
    }

    /** Loses its count: a new epoch, and some revision in it. */
    void restart(long revision) {
        record(StateVersion.of(version().epoch().next(), Revision.of(revision)));
    }

    private void record(StateVersion version) {
        history.add(version);
        held.put(version, "state " + history.size() + " of " + version);
    }

    /** What the source held at a version; null if it never was there. */
    String heldAt(StateVersion version) {
        return held.get(version);
    }

    /** The state as it was some versions ago. */
    SnapshotEnvelope<String> snapshot(int versionsAgo) {
        StateVersion version = history.get(Math.max(0, history.size() - 1 - versionsAgo));
        return epochs
                ? SnapshotEnvelope.of(version, held.get(version))
                : SnapshotEnvelope.of(version.revision(), held.get(version));
    }
}
