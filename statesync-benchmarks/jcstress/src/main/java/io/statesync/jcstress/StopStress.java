package io.statesync.jcstress;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IIII_Result;

/** L3: close against an apply. Once it returned, local and the applied state stand still, and are seen. */
@JCStressTest
@Outcome(id = "1, 1, 1, 1", expect = Expect.ACCEPTABLE, desc = "Closed before the commit.")
@Outcome(
        id = "1, 2, 1, 2",
        expect = Expect.ACCEPTABLE,
        desc = "Committed before; the apply ran to its end and moved nothing.")
@Outcome(id = "2, 2, 2, 2", expect = Expect.ACCEPTABLE, desc = "Closed after the apply.")
@Outcome(expect = Expect.FORBIDDEN, desc = "Something moved after close returned.")
@State
public class StopStress {
    private final Replica replica = new Replica();

    @Actor
    public void close(IIII_Result result) {
        replica.engine.close();
        result.r1 = replica.local();
        result.r2 = (int) replica.state;
    }

    @Actor
    public void apply() {
        replica.push(2);
    }

    @Arbiter
    public void after(IIII_Result result) {
        result.r3 = replica.local();
        result.r4 = (int) replica.state;
    }
}
