package io.statesync.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.Revision;
import io.statesync.SnapshotApplier;
import io.statesync.SnapshotEnvelope;
import io.statesync.testkit.ContractRunner.Result;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** The contract passes a correct applier, and fails each kind of wrong one by the test that is meant for it. */
class SnapshotApplierContractTest {

    /** The smallest correct applier, which refuses an empty list; others are made wrong from it. */
    private static class TinyApplier implements SnapshotApplier<List<String>> {
        List<String> state = List.of();

        @Override
        public void apply(SnapshotEnvelope<List<String>> snapshot) {
            if (snapshot.data().isEmpty()) {
                throw new IllegalArgumentException("empty");
            }
            state = snapshot.data();
        }
    }

    /** The contract over a tiny applier. */
    private static final class Contract extends FallibleApplierContract<List<String>> {
        private final TinyApplier applier;

        Contract(TinyApplier applier) {
            this.applier = applier;
        }

        @Override
        protected SnapshotApplier<List<String>> createApplier() {
            return applier;
        }

        @Override
        protected List<String> data(int n) {
            return List.of("state", Integer.toString(n));
        }

        @Override
        protected List<String> visibleState() {
            return applier.state;
        }

        @Override
        protected SnapshotEnvelope<List<String>> failingSnapshot() {
            return SnapshotEnvelope.of(Revision.of(99), List.of());
        }
    }

    private static Supplier<Contract> over(Supplier<TinyApplier> applier) {
        return () -> new Contract(applier.get());
    }

    @Test
    void aCorrectApplierPasses() throws Exception {
        assertThat(ContractRunner.run(over(TinyApplier::new)))
                .hasSize(6)
                .allSatisfy((test, result) -> assertThat(result).as(test).isEqualTo(Result.PASSED));
    }

    @Test
    void anApplyThatIsVisibleLaterFails() throws Exception {
        class Late extends TinyApplier {
            private List<String> next = List.of();

            @Override
            public void apply(SnapshotEnvelope<List<String>> snapshot) {
                state = next;
                next = snapshot.data();
            }
        }
        assertThat(ContractRunner.failed(over(Late::new)))
                .contains("theStateIsVisibleAfterApply", "eachApplyReplacesTheStateBeforeIt");
    }

    @Test
    void anApplierThatKeepsTheFirstStateFails() throws Exception {
        class First extends TinyApplier {
            @Override
            public void apply(SnapshotEnvelope<List<String>> snapshot) {
                if (state.isEmpty()) {
                    super.apply(snapshot);
                }
            }
        }
        assertThat(ContractRunner.failed(over(First::new))).contains("eachApplyReplacesTheStateBeforeIt");
    }

    @Test
    void anApplierThatRefusesWhatItHasFails() throws Exception {
        class Picky extends TinyApplier {
            @Override
            public void apply(SnapshotEnvelope<List<String>> snapshot) {
                if (snapshot.data().equals(state)) {
                    throw new IllegalStateException("nothing new");
                }
                super.apply(snapshot);
            }
        }
        assertThat(ContractRunner.failed(over(Picky::new))).containsExactly("theSameStateMayBeAppliedAgain");
    }

    @Test
    void anApplierThatComparesRevisionsItselfFails() throws Exception {
        class Clever extends TinyApplier {
            private Revision last = Revision.ZERO;

            @Override
            public void apply(SnapshotEnvelope<List<String>> snapshot) {
                if (snapshot.revision().isAbove(last)) {
                    super.apply(snapshot);
                    last = snapshot.revision();
                }
            }
        }
        assertThat(ContractRunner.failed(over(Clever::new))).contains("theEngineDecidesWhatIsNewer");
    }

    @Test
    void aSwallowedFailureFails() throws Exception {
        class Calm extends TinyApplier {
            @Override
            public void apply(SnapshotEnvelope<List<String>> snapshot) {
                if (!snapshot.data().isEmpty()) {
                    super.apply(snapshot);
                }
            }
        }
        assertThat(ContractRunner.failed(over(Calm::new)))
                .containsExactlyInAnyOrder("aFailedApplyLeavesTheOldState", "anApplyAfterAFailedOneWorks");
    }

    @Test
    void halfAStateAfterAFailureFails() throws Exception {
        class Sloppy extends TinyApplier {
            @Override
            public void apply(SnapshotEnvelope<List<String>> snapshot) {
                state = List.of();
                super.apply(snapshot);
            }
        }
        assertThat(ContractRunner.failed(over(Sloppy::new))).containsExactly("aFailedApplyLeavesTheOldState");
    }

    @Test
    void anApplierThatStaysBrokenFails() throws Exception {
        class Fragile extends TinyApplier {
            private boolean broken;

            @Override
            public void apply(SnapshotEnvelope<List<String>> snapshot) {
                broken |= snapshot.data().isEmpty();
                if (broken) {
                    throw new IllegalStateException("broken");
                }
                super.apply(snapshot);
            }
        }
        assertThat(ContractRunner.failed(over(Fragile::new))).containsExactly("anApplyAfterAFailedOneWorks");
    }
}
