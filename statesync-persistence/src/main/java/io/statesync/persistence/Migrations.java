package io.statesync.persistence;

import io.statesync.jackson.internal.Redacted;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * The way from each earlier form of a state to the present one, one version at a time. Immutable.
 *
 * <p>A form's number is the schema version that entries record, from 0, which is what a {@link SnapshotFormat} without
 * migrations writes.
 */
public final class Migrations {
    private final int current;
    private final List<Step> steps; // the first is from the oldest, the last to the current version

    private Migrations(int current, List<Step> steps) {
        this.current = current;
        this.steps = steps;
    }

    /** Brings a state from one form into the next. */
    @FunctionalInterface
    public interface Step {
        /**
         * The state in the next form: the same tree, changed, or another.
         *
         * @throws Exception if it cannot be brought into it
         */
        JsonNode migrate(JsonNode state) throws Exception;
    }

    /**
     * A builder for the way to a version, which is the one that will be written.
     *
     * @throws IllegalArgumentException if {@code version} is negative
     */
    public static Builder to(int version) {
        return new Builder(version);
    }

    /** The version that the way leads to. */
    public int current() {
        return current;
    }

    /** The oldest version that it leads from; {@link #current} if there are no steps. */
    public int oldest() {
        return current - steps.size();
    }

    /** Whether a state of this schema version has to be migrated, whether or not there is a way. */
    public boolean needsMigration(int version) {
        return version != current;
    }

    /**
     * The versions on the way, both ends included; only the current one if there is nothing to do.
     *
     * @throws MigrationException if there is no way: the version is from the future, or older than the oldest step
     */
    public List<Integer> path(int version) throws MigrationException {
        if (version > current) {
            throw new MigrationException("schema version " + version + " is later than this application's " + current
                    + ": a newer application wrote it");
        }
        if (version < oldest()) {
            throw new MigrationException("there is no migration from schema version " + version
                    + ": the oldest that can be read is " + oldest());
        }
        return IntStream.rangeClosed(version, current).boxed().toList();
    }

    /**
     * Brings a state into the present form.
     *
     * @param version the schema version that it is in
     * @throws MigrationException if there is no way, or a step failed, naming it
     */
    public JsonNode migrate(JsonNode state, int version) throws MigrationException {
        JsonNode tree = state;
        for (int from : path(version)) {
            if (from < current) {
                tree = migrateOne(tree, from);
            }
        }
        return tree;
    }

    private JsonNode migrateOne(JsonNode tree, int from) throws MigrationException {
        String step = "the migration from schema version " + from + " to " + (from + 1);
        try {
            JsonNode next = steps.get(from - oldest()).migrate(tree);
            if (next != null) {
                return next;
            }
        } catch (Throwable t) { // of the user's step: an Error is as much the step's as an exception
            throw new MigrationException(step + " failed", t instanceof JacksonException ? Redacted.of(t) : t);
        }
        throw new MigrationException(step + " returned null");
    }

    @Override
    public String toString() {
        return "Migrations["
                + IntStream.rangeClosed(oldest(), current)
                        .mapToObj(Integer::toString)
                        .collect(Collectors.joining(" → "))
                + "]";
    }

    /** Builds {@link Migrations}: a step from each version, without gaps, to the current one. */
    public static final class Builder {
        private final int current;
        private final TreeMap<Integer, Step> steps = new TreeMap<>();

        private Builder(int current) {
            if (current < 0) {
                throw new IllegalArgumentException("the schema version must not be negative: " + current);
            }
            this.current = current;
        }

        /**
         * The step from a version to the next.
         *
         * @throws IllegalArgumentException if there is one from this version already, or the version is negative or not
         *     before the current one
         */
        public Builder from(int version, Step step) {
            Objects.requireNonNull(step, "step");
            if (current == 0) {
                throw new IllegalArgumentException("version 0 is the first form, so nothing is migrated to it: from("
                        + version + "); what the form of version 0 becomes is version 1, Migrations.to(1)");
            }
            if (version < 0 || version >= current) {
                throw new IllegalArgumentException(
                        "a migration must be from a version between 0 and " + (current - 1) + ": " + version);
            }
            if (steps.putIfAbsent(version, step) != null) {
                throw new IllegalArgumentException("there are two migrations from schema version " + version);
            }
            return this;
        }

        /**
         * The migrations.
         *
         * @throws IllegalArgumentException if there is a gap, naming it
         */
        public Migrations build() {
            List<Step> way = new ArrayList<>();
            if (!steps.isEmpty()) {
                for (int version = steps.firstKey(); version < current; version++) {
                    Step step = steps.get(version);
                    if (step == null) {
                        throw new IllegalArgumentException(
                                "there is no migration from schema version " + version + " to " + (version + 1)
                                        + ", and the way from " + steps.firstKey() + " to " + current + " needs it");
                    }
                    way.add(step);
                }
            }
            return new Migrations(current, List.copyOf(way));
        }
    }
}
