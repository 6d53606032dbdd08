package io.statesync.persistence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CompressionTest {
    @Provide
    Arbitrary<String> names() {
        return Arbitraries.of("none", "gzip", "zstd");
    }

    @Property(tries = 300)
    void whatWasCompressedComesBack(@ForAll("names") String name, @ForAll byte[] bytes) throws IOException {
        Compression compression = Compression.named(name);
        assertThat(compression.name()).isEqualTo(name);
        assertThat(compression.decompress(compression.compress(bytes), bytes.length))
                .isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "zstd"})
    void aBombMakesNoMoreThanItsSize(String name) throws IOException {
        Compression compression = Compression.named(name);
        byte[] bomb = compression.compress(new byte[50_000_000]);
        assertThat(bomb.length).isLessThan(100_000);
        assertThatThrownBy(() -> compression.decompress(bomb, 1000)).isInstanceOf(DamagedEntryException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "gzip", "zstd"})
    void fewerBytesThanThereShouldBeAreDamage(String name) throws IOException {
        Compression compression = Compression.named(name);
        byte[] compressed = compression.compress(new byte[10]);
        assertThatThrownBy(() -> compression.decompress(compressed, 11)).isInstanceOf(IOException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "gzip", "zstd"})
    void moreBytesThanThereShouldBeAreDamage(String name) throws IOException {
        Compression compression = Compression.named(name);
        byte[] compressed = compression.compress(new byte[10]);
        assertThatThrownBy(() -> compression.decompress(compressed, 9)).isInstanceOf(DamagedEntryException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "zstd"})
    void aChangedByteIsAnIOExceptionOrOtherBytesAndNothingElse(String name) throws IOException {
        Compression compression = Compression.named(name);
        byte[] bytes = new byte[2000];
        new Random(1).nextBytes(bytes);
        byte[] compressed = compression.compress(bytes);
        for (int i = 0; i < compressed.length; i++) {
            byte[] changed = compressed.clone();
            changed[i] ^= 0x10;
            try {
                assertThat(compression.decompress(changed, bytes.length)).hasSize(bytes.length);
            } catch (IOException e) {
                assertThat(e).isNotNull(); // detected here already; the entry's checksum finds the rest
            }
        }
    }

    @Test
    void anUnknownNameIsSaid() {
        assertThatThrownBy(() -> Compression.named("lz4"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("lz4");
    }

    @Test
    void longTextsBecomeShorter() throws IOException {
        byte[] text = new byte[10_000];
        Arrays.fill(text, (byte) 'x');
        for (Compression compression : List.of(Compression.gzip(), Compression.zstd())) {
            assertThat(compression.compress(text).length).isLessThan(200);
        }
    }
}
