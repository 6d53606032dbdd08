package io.statesync.threads;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jetbrains.kotlinx.lincheck.Actor;
import org.jetbrains.kotlinx.lincheck.execution.ExecutionScenario;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Validate;
import org.jetbrains.lincheck.datastructures.verifier.EpsilonVerifier;

/**
 * Runs small programs of two or three threads under Lincheck's model checker: each once for every schedule that is
 * explored, switching threads at reads and writes of shared memory and at locks. A schedule in which a check fails is
 * printed as a table.
 *
 * <p>Public, with a public constructor, for Lincheck, which makes one for each schedule.
 */
public final class Interleavings {
    /** How many schedules of each program are explored; a system property, for a longer campaign than the build's. */
    private static final int SCHEDULES = Integer.getInteger("statesync.interleavings.schedules", 300);

    private static final Map<String, Program> PROGRAMS = new LinkedHashMap<>();

    static {
        System.setProperty("lincheck.logLevel", "ERROR"); // it warns of each record whose fields it cannot address
    }

    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private Run run;

    /**
     * What is explored.
     *
     * @param name what must hold
     * @param setUp makes all that one run needs
     */
    record Program(String name, int threads, Supplier<Run> setUp) {}

    /**
     * One run of a program.
     *
     * @param check throws if the run, now over, has left something wrong
     * @param threads what each thread does
     */
    @SuppressWarnings("ArrayRecordComponent") // compared by nobody
    record Run(Runnable check, Runnable... threads) {}

    static Program two(String name, Supplier<Run> setUp) {
        return new Program(name, 2, setUp);
    }

    static Program three(String name, Supplier<Run> setUp) {
        return new Program(name, 3, setUp);
    }

    /** Explores schedules of each program; fails with the first in which something is wrong. */
    static void explore(Program... programs) {
        ModelCheckingOptions options = new ModelCheckingOptions();
        options.iterations(0)
                .invocationsPerIteration(SCHEDULES)
                .minimizeFailedScenario(false)
                .verifier(EpsilonVerifier.class);
        for (Program program : programs) {
            runOnce(program);
            PROGRAMS.put(program.name(), program);
            options.addCustomScenario(scenario(program));
        }
        options.check(Interleavings.class);
    }

    /** One thread after the other, not under Lincheck, which initializes the classes where it is no part of a schedule. */
    private static void runOnce(Program program) {
        Run run = program.setUp().get();
        for (Runnable thread : run.threads()) {
            thread.run();
        }
        run.check().run();
    }

    private static ExecutionScenario scenario(Program program) {
        List<List<Actor>> threads = new ArrayList<>();
        for (int i = 0; i < program.threads(); i++) {
            threads.add(List.of(new Actor(method("thread", int.class), List.of(i))));
        }
        Actor begin = new Actor(method("begin", String.class), List.of(program.name()));
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
    public void begin(String program) {
        guarded(() -> run = PROGRAMS.get(program).setUp().get());
    }

    /** Lincheck: one of the threads. */
    @Operation
    public void thread(int index) {
        guarded(() -> run.threads()[index].run());
    }

    private void guarded(Runnable part) {
        try {
            part.run();
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
        run.check().run();
    }

    /** An assertion without a library behind it, which the model checker would have to explore as well. */
    static void check(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }
}
