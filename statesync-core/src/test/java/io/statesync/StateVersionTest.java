package io.statesync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** X1: versions compare by epoch, then by revision, both unsigned. */
class StateVersionTest {

    @Property
    void comparesByEpochThenRevisionUnsigned(
            @ForAll long epoch, @ForAll long revision, @ForAll long otherEpoch, @ForAll long otherRevision) {
        checkOrder(epoch, revision, otherEpoch, otherRevision);
        checkOrder(epoch, revision, epoch, otherRevision);
        checkOrder(epoch, revision, otherEpoch, revision);
        checkOrder(epoch, revision, epoch, revision);
    }

    private static void checkOrder(long epoch, long revision, long otherEpoch, long otherRevision) {
        StateVersion left = StateVersion.ofUnsigned(epoch, revision);
        StateVersion right = StateVersion.ofUnsigned(otherEpoch, otherRevision);
        int byEpoch = Revision.ofUnsigned(epoch).compareTo(Revision.ofUnsigned(otherEpoch));
        int byRevision = Revision.ofUnsigned(revision).compareTo(Revision.ofUnsigned(otherRevision));
        int expected = Integer.signum(byEpoch != 0 ? byEpoch : byRevision);
        assertThat(Integer.signum(left.compareTo(right))).isEqualTo(expected);
        assertThat(Integer.signum(StateVersion.compareUnsigned(epoch, revision, otherEpoch, otherRevision)))
                .isEqualTo(expected);
        assertThat(left.isNewerThan(right)).isEqualTo(expected > 0);
        assertThat(left.equals(right)).isEqualTo(expected == 0);
        if (expected == 0) {
            assertThat(left).hasSameHashCodeAs(right);
        }
    }

    @Property
    void keepsItsParts(@ForAll long epoch, @ForAll long revision) {
        StateVersion version = StateVersion.of(Revision.ofUnsigned(epoch), Revision.ofUnsigned(revision));
        assertThat(version.epoch().bits()).isEqualTo(epoch).isEqualTo(version.epochBits());
        assertThat(version.revision().bits()).isEqualTo(revision).isEqualTo(version.revisionBits());
        assertThat(version).isEqualTo(StateVersion.ofUnsigned(epoch, revision));
    }

    @Example
    void everyVersionIsNewerThanNone() {
        assertThat(StateVersion.of(Revision.ZERO).isNewerThan(null)).isTrue();
    }

    @Example
    void printsTheEpochUnlessItIsTheFirst() {
        assertThat(StateVersion.of(Revision.MAX)).hasToString("18446744073709551615");
        assertThat(StateVersion.of(Revision.of(7), Revision.of(42))).hasToString("42@7");
        assertThat(StateVersion.of(Revision.MAX, Revision.ZERO)).hasToString("0@18446744073709551615");
    }

    @Example
    void missingPartsAreNamed() {
        assertThatThrownBy(() -> StateVersion.of(null)).hasMessage("revision");
        assertThatThrownBy(() -> StateVersion.of(null, Revision.ZERO)).hasMessage("epoch");
        assertThatThrownBy(() -> StateVersion.of(Revision.ZERO, null)).hasMessage("revision");
        assertThat(StateVersion.of(Revision.ZERO)).isNotEqualTo("0").isNotEqualTo(null);
    }
}
