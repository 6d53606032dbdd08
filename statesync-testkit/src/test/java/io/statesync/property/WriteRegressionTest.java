package io.statesync.property;

import io.statesync.property.WriteStep.Kind;
import io.statesync.property.WriterOptions.Policy;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What {@link WritePropertyTest} has found, in its shrunk form. */
class WriteRegressionTest {
    private static final WriterOptions DEFAULTS =
            new WriterOptions(true, Policy.SERVER_WINS, false, 1_000, 10_000, 20, false);

    private static void run(int replicas, WriteStep... steps) {
        WritePropertyTest.run(Collections.nCopies(replicas, DEFAULTS), List.of(steps));
    }

    private static WriteStep step(Kind kind, int who) {
        return new WriteStep(kind, who, 0);
    }

    @Test
    @DisplayName("a write's outcome comes before the proposal of the next, although a held snapshot is let in between")
    void outcomeBeforeNextProposal() {
        run(2, step(Kind.ANSWER_LATE, 0), step(Kind.UPDATE, 0), step(Kind.UPDATE, 0), step(Kind.UPDATE, 1));
    }

    @Test
    @DisplayName("so does the failure of an update that cannot be made on the held snapshot")
    void failureBeforeNextProposal() {
        run(
                2,
                step(Kind.EVENT_DROPPED, 1),
                step(Kind.ANSWER_LATE, 1),
                step(Kind.UPDATE, 1),
                step(Kind.UPDATE, 0),
                step(Kind.UPDATE, 0),
                step(Kind.FRAGILE_UPDATE, 1),
                step(Kind.UPDATE, 1));
    }
}
