package io.statesync.persistence;

import io.statesync.Proposal;
import io.statesync.StateCodec;
import io.statesync.StateVersion;
import io.statesync.internal.Texts;
import io.statesync.replica.QueuedWrite;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The form of a queue of pending writes in a file, a {@link FileFrame}; docs/persistence-format.md describes it.
 *
 * <p>Each state in it says how it was encoded, as an entry's header does, so that it can be migrated.
 */
final class QueueFormat<T extends @Nullable Object> {
    private static final FileFrame FRAME = new FileFrame("SSQ", "queue");
    private static final StateVersion NONE = StateVersion.ofUnsigned(0, 0);
    private static final int PROPOSAL = 'P';
    private static final int VALUE = 'V';
    private static final int ACTION = 'A';

    private final String topic;
    private final SnapshotFormat<T> states;
    private final @Nullable Actions<?> actions;

    /** How actions are encoded, and what they are. */
    record Actions<A>(Class<A> type, StateCodec<A> codec) {
        private byte[] encode(Object action) throws IOException {
            if (!type.isInstance(action)) {
                throw new IOException("an action of " + action.getClass().getName()
                        + " cannot be kept: the queue was built with actions of " + type.getName());
            }
            return codec.encode(type.cast(action));
        }
    }

    QueueFormat(String topic, SnapshotFormat<T> states, @Nullable Actions<?> actions) {
        this.topic = topic;
        this.states = states;
        this.actions = actions;
    }

    // ---- writing

    /** The bytes of a queue. */
    static final class Encoded {
        final ByteBuffer head;
        final byte[] payload;

        Encoded(ByteBuffer head, byte[] payload) {
            this.head = head;
            this.payload = payload;
        }
    }

    /**
     * Makes writes bytes.
     *
     * @throws IOException if one of them cannot be encoded
     */
    Encoded encode(List<QueuedWrite<T>> writes) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
        DataOutputStream out = new DataOutputStream(bytes);
        Proposal<T> last = null;
        for (QueuedWrite<T> write : writes) {
            Proposal<T> proposal = write.proposal();
            if (proposal != null && proposal != last) {
                writeProposal(out, proposal);
                last = proposal;
            }
            writeOne(out, write);
        }
        byte[] payload = bytes.toByteArray();
        ByteBuffer head = FRAME.head(topic, json -> {
            json.writeNumberProperty("writes", writes.size());
            json.writeNumberProperty("length", payload.length);
            json.writeStringProperty("crc32c", Integer.toHexString(FileFrame.crc32c(payload)));
        });
        return new Encoded(head, payload);
    }

    private void writeProposal(DataOutputStream out, Proposal<T> proposal) throws IOException {
        StateVersion base = proposal.base();
        out.writeByte(PROPOSAL);
        out.writeBoolean(base != null);
        writeVersion(out, base == null ? NONE : base);
        writeText(out, proposal.sourceId());
        writeText(out, proposal.proposalId());
        writeState(out, proposal.value());
    }

    private void writeOne(DataOutputStream out, QueuedWrite<T> write) throws IOException {
        if (write instanceof QueuedWrite.Value<T> value) {
            out.writeByte(VALUE);
            out.writeBoolean(value.proposal() != null);
            writeVersion(out, value.base());
            writeState(out, value.value());
        } else if (write instanceof QueuedWrite.Action<T> action) {
            if (actions == null) {
                throw new IOException(
                        "an action of " + action.action().getClass().getName()
                                + " cannot be kept: the queue was built without a codec for actions");
            }
            out.writeByte(ACTION);
            out.writeBoolean(action.proposal() != null);
            writeText(out, actions.codec.name());
            writeBytes(out, actions.encode(action.action()));
        }
    }

    private void writeState(DataOutputStream out, T state) throws IOException {
        StoredSnapshot stored = states.write(NONE, state, Instant.EPOCH);
        SnapshotMetadata metadata = stored.metadata();
        out.writeInt(metadata.schemaVersion());
        writeText(out, metadata.codec());
        writeText(out, metadata.compression());
        out.writeLong(metadata.size());
        writeBytes(out, stored.payload());
    }

    private static void writeVersion(DataOutputStream out, StateVersion version) throws IOException {
        out.writeLong(version.epochBits());
        out.writeLong(version.revisionBits());
    }

    /** In UTF-16, which any string is. */
    private static void writeText(DataOutputStream out, @Nullable String text) throws IOException {
        out.writeInt(text == null ? -1 : text.length());
        if (text != null) {
            out.writeChars(text);
        }
    }

    private static void writeBytes(DataOutputStream out, byte[] bytes) throws IOException {
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    // ---- reading

    /** A queue that is whole, not decoded yet. */
    static final class Read {
        private final int writes;
        private final byte[] payload;

        Read(int writes, byte[] payload) {
            this.writes = writes;
            this.payload = payload;
        }
    }

    /**
     * Reads a file.
     *
     * @throws DamagedEntryException if it is not a queue of the topic, whole and unchanged
     * @throws IOException if the file cannot be read, or is in a format of the future
     */
    Read read(Path file) throws IOException {
        try (SeekableByteChannel channel = Files.newByteChannel(file)) {
            FileFrame.Head head = FRAME.read(topic, channel);
            byte[] payload = FileFrame.take(channel, head.length());
            int crc = FileFrame.understood(() -> Integer.parseUnsignedInt(head.required("crc32c"), 16));
            if (FileFrame.crc32c(payload) != crc) {
                throw new DamagedEntryException("the payload's CRC-32C is wrong");
            }
            return new Read(FileFrame.understood(() -> Integer.parseInt(head.required("writes"))), payload);
        }
    }

    /**
     * Makes bytes writes again.
     *
     * @throws IOException if they are whole, and not of this application: another codec, another form, no codec for actions
     */
    List<QueuedWrite<T>> decode(Read read) throws IOException {
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(read.payload));
        List<QueuedWrite<T>> writes = new ArrayList<>();
        Proposal<T> last = null;
        try {
            while (in.available() > 0) {
                int kind = in.readUnsignedByte();
                if (kind == PROPOSAL) {
                    last = readProposal(in);
                } else {
                    writes.add(readOne(in, kind, last));
                }
            }
        } catch (EOFException e) {
            throw new IOException("its last record is cut", e);
        }
        if (writes.size() != read.writes) {
            throw new IOException("it has " + writes.size() + " writes, and should have " + read.writes);
        }
        return writes;
    }

    @SuppressWarnings("NullAway") // the value may be null if T may; the checker's mode on JDK 17 does not see that
    private Proposal<T> readProposal(DataInputStream in) throws IOException {
        boolean based = in.readBoolean();
        StateVersion base = readVersion(in);
        String sourceId = readText(in);
        String proposalId = readText(in);
        return new Proposal<>(based ? base : null, readState(in), sourceId, proposalId);
    }

    private QueuedWrite<T> readOne(DataInputStream in, int kind, @Nullable Proposal<T> last) throws IOException {
        Proposal<T> proposal = in.readBoolean() ? Objects.requireNonNull(last, "a part of no proposal") : null;
        return switch (kind) {
            case VALUE -> {
                StateVersion base = readVersion(in);
                yield new QueuedWrite.Value<>(readState(in), base, proposal);
            }
            case ACTION -> new QueuedWrite.Action<>(readAction(in), proposal);
            default -> throw new IOException("it has a record of the unknown kind " + kind);
        };
    }

    private Object readAction(DataInputStream in) throws IOException {
        String codec = readText(in);
        byte[] bytes = readBytes(in);
        if (actions == null || !actions.codec.name().equals(codec)) {
            throw new IOException("it holds an action written by the codec " + Texts.quote(codec) + ", and there is "
                    + (actions == null ? "no codec for actions" : "only " + Texts.quote(actions.codec.name())));
        }
        return Objects.requireNonNull(actions.codec.decode(bytes), "an action");
    }

    private T readState(DataInputStream in) throws IOException {
        int schemaVersion = in.readInt();
        String codec = Objects.requireNonNull(readText(in), "codec");
        String compression = Objects.requireNonNull(readText(in), "compression");
        long size = in.readLong();
        byte[] payload = readBytes(in);
        SnapshotMetadata metadata = new SnapshotMetadata(
                NONE, Instant.EPOCH, schemaVersion, codec, compression, size, FileFrame.crc32c(payload), null, null);
        return states.read(new StoredSnapshot(metadata, payload)).data();
    }

    private static StateVersion readVersion(DataInputStream in) throws IOException {
        long epoch = in.readLong();
        return StateVersion.ofUnsigned(epoch, in.readLong());
    }

    private static @Nullable String readText(DataInputStream in) throws IOException {
        int length = in.readInt();
        if (length < 0) {
            return null;
        }
        byte[] bytes = readExactly(in, (long) length * Character.BYTES);
        return ByteBuffer.wrap(bytes).asCharBuffer().toString();
    }

    private static byte[] readBytes(DataInputStream in) throws IOException {
        return readExactly(in, in.readInt());
    }

    private static byte[] readExactly(DataInputStream in, long length) throws IOException {
        if (length < 0 || length > in.available()) {
            throw new EOFException();
        }
        return in.readNBytes((int) length);
    }
}
