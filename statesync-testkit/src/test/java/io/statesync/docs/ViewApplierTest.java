package io.statesync.docs;

import io.statesync.Revision;
import io.statesync.SnapshotApplier;
import io.statesync.SnapshotEnvelope;
import io.statesync.testkit.FallibleApplierContract;

/** An applier that checks a snapshot before it takes it, tested by the testkit. */
class ViewApplierTest extends FallibleApplierContract<Settings> {

    // snippet: ViewApplier
    /** Shows settings; refuses those without a theme before it touches anything. */
    static final class View implements SnapshotApplier<Settings> {
        private volatile Settings shown = new Settings("plain");

        @Override
        public void apply(SnapshotEnvelope<Settings> snapshot) {
            Settings next = snapshot.data();
            if (next.theme().isBlank()) {
                throw new IllegalArgumentException("settings without a theme");
            }
            shown = next;
        }

        Settings shown() {
            return shown;
        }
    }
    // end

    private final View view = new View();

    @Override
    protected SnapshotApplier<Settings> createApplier() {
        return view;
    }

    @Override
    protected Settings data(int n) {
        return new Settings("theme " + n);
    }

    @Override
    protected Settings visibleState() {
        return view.shown();
    }

    @Override
    protected SnapshotEnvelope<Settings> failingSnapshot() {
        return SnapshotEnvelope.of(Revision.of(99), new Settings(" "));
    }
}
