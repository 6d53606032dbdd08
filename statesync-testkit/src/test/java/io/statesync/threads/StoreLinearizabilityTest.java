package io.statesync.threads;

import io.statesync.Proposal;
import io.statesync.Revision;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import io.statesync.WriteResult;
import io.statesync.WriteResult.Accepted;
import io.statesync.WriteResult.Conflict;
import io.statesync.source.InMemoryJournal;
import io.statesync.source.RevisionedStore;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.condition.JRE;

/**
 * Whatever threads do with a store at once has the results of some order of it: Lincheck makes random programs of these
 * operations and compares with the same ones on one thread.
 */
@Tag("lincheck")
@DisplayName("a store is linearizable")
@Param(name = "value", gen = IntGen.class, conf = "0:9")
@Param(name = "base", gen = IntGen.class, conf = "0:4")
@Param(name = "id", gen = IntGen.class, conf = "0:2")
public class StoreLinearizabilityTest {
    private static final String CAMPAIGN = "statesync.linearizability.scenarios";

    /** How many programs are tried, each in more schedules the more there are; for a longer campaign than the build's. */
    private static final int SCENARIOS = Integer.getInteger(CAMPAIGN, 5);

    static {
        System.setProperty("lincheck.logLevel", "ERROR"); // it warns of each record whose fields it cannot address
    }

    private static final Revision EPOCH = Revision.of(1);

    private final RevisionedStore<Integer> store = RevisionedStore.<Integer>builder("count")
            .epoch(EPOCH)
            .journal(new InMemoryJournal<>(), Runnable::run)
            .proposalWindow(2)
            .open(() -> 0);

    @Operation
    public String set(@Param(name = "value") int value) {
        return store.set(value).toString();
    }

    @Operation
    public String update() {
        return store.update(value -> value + 10).toString();
    }

    /** With an id of which there are few, so that proposals meet their own kind; base 0 stands for none. */
    @Operation
    public String propose(
            @Param(name = "base") int base, @Param(name = "value") int value, @Param(name = "id") int id) {
        StateVersion on = base == 0 ? null : StateVersion.of(EPOCH, Revision.of(base));
        String name = id == 0 ? null : "p" + id;
        return text(store.propose(new Proposal<>(on, value, null, name))
                .toCompletableFuture()
                .join());
    }

    @Operation
    public String snapshot() {
        return text(store.snapshot().toCompletableFuture().join());
    }

    private static String text(WriteResult<Integer> result) {
        if (result instanceof Accepted<Integer> accepted) {
            return "accepted " + accepted.version();
        }
        return result instanceof Conflict<Integer> conflict
                ? "conflict " + text(conflict.current())
                : result.toString();
    }

    private static String text(SnapshotEnvelope<Integer> snapshot) {
        return snapshot.revision() + "=" + snapshot.data();
    }

    @Test
    @EnabledIfSystemProperty(named = CAMPAIGN, matches = ".+", disabledReason = "a program takes two minutes")
    @EnabledForJreRange(max = JRE.JAVA_21, disabledReason = "Lincheck takes a minute and a half to leave a JVM of 25")
    void onRealThreads() {
        new StressOptions()
                .iterations(Math.max(1, SCENARIOS / 5))
                .invocationsPerIteration(20 * SCENARIOS)
                .threads(2)
                .actorsPerThread(3)
                .check(getClass());
    }

    @Test
    void inEverySchedule() {
        new ModelCheckingOptions()
                .iterations(SCENARIOS)
                .invocationsPerIteration(10 * SCENARIOS)
                .threads(2)
                .actorsPerThread(3)
                .check(getClass());
    }
}
