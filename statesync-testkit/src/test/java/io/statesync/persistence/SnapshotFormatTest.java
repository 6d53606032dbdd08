package io.statesync.persistence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.statesync.Revision;
import io.statesync.StateCodec;
import io.statesync.StateVersion;
import io.statesync.jackson.JacksonCodec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.node.ObjectNode;

class SnapshotFormatTest {
    private static final StateVersion VERSION = StateVersion.of(Revision.MAX, Revision.of(3));
    private static final JacksonCodec<String> JSON = JacksonCodec.json(String.class);

    private static StateCodec<String> plain(String name) {
        return new StateCodec<>() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public byte[] encode(String state) {
                return state.getBytes(StandardCharsets.UTF_8);
            }

            @Override
            public String decode(byte[] bytes) {
                return new String(bytes, StandardCharsets.UTF_8);
            }
        };
    }

    @Property(tries = 300)
    void readsWhatItWrites(
            @ForAll String text,
            @ForAll @IntRange(min = 0, max = 2) int compression,
            @ForAll @IntRange(max = 200) int from,
            @ForAll boolean sha256)
            throws IOException {
        Compression how = new Compression[] {Compression.none(), Compression.gzip(), Compression.zstd()}[compression];
        SnapshotFormat<String> format = SnapshotFormat.builder(plain("plain"))
                .compression(how)
                .compressFrom(from)
                .sha256(sha256)
                .build();
        String state = new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
        StoredSnapshot stored = format.write(VERSION, state, Instant.EPOCH);
        assertThat(format.read(stored).data()).isEqualTo(state);
        assertThat(stored.metadata().version()).isEqualTo(VERSION);
        assertThat(stored.payload().length)
                .as("compressed only where that makes fewer bytes")
                .isLessThanOrEqualTo((int) stored.metadata().size());
        assertThat(SnapshotFormat.of(plain("plain")).read(stored).data())
                .as("a format with another compression reads it")
                .isEqualTo(state);
    }

    @Test
    void binaryCodecsReadAndMigrateToo() throws IOException {
        record Point(int x, int y) {}
        Migrations migrations = Migrations.to(1)
                .from(0, tree -> ((ObjectNode) tree).put("y", 7))
                .build();
        for (StateCodec<Map<String, Integer>> old : List.<StateCodec<Map<String, Integer>>>of(
                JacksonCodec.json(new TypeReference<Map<String, Integer>>() {}),
                JacksonCodec.cbor(new TypeReference<Map<String, Integer>>() {}),
                JacksonCodec.smile(new TypeReference<Map<String, Integer>>() {}))) {
            StoredSnapshot stored = SnapshotFormat.of(old).write(VERSION, Map.of("x", 3), Instant.EPOCH);
            assertThat(stored.metadata().codec()).isEqualTo(old.name());
            SnapshotFormat<Point> format = SnapshotFormat.builder(JacksonCodec.cbor(Point.class))
                    .alsoReads(JacksonCodec.json(Point.class))
                    .alsoReads(JacksonCodec.smile(Point.class))
                    .migrations(migrations)
                    .build();
            assertThat(format.read(stored).data()).isEqualTo(new Point(3, 7));
        }
    }

    @Test
    void choosesTheCompressionForEachEntry() throws IOException {
        SnapshotFormat<String> format = SnapshotFormat.of(JSON);
        assertThat(format.write(VERSION, "x".repeat(1_021), Instant.EPOCH)
                        .metadata()
                        .compression())
                .isEqualTo("none");
        assertThat(format.write(VERSION, "x".repeat(1_022), Instant.EPOCH)
                        .metadata()
                        .compression())
                .isEqualTo("gzip");
    }

    @Test
    void readsEntriesOfACodecThatWasUsedBefore() throws IOException {
        StoredSnapshot old = SnapshotFormat.of(plain("plain")).write(VERSION, "state", Instant.EPOCH);
        assertThatThrownBy(() -> SnapshotFormat.of(JSON).read(old))
                .isInstanceOf(IOException.class)
                .hasMessage("the entry was written by the codec \"plain\", and those that can read here are [json]");
        SnapshotFormat<String> format =
                SnapshotFormat.builder(JSON).alsoReads(plain("plain")).build();
        assertThat(format.read(old).data()).isEqualTo("state");
    }

    @Test
    void refusesAStateThatCouldNotBeReadAgain() {
        SnapshotFormat<String> format = SnapshotFormat.builder(JSON).maxSize(10).build();
        assertThatThrownBy(() -> format.write(VERSION, "0123456789", Instant.EPOCH))
                .isInstanceOf(IOException.class)
                .hasMessage("the state takes 12 bytes, and maxSize is 10");
    }

    @Test
    void migrationsRefuseGapsTwinsAndNonsense() {
        assertThatThrownBy(() -> Migrations.to(4)
                        .from(1, tree -> tree)
                        .from(3, tree -> tree)
                        .build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("there is no migration from schema version 2 to 3, and the way from 1 to 4 needs it");
        assertThatThrownBy(() -> Migrations.to(2).from(1, tree -> tree).from(1, tree -> tree))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("there are two migrations from schema version 1");
        assertThatThrownBy(() -> Migrations.to(2).from(2, tree -> tree))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("a migration must be from a version between 0 and 1: 2");
        assertThatThrownBy(() -> Migrations.to(0).from(0, tree -> tree))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("version 0 is the first form, so nothing is migrated to it: from(0);"
                        + " what the form of version 0 becomes is version 1, Migrations.to(1)");
        assertThatThrownBy(() -> Migrations.to(-1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void migrationsKnowTheirWay() throws MigrationException {
        Migrations migrations =
                Migrations.to(3).from(2, tree -> tree).from(1, tree -> tree).build();
        assertThat(migrations.path(1)).containsExactly(1, 2, 3);
        assertThat(migrations.path(3)).containsExactly(3);
        assertThat(migrations.needsMigration(2)).isTrue();
        assertThat(migrations.needsMigration(3)).isFalse();
        assertThat(migrations).hasToString("Migrations[1 → 2 → 3]");
        assertThatThrownBy(() -> migrations.path(0))
                .isInstanceOf(MigrationException.class)
                .hasMessage("there is no migration from schema version 0: the oldest that can be read is 1");
        assertThatThrownBy(() -> migrations.path(4)).isInstanceOf(MigrationException.class);
    }

    @Test
    void refusesOptionsThatContradictEachOther() {
        assertThatThrownBy(() -> SnapshotFormat.builder(plain("plain"))
                        .migrations(Migrations.to(1).from(0, tree -> tree).build())
                        .build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("migrations need a TreeCodec");
        assertThatThrownBy(() -> SnapshotFormat.builder(JSON).alsoReads(JSON))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("alsoReads: there is a codec \"json\" already");
        assertThatThrownBy(() -> SnapshotFormat.builder(JSON).maxSize(-1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("maxSize must not be negative: -1");
        assertThatThrownBy(() -> SnapshotFormat.builder(JSON).timeToLive(Duration.ZERO))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("timeToLive");
    }
}
