package io.statesync.persistence;

import io.statesync.SnapshotEnvelope;
import io.statesync.StateCodec;
import io.statesync.StateValidator;
import io.statesync.StateVersion;
import io.statesync.internal.Checks;
import io.statesync.internal.Texts;
import io.statesync.jackson.TreeCodec;
import io.statesync.persistence.internal.Hashes;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How a state is made a stored snapshot and back: its codec, compression, checksums, form and limits. Immutable, and safe
 * for use from any thread.
 *
 * @param <T> the type of the state
 */
public final class SnapshotFormat<T extends @Nullable Object> {
    private final StateCodec<T> codec;
    private final Map<String, StateCodec<T>> readers;
    private final Compression compression;
    private final int compressFrom;
    private final boolean sha256;
    private final @Nullable Duration timeToLive;
    private final Migrations migrations;
    private final @Nullable StateValidator<? super T> validator;
    private final int maxSize;

    private SnapshotFormat(Builder<T> b) {
        codec = b.codec;
        readers = Map.copyOf(b.readers);
        compression = b.compression;
        compressFrom = b.compressFrom;
        sha256 = b.sha256;
        timeToLive = b.timeToLive;
        migrations = b.migrations;
        validator = b.validator;
        maxSize = b.maxSize;
    }

    /** The format with a codec and all defaults. */
    public static <T extends @Nullable Object> SnapshotFormat<T> of(StateCodec<T> codec) {
        return builder(codec).build();
    }

    /** A builder for the format with a codec. */
    public static <T extends @Nullable Object> Builder<T> builder(StateCodec<T> codec) {
        return new Builder<>(codec);
    }

    /** The way to the form that is written. */
    public Migrations migrations() {
        return migrations;
    }

    /**
     * Makes a state a stored snapshot.
     *
     * @throws IOException if it cannot be: it cannot be encoded, or is larger than {@code maxSize}
     */
    public StoredSnapshot write(StateVersion version, T state, Instant savedAt) throws IOException {
        return write(version, state, savedAt, timeToLive);
    }

    StoredSnapshot write(StateVersion version, T state, Instant savedAt, @Nullable Duration timeToLive)
            throws IOException {
        byte[] bytes = codec.encode(state);
        if (bytes.length > maxSize) {
            throw new IOException("the state takes " + bytes.length + " bytes, and maxSize is " + maxSize);
        }
        byte[] payload = bytes;
        String compressedBy = "none";
        if (bytes.length >= compressFrom && !compression.name().equals("none")) {
            byte[] compressed = compression.compress(bytes);
            if (compressed.length < bytes.length) {
                payload = compressed;
                compressedBy = compression.name();
            }
        }
        SnapshotMetadata metadata = new SnapshotMetadata(
                version,
                savedAt,
                migrations.current(),
                codec.name(),
                compressedBy,
                bytes.length,
                EntryFormat.crc32c(payload),
                sha256 ? HexFormat.of().formatHex(Hashes.sha256().digest(payload)) : null,
                timeToLive);
        return new StoredSnapshot(metadata, payload);
    }

    /**
     * Makes a stored snapshot a state: checks it, expands and decodes it, brings it into the present form, and validates
     * it. Its time to live is for the caller to look at.
     *
     * @throws DamagedEntryException if it is not what was saved
     * @throws MigrationException if it is in another form, and cannot be brought into the present one
     * @throws IOException if it cannot be used for another reason
     */
    public SnapshotEnvelope<T> read(StoredSnapshot stored) throws IOException {
        SnapshotMetadata metadata = stored.metadata();
        stored.verify();
        T state = decode(metadata, expand(metadata, stored.payload()));
        validate(state);
        return SnapshotEnvelope.of(metadata.version(), state);
    }

    private byte[] expand(SnapshotMetadata metadata, byte[] payload) throws IOException {
        if (metadata.size() > maxSize) {
            throw new IOException("the entry would expand to " + metadata.size() + " bytes, and maxSize is " + maxSize);
        }
        String name = metadata.compression();
        Compression how = name.equals(compression.name()) ? compression : Compression.named(name);
        return how.decompress(payload, (int) metadata.size());
    }

    private T decode(SnapshotMetadata metadata, byte[] bytes) throws IOException {
        StateCodec<T> reader = readers.get(metadata.codec());
        if (reader == null) {
            throw new IOException("the entry was written by the codec " + Texts.quote(metadata.codec())
                    + ", and those that can read here are " + readers.keySet());
        }
        int version = metadata.schemaVersion();
        if (!migrations.needsMigration(version)) {
            return reader.decode(bytes);
        }
        migrations.path(version); // refuses before anything is read
        if (reader instanceof TreeCodec<T> trees) {
            return trees.fromTree(migrations.migrate(trees.readTree(bytes), version));
        }
        throw new MigrationException(
                "the codec " + Texts.quote(reader.name()) + " cannot read trees, which migrations work on");
    }

    private void validate(T state) throws IOException {
        if (validator != null) {
            try {
                validator.validate(state);
            } catch (Exception e) {
                throw new IOException("the state is not valid", e); // whose message is what people are to read
            }
        }
    }

    /**
     * Builds a {@link SnapshotFormat}.
     *
     * <table>
     * <caption>Defaults</caption>
     * <tr><th>option</th><th>default</th></tr>
     * <tr><td>compression</td><td>gzip, from 1 KiB on, where it makes fewer bytes</td></tr>
     * <tr><td>sha256</td><td>off; CRC-32C is always there</td></tr>
     * <tr><td>timeToLive</td><td>none: for ever</td></tr>
     * <tr><td>migrations</td><td>none: schema version 0</td></tr>
     * <tr><td>validator, alsoReads</td><td>none</td></tr>
     * <tr><td>maxSize</td><td>64 MiB</td></tr>
     * </table>
     *
     * @param <T> the type of the state
     */
    public static final class Builder<T extends @Nullable Object> {
        private final StateCodec<T> codec;
        private final Map<String, StateCodec<T>> readers = new HashMap<>();
        private Compression compression = Compression.gzip();
        private int compressFrom = 1024;
        private boolean sha256;
        private @Nullable Duration timeToLive;
        private Migrations migrations = Migrations.to(0).build();
        private @Nullable StateValidator<? super T> validator;
        private int maxSize = 64 << 20;

        private Builder(StateCodec<T> codec) {
            this.codec = Objects.requireNonNull(codec, "codec");
            readers.put(codec.name(), codec);
        }

        /** A codec that entries were written with before, under another name: it reads, and does not write. */
        public Builder<T> alsoReads(StateCodec<T> other) {
            if (readers.putIfAbsent(other.name(), other) != null) {
                throw new IllegalArgumentException(
                        "alsoReads: there is a codec " + Texts.quote(other.name()) + " already");
            }
            return this;
        }

        /** How bytes are made shorter, where it makes them shorter. Entries of any known compression can be read. */
        public Builder<T> compression(Compression compression) {
            this.compression = Objects.requireNonNull(compression, "compression");
            return this;
        }

        /** How many bytes a state must have at least to be compressed. */
        public Builder<T> compressFrom(int bytes) {
            this.compressFrom = Checks.notNegative("compressFrom", bytes);
            return this;
        }

        /** Whether entries have a SHA-256 beside their CRC-32C. */
        public Builder<T> sha256(boolean sha256) {
            this.sha256 = sha256;
            return this;
        }

        /** How long after it was saved an entry may be used. Recorded in it, so a change affects later entries only. */
        public Builder<T> timeToLive(Duration timeToLive) {
            this.timeToLive = Checks.positive("timeToLive", timeToLive);
            return this;
        }

        /** The way from earlier forms of the state to the present one. */
        public Builder<T> migrations(Migrations migrations) {
            this.migrations = Objects.requireNonNull(migrations, "migrations");
            return this;
        }

        /** Looks at every state that was read, migrated or not, before it is used. */
        public Builder<T> validator(StateValidator<? super T> validator) {
            this.validator = Objects.requireNonNull(validator, "validator");
            return this;
        }

        /** How many bytes a state may have before compression, when written and when read. */
        public Builder<T> maxSize(int bytes) {
            this.maxSize = Checks.notNegative("maxSize", bytes);
            return this;
        }

        /**
         * The format.
         *
         * @throws IllegalArgumentException if there are migration steps and the codec cannot read trees
         */
        public SnapshotFormat<T> build() {
            if (migrations.oldest() < migrations.current() && !(codec instanceof TreeCodec<T>)) {
                throw new IllegalArgumentException(
                        "migrations need a TreeCodec, such as JacksonCodec, and the codec is "
                                + codec.getClass().getName());
            }
            return new SnapshotFormat<>(this);
        }
    }
}
