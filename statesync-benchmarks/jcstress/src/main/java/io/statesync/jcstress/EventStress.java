package io.statesync.jcstress;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** C1: an event against the gate's read of local without the lock, and against the end of the other's cycle. */
@JCStressTest
@Outcome(id = "3, 3", expect = Expect.ACCEPTABLE, desc = "Both events are reflected.")
@Outcome(expect = Expect.FORBIDDEN, desc = "A wake-up was lost.")
@State
public class EventStress {
    private final Replica replica = new Replica();

    @Actor
    public void older() {
        replica.moveSource(2);
        replica.event("2");
    }

    @Actor
    public void newer() {
        replica.moveSource(3);
        replica.event("3");
    }

    @Arbiter
    public void after(II_Result result) {
        result.r1 = replica.local();
        result.r2 = (int) replica.state;
    }
}
