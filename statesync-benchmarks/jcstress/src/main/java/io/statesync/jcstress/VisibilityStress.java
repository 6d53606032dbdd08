package io.statesync.jcstress;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** Whoever sees a local version sees what its apply wrote, with no synchronization of the applier's own. */
@JCStressTest
@Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "Before the apply.")
@Outcome(id = "1, 2", expect = Expect.ACCEPTABLE, desc = "The apply ended; local has not moved yet.")
@Outcome(id = "2, 2", expect = Expect.ACCEPTABLE, desc = "After the apply.")
@Outcome(id = "2, 1", expect = Expect.FORBIDDEN, desc = "Local has moved, and the old state is seen.")
@State
public class VisibilityStress {
    private final Replica replica = new Replica();

    @Actor
    public void apply() {
        replica.push(2);
    }

    @Actor
    public void read(II_Result result) {
        result.r1 = replica.local();
        result.r2 = (int) replica.state;
    }
}
