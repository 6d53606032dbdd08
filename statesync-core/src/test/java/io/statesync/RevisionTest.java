package io.statesync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.statesync.internal.Texts;
import java.math.BigInteger;
import java.nio.CharBuffer;
import java.util.regex.Pattern;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.BigRange;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullAndEmptySource;
import org.junit.jupiter.params.provider.ValueSource;

/** G1: a revision on the wire is a canonical decimal u64. */
class RevisionTest {
    private static final BigInteger MAX = BigInteger.TWO.pow(64).subtract(BigInteger.ONE);
    private static final Pattern CANONICAL = Pattern.compile("0|[1-9][0-9]*");

    @Property
    void printsAndParsesLikeBigInteger(@ForAll @BigRange(min = "0", max = "18446744073709551615") BigInteger number) {
        Revision revision = Revision.parse(number.toString());
        assertThat(revision.toString()).isEqualTo(number.toString());
        assertThat(revision.bits()).isEqualTo(number.longValue());
        assertThat(Revision.parseUnsigned(CharBuffer.wrap(number.toString()))).isEqualTo(number.longValue());
        StringBuilder out = new StringBuilder("r");
        revision.appendTo(out);
        assertThat(out.toString()).isEqualTo("r" + number);
    }

    @Property
    void acceptsExactlyTheCanonicalForm(@ForAll("nearlyNumbers") String text) {
        boolean canonical = CANONICAL.matcher(text).matches() && new BigInteger(text).compareTo(MAX) <= 0;
        if (canonical) {
            assertThat(Revision.parse(text).toString()).isEqualTo(text);
        } else {
            assertThatThrownBy(() -> Revision.parse(text)).isInstanceOf(ProtocolException.class);
        }
    }

    @Provide
    Arbitrary<String> nearlyNumbers() {
        return Arbitraries.oneOf(
                Arbitraries.strings().withChars("0123456789").ofMaxLength(21),
                Arbitraries.strings().withChars("0123456789").ofLength(20),
                Arbitraries.strings()
                        .withChars("1844674407370955161")
                        .ofLength(20)
                        .map(s -> "1844674407370955" + s.substring(16)),
                Arbitraries.strings().withChars("019+-. eEx_٣３߁\u0000").ofMaxLength(5));
    }

    @ParameterizedTest
    @NullAndEmptySource
    @ValueSource(
            strings = {
                " ",
                "00",
                "01",
                "+1",
                "-1",
                "1 ",
                " 1",
                "1.0",
                "1e3",
                "0x1",
                "1_000",
                "٣",
                "１２",
                "1\n",
                "1\u0000",
                "18446744073709551616",
                "20000000000000000000",
                "99999999999999999999",
                "100000000000000000000",
                "018446744073709551615"
            })
    void refusesWhatIsNotCanonicalAndQuotesIt(String text) {
        assertThatThrownBy(() -> Revision.parse(text))
                .isInstanceOf(ProtocolException.class)
                .hasMessage("not a canonical unsigned 64-bit decimal: " + Texts.quote(text));
        assertThatThrownBy(() -> Revision.parseUnsigned(text)).isInstanceOf(ProtocolException.class);
    }

    @Property
    void comparesUnsigned(@ForAll long left, @ForAll long right) {
        Revision l = Revision.ofUnsigned(left);
        Revision r = Revision.ofUnsigned(right);
        int expected = unsigned(left).compareTo(unsigned(right));
        assertThat(Integer.signum(l.compareTo(r))).isEqualTo(expected);
        assertThat(l.isAbove(r)).isEqualTo(expected > 0);
        assertThat(l.equals(r)).isEqualTo(expected == 0);
    }

    @Property
    void nextIsOneMore(@ForAll @BigRange(min = "0", max = "18446744073709551614") BigInteger number) {
        Revision next = Revision.ofUnsigned(number.longValue()).next();
        assertThat(next.toString()).isEqualTo(number.add(BigInteger.ONE).toString());
    }

    private static BigInteger unsigned(long bits) {
        return new BigInteger(Long.toUnsignedString(bits));
    }

    @Example
    void theHighestHasNoNextAndSaysWhatToDo() {
        assertThatThrownBy(Revision.MAX::next)
                .isInstanceOf(ArithmeticException.class)
                .hasMessageContaining("18446744073709551615")
                .hasMessageContaining("epoch");
    }

    @Example
    void theEnds() {
        assertThat(Revision.ZERO).hasToString("0").isEqualTo(Revision.parse("0"));
        assertThat(Revision.MAX).hasToString(MAX.toString()).isEqualTo(Revision.parse(MAX.toString()));
        assertThat(Revision.of(Long.MAX_VALUE).next()).hasToString("9223372036854775808");
        assertThat(Revision.ofUnsigned(0)).isSameAs(Revision.ZERO);
    }

    @Example
    void aNegativeNumberIsRefusedAndNamed() {
        assertThatThrownBy(() -> Revision.of(-3))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("-3");
    }

    @Example
    void equalRevisionsHaveEqualHashes() {
        assertThat(Revision.parse("77")).isEqualTo(Revision.of(77)).hasSameHashCodeAs(Revision.of(77));
        assertThat(Revision.of(77)).isNotEqualTo("77").isNotEqualTo(null);
    }
}
