package io.statesync.threads;

import static org.jetbrains.lincheck.datastructures.ManagedStrategyGuaranteeKt.forClasses;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jetbrains.kotlinx.lincheck.Actor;
import org.jetbrains.kotlinx.lincheck.execution.ExecutionScenario;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Validate;
import org.jetbrains.lincheck.datastructures.verifier.EpsilonVerifier;

/**
 * A test that runs small programs of two or three threads under Lincheck's model checker: each once for every schedule
 * that is explored, switching threads at reads and writes of shared memory and at locks. A schedule in which a check fails
 * is printed as a table.
 *
 * <p>Lincheck makes an instance for each schedule, so a subclass is public and has no constructor. All programs of a class
 * share one session, whose beginning is what takes time.
 */
public abstract class Interleavings {
    /** How many schedules of each program are explored; a system property, for a longer campaign than the build's. */
    private static final int SCHEDULES = Integer.getInteger("statesync.interleavings.schedules", 25);

    static {
        System.setProperty("lincheck.logLevel", "ERROR"); // it warns of each record whose fields it cannot address
    }

    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private Run run;

    @SuppressWarnings("UnusedVariable") // the model checker follows it
    private Object shared;

    /** One run of a program. */
    static final class Run {
        private final Object shared;
        private final Runnable check;
        private final Runnable[] threads;

        /**
         * @param shared what the threads share: the model checker finds what is shared by following fields, but not those
         *     of lambdas and records, and switches threads at nothing else
         * @param check throws if the run, now over, has left something wrong
         * @param threads what each thread does
         */
        Run(Object shared, Runnable check, Runnable... threads) {
            this.shared = shared;
            this.check = check;
            this.threads = threads;
        }
    }

    /** Makes a run of the program of that name. Calls what makes it directly: Lincheck follows calls, not references. */
    abstract Run program(String name);

    /** Explores schedules of each program; fails with the first in which something is wrong. */
    final void explore(String... names) {
        explore(1, names);
    }

    /** The same with {@code times} as many schedules, for programs whose threads have many places to switch at. */
    final void explore(int times, String... names) {
        ModelCheckingOptions options = new ModelCheckingOptions();
        options.iterations(0)
                .invocationsPerIteration(times * SCHEDULES)
                .minimizeFailedScenario(false)
                .verifier(EpsilonVerifier.class)
                .addGuarantee(forClasses(Interleavings::hasNothingToExplore)
                        .allMethods()
                        .ignore());
        for (String name : names) {
            Run once = program(name);
            runOnce(once);
            options.addCustomScenario(scenario(name, once.threads.length));
        }
        options.check(getClass());
    }

    /** Logging, and values that never change: to switch threads there would only make more schedules of the same. */
    private static boolean hasNothingToExplore(String className) {
        return className.startsWith("org.slf4j.")
                || className.startsWith("ch.qos.logback.")
                || className.startsWith("java.time.")
                || className.startsWith("io.statesync.RevisionSyncOptions")
                || className.equals("io.statesync.Revision")
                || className.equals("io.statesync.StateVersion")
                || className.equals("io.statesync.SnapshotEnvelope");
    }

    /** One thread after the other, not under Lincheck, which initializes the classes where it is no part of a schedule. */
    private static void runOnce(Run run) {
        for (Runnable thread : run.threads) {
            thread.run();
        }
        run.check.run();
    }

    private static ExecutionScenario scenario(String name, int count) {
        List<List<Actor>> threads = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            threads.add(List.of(new Actor(method("thread", int.class), List.of(i))));
        }
        Actor begin = new Actor(method("begin", String.class), List.of(name));
        Actor check = new Actor(method("check"), List.of());
        return new ExecutionScenario(List.of(begin), threads, List.of(), check);
    }

    private static Method method(String name, Class<?>... parameters) {
        try {
            return Interleavings.class.getMethod(name, parameters);
        } catch (NoSuchMethodException e) {
            throw new AssertionError("it is below", e);
        }
    }

    /** Lincheck: before the threads. */
    @Operation
    public void begin(String name) {
        try {
            run = program(name);
            shared = run.shared;
        } catch (Throwable t) { // check throws it
            failure.compareAndSet(null, t);
        }
    }

    /** Lincheck: one of the threads. */
    @Operation
    public void thread(int index) {
        try {
            run.threads[index].run();
        } catch (Throwable t) { // check throws it
            failure.compareAndSet(null, t);
        }
    }

    /** Lincheck: after the threads. */
    @Validate
    public void check() {
        Throwable thrown = failure.get();
        if (thrown != null) {
            throw new AssertionError(thrown.toString(), thrown);
        }
        run.check.run();
    }

    /** An assertion without a library behind it, which the model checker would have to explore as well. */
    static void check(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }
}
