package io.statesync.property;

import io.statesync.StateVersion;
import java.util.function.UnaryOperator;

/** One write, by whoever, with what became of it. */
final class Write {
    final String token;

    /** What it makes of the state; for a set, whatever the state is. */
    final UnaryOperator<Tokens> function;

    final boolean set;
    private final WriteWorld world;
    private StateVersion committed;
    private boolean refused;

    Write(WriteWorld world, String token, boolean set, UnaryOperator<Tokens> function) {
        this.world = world;
        this.token = token;
        this.set = set;
        this.function = function;
    }

    /** The source stored it. */
    void committed(StateVersion version) {
        if (committed != null) {
            world.violated("write " + token + " is applied twice: at " + committed + " and at " + version);
        }
        if (refused) {
            world.violated("write " + token + " is applied at " + version + ", and was told that it is not");
        }
        committed = version;
    }

    /** The writer was told that it is accepted. */
    void accepted(StateVersion version) {
        if (!version.equals(committed)) {
            world.violated("write " + token + " was accepted at " + version + ", and stored at " + committed);
        }
    }

    /** The writer was told that it is not accepted. */
    void refused() {
        refused = true;
        if (committed != null) {
            world.violated("write " + token + " is applied at " + committed + ", and was told that it is not");
        }
    }

    boolean isCommitted() {
        return committed != null;
    }

    @Override
    public String toString() {
        return token;
    }
}
