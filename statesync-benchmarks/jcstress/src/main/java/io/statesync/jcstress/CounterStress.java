package io.statesync.jcstress;

import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** A placeholder that shows how jcstress is run. */
@JCStressTest
@Outcome(
        id = {"1, 2", "2, 1"},
        expect = Expect.ACCEPTABLE,
        desc = "One after the other.")
@State
public class CounterStress {

    private final AtomicInteger counter = new AtomicInteger();

    @Actor
    public void first(II_Result result) {
        result.r1 = counter.incrementAndGet();
    }

    @Actor
    public void second(II_Result result) {
        result.r2 = counter.incrementAndGet();
    }
}
