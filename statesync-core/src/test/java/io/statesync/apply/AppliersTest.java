package io.statesync.apply;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.statesync.Revision;
import io.statesync.SnapshotApplier;
import io.statesync.SnapshotEnvelope;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class AppliersTest {
    private final List<String> calls = new ArrayList<>();

    private static <T> SnapshotEnvelope<T> snapshot(int revision, T data) {
        return new SnapshotEnvelope<>(Revision.of(revision), Revision.of(7), data);
    }

    private SnapshotApplier<String> recording(String name) {
        return snapshot -> calls.add(name + " " + snapshot.revision() + " " + snapshot.data());
    }

    private SnapshotApplier<String> failing(String name, Throwable failure) {
        return snapshot -> {
            calls.add(name + " fails");
            if (failure instanceof Error error) {
                throw error;
            }
            throw (Exception) failure;
        };
    }

    @Test
    void aReferenceHoldsTheVeryDataOfTheLastSnapshot() throws Exception {
        AtomicReference<Object> target = new AtomicReference<>();
        SnapshotApplier<List<String>> applier = Appliers.into(target);
        List<String> data = new ArrayList<>(List.of("x"));

        applier.apply(snapshot(1, data));

        assertThat(target.get()).isSameAs(data);
    }

    @Test
    void aReferenceTakesNullForData() throws Exception {
        AtomicReference<String> target = new AtomicReference<>("old");

        Appliers.into(target).apply(snapshot(1, null));

        assertThat(target.get()).isNull();
    }

    @Test
    void aMappingKeepsRevisionAndEpoch() throws Exception {
        List<SnapshotEnvelope<Integer>> seen = new ArrayList<>();

        Appliers.mapping(String::length, seen::add).apply(snapshot(3, "four"));

        assertThat(seen).containsExactly(snapshot(3, 4));
    }

    @Test
    void aMappingIsAskedAboutNullToo() throws Exception {
        AtomicReference<String> target = new AtomicReference<>();

        Appliers.<String, String>mapping(String::valueOf, Appliers.into(target)).apply(snapshot(1, null));

        assertThat(target.get()).isEqualTo("null");
    }

    @Test
    void aMappingThatThrowsFailsTheApplyAndNothingIsApplied() {
        AtomicReference<Integer> target = new AtomicReference<>(1);

        SnapshotApplier<String> applier = Appliers.mapping(Integer::valueOf, Appliers.into(target));

        assertThatExceptionOfType(NumberFormatException.class).isThrownBy(() -> applier.apply(snapshot(1, "one")));

        assertThat(target.get()).isEqualTo(1);
    }

    @Test
    void allAreCalledInOrder() throws Exception {
        Appliers.all(recording("a"), recording("b"), recording("c")).apply(snapshot(1, "x"));

        assertThat(calls).containsExactly("a 1 x", "b 1 x", "c 1 x");
    }

    @Test
    @DisplayName("K2: the apply fails with the first failure as it was thrown; the others are called and suppressed")
    void theFirstFailureIsThrownAndTheOthersAreSuppressed() {
        IOException first = new IOException("first");
        IllegalStateException second = new IllegalStateException("second");
        AssertionError third = new AssertionError("third");
        SnapshotApplier<String> all = Appliers.all(
                recording("a"),
                failing("b", first),
                recording("c"),
                failing("d", second),
                failing("e", third),
                recording("f"));

        Throwable thrown = catchThrowable(() -> all.apply(snapshot(1, "x")));

        assertThat(thrown).isSameAs(first).hasSuppressedException(second).hasSuppressedException(third);
        assertThat(thrown.getSuppressed()).hasSize(2);
        assertThat(calls).containsExactly("a 1 x", "b fails", "c 1 x", "d fails", "e fails", "f 1 x");
    }

    @Test
    void anErrorIsAFailureLikeAnyOther() {
        AssertionError error = new AssertionError("broken");

        assertThatThrownBy(
                        () -> Appliers.all(failing("a", error), recording("b")).apply(snapshot(1, "x")))
                .isSameAs(error);

        assertThat(calls).containsExactly("a fails", "b 1 x");
    }

    @Test
    void oneExceptionThrownByTwoIsThrownOnce() {
        IOException shared = new IOException("shared");

        assertThatThrownBy(() ->
                        Appliers.all(failing("a", shared), failing("b", shared)).apply(snapshot(1, "x")))
                .isSameAs(shared)
                .hasNoSuppressedExceptions();
    }

    @Test
    void afterAFailureTheSameSnapshotGoesToAllAgain() throws Exception {
        List<Exception> failures = new ArrayList<>(List.of(new IOException("once")));
        SnapshotApplier<String> all = Appliers.all(recording("a"), snapshot -> {
            if (!failures.isEmpty()) {
                throw failures.remove(0);
            }
            recording("b").apply(snapshot);
        });

        assertThatThrownBy(() -> all.apply(snapshot(1, "x"))).hasMessage("once");
        all.apply(snapshot(1, "x"));

        assertThat(calls).containsExactly("a 1 x", "a 1 x", "b 1 x");
    }

    @Test
    void anInterruptIsSeenByThoseThatFollow() {
        List<Boolean> interrupted = new ArrayList<>();
        SnapshotApplier<String> all = Appliers.all(
                failing("a", new InterruptedException()),
                snapshot -> interrupted.add(Thread.currentThread().isInterrupted()));

        Throwable thrown = catchThrowable(() -> all.apply(snapshot(1, "x")));

        assertThat(Thread.interrupted()).isTrue(); // and clears it for the other tests
        assertThat(thrown).isInstanceOf(InterruptedException.class);
        assertThat(interrupted).containsExactly(true);
    }

    @Test
    void laterChangesOfTheArrayAreNotSeen() throws Exception {
        @SuppressWarnings({"unchecked", "rawtypes"})
        SnapshotApplier<String>[] array = new SnapshotApplier[] {recording("a")};
        SnapshotApplier<String> all = Appliers.all(array);
        array[0] = recording("b");

        all.apply(snapshot(1, "x"));

        assertThat(calls).containsExactly("a 1 x");
    }

    @Test
    void allOfNoneIsRefused() {
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> Appliers.<String>all())
                .withMessage("appliers must not be empty");
    }

    @Test
    void nullIsRefusedWhenTheApplierIsMade() {
        assertThatThrownBy(() -> Appliers.all(recording("a"), null)).hasMessage("applier");
        assertThatThrownBy(() -> Appliers.into((AtomicReference<String>) null)).hasMessage("target");
        assertThatThrownBy(() -> Appliers.mapping(null, recording("a"))).hasMessage("mapping");
        assertThatThrownBy(() -> Appliers.mapping(String::valueOf, null)).hasMessage("applier");
    }
}
