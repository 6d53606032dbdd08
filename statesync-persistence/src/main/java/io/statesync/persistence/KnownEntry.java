package io.statesync.persistence;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.util.Arrays;

/**
 * The entry of a topic that this process saved last, to be known again: its file is read, and its checksums are checked, as
 * always, but its header is compared with the one that was written, where another's has to be understood.
 */
final class KnownEntry {
    private final TopicFiles files;
    private final byte[] head;
    private final SnapshotMetadata metadata;
    private final long size;

    KnownEntry(TopicFiles files, ByteBuffer head, StoredSnapshot snapshot) {
        this.files = files;
        this.head = new byte[head.remaining()];
        head.duplicate().get(this.head);
        this.metadata = snapshot.metadata();
        this.size = this.head.length + (long) snapshot.payload().length;
    }

    TopicFiles files() {
        return files;
    }

    SnapshotMetadata metadata() {
        return metadata;
    }

    /**
     * Whether it is the newest generation still, whole and unchanged.
     *
     * @throws IOException if there is one and it cannot be read
     */
    boolean isNewest() throws IOException {
        try (SeekableByteChannel channel = Files.newByteChannel(files.newest())) {
            if (channel.size() != size || size > Integer.MAX_VALUE) {
                return false;
            }
            byte[] bytes = FileFrame.take(channel, (int) size);
            if (!Arrays.equals(bytes, 0, head.length, head, 0, head.length)) {
                return false;
            }
            StoredSnapshot.verify(metadata, bytes, head.length);
            return true;
        } catch (NoSuchFileException | DamagedEntryException e) {
            return false;
        }
    }
}
