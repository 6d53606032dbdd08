package io.statesync;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

/**
 * Many engines, started, watched and closed as one.
 *
 * <p>Safe for use from any thread. A group starts its members side by side; it does not stop the others when one fails,
 * so that whoever starts it decides: read {@link #statuses()}, start again, or close.
 */
public final class SyncGroup implements AutoCloseable {
    private final List<RevisionSync<?>> members = new ArrayList<>(); // guarded by this
    private boolean closed; // guarded by this

    private SyncGroup() {}

    /** A group of these engines; more can be added. */
    public static SyncGroup of(RevisionSync<?>... members) {
        SyncGroup group = new SyncGroup();
        for (RevisionSync<?> member : members) {
            group.add(member);
        }
        return group;
    }

    /**
     * Adds an engine, which the group closes from now on, and returns it. It is not started.
     *
     * @throws IllegalStateException if the group is closed
     */
    public synchronized <S extends RevisionSync<?>> S add(S member) {
        Objects.requireNonNull(member, "member");
        if (closed) {
            throw new IllegalStateException("the group is closed; not added: " + member.instance());
        }
        members.add(member);
        return member;
    }

    /** Takes an engine out of the group without stopping it; whether it was a member. */
    public synchronized boolean remove(RevisionSync<?> member) {
        return members.remove(member);
    }

    /** The members now, in the order in which they were added. */
    public synchronized List<RevisionSync<?>> members() {
        return List.copyOf(members);
    }

    /**
     * Starts all members. The future is done when all are, and fails with the first failure, further ones suppressed in
     * it, when all have their outcome.
     */
    public CompletableFuture<Void> start() {
        return all(members().stream().map(RevisionSync::start).toList());
    }

    /** Refreshes all members; the future is like that of {@link #start()}. */
    public CompletableFuture<Void> refresh() {
        return all(members().stream().map(RevisionSync::refresh).toList());
    }

    private static CompletableFuture<Void> all(List<CompletableFuture<Void>> futures) {
        CompletableFuture<Void> outcome = new CompletableFuture<>();
        var unused = CompletableFuture.allOf(futures.toArray(CompletableFuture<?>[]::new))
                .whenComplete((nothing, ignored) -> complete(outcome, failures(futures)));
        return outcome;
    }

    private static List<Throwable> failures(List<CompletableFuture<Void>> done) {
        List<Throwable> failures = new ArrayList<>();
        for (CompletableFuture<Void> future : done) {
            var unused = future.whenComplete((nothing, error) -> {
                if (error != null) {
                    failures.add(error);
                }
            });
        }
        return failures;
    }

    private static void complete(CompletableFuture<Void> outcome, List<Throwable> failures) {
        if (failures.isEmpty()) {
            outcome.complete(null);
            return;
        }
        Throwable first = failures.get(0);
        for (Throwable further : failures.subList(1, failures.size())) {
            if (further != first) {
                first.addSuppressed(further);
            }
        }
        outcome.completeExceptionally(first);
    }

    /** The status of each member, in the order in which they were added. */
    public List<SyncStatus> statuses() {
        return members().stream().map(RevisionSync::status).toList();
    }

    /** Whether every member runs, is connected and is not behind. */
    public boolean isCurrent() {
        return statuses().stream().allMatch(s -> s.state() == LifecycleState.RUNNING && s.connected() && !s.behind());
    }

    /** Stops all members, the last added first, then waits for each as {@link RevisionSync#close()} does. Idempotent. */
    @Override
    public void close() {
        List<RevisionSync<?>> reversed = new ArrayList<>();
        synchronized (this) {
            closed = true;
            reversed.addAll(members);
        }
        Collections.reverse(reversed);
        reversed.forEach(RevisionSync::stop);
        reversed.forEach(RevisionSync::close);
    }
}
