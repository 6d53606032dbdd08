package io.statesync.jcstress;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/** C1, S2: two pushed snapshots. Applies never overlap, each happens-before the next, and the newer is the last. */
@JCStressTest
@Outcome(id = "3, 3, 0", expect = Expect.ACCEPTABLE, desc = "The newer one won, and no apply saw another's half.")
@Outcome(expect = Expect.FORBIDDEN, desc = "Lost, gone back, or overlapped.")
@State
public class PushStress {
    private final Replica replica = new Replica();

    @Actor
    public void older() {
        replica.push(2);
    }

    @Actor
    public void newer() {
        replica.push(3);
    }

    @Arbiter
    public void after(III_Result result) {
        result.r1 = replica.local();
        result.r2 = (int) replica.state;
        result.r3 = replica.faults;
    }
}
