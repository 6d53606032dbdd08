package io.statesync.persistence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.statesync.Revision;
import io.statesync.StateVersion;
import io.statesync.jackson.JacksonCodec;
import io.statesync.replica.QueuedWrite;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.StringNode;

class FileWriteQueueTest {
    private static final String TOPIC = "Caf\u00e9";
    private static final SnapshotFormat<@Nullable String> FORMAT = SnapshotFormat.of(JacksonCodec.json(String.class));
    private static final StateVersion BASE = StateVersion.of(Revision.of(7));
    private static final QueuedWrite<@Nullable String> WRITE = new QueuedWrite.Value<>("kept", BASE, null);
    private static final int PREFIX = 16;

    @TempDir
    Path temp;

    private Path folder =
            new FaultyFileSystem(new FaultyDisk()).getPath("/queues"); // in memory, where forces are quick
    private @Nullable FileWriteQueue<@Nullable String> last;

    @AfterEach
    void closeLast() throws IOException {
        if (last != null) {
            last.close();
        }
    }

    private FileWriteQueue.Builder<@Nullable String> builder() {
        return FileWriteQueue.<@Nullable String>builder(folder, TOPIC, FORMAT)
                .actions(Integer.class, JacksonCodec.json(Integer.class));
    }

    /** Another instance, as another process would have; the one before has to be closed. */
    private FileWriteQueue<@Nullable String> reopened(FileWriteQueue.Builder<@Nullable String> builder)
            throws IOException {
        closeLast();
        FileWriteQueue<@Nullable String> queue = builder.build();
        last = queue;
        return queue;
    }

    private FileWriteQueue<@Nullable String> reopened() throws IOException {
        return reopened(builder());
    }

    private Path saved(List<QueuedWrite<@Nullable String>> writes) throws IOException {
        FileWriteQueue<@Nullable String> queue = reopened();
        queue.load();
        queue.save(writes);
        return queue.file();
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> !file.toString().endsWith(".queue-lock"))
                    .sorted()
                    .toList();
        }
    }

    // ---- what is kept ----

    @Test
    void anyQueueIsReadAsItWasSaved() throws IOException {
        for (long seed = 0; seed < 200; seed++) {
            List<QueuedWrite<@Nullable String>> writes = QueuedWrites.of(seed);
            saved(writes);
            List<QueuedWrite<@Nullable String>> kept = reopened().load();
            assertThat(kept).as("seed %s", seed).isEqualTo(writes);
            for (int i = 1; i < kept.size(); i++) { // parts of one proposal have one
                assertThat(kept.get(i).proposal() == kept.get(i - 1).proposal())
                        .as("seed %s", seed)
                        .isEqualTo(writes.get(i).proposal() == writes.get(i - 1).proposal());
            }
        }
    }

    @Test
    void anEmptyQueueHasNoFile() throws IOException {
        assertThat(reopened().load()).isEmpty();
        assertThat(files()).isEmpty();
        saved(List.of(WRITE));
        assertThat(files()).hasSize(1);
        saved(List.of());
        assertThat(files()).isEmpty();
        assertThat(reopened().load()).isEmpty();
    }

    @Test
    void isPrivateToItsOwner() throws IOException {
        folder = temp.resolve("queues");
        assumeTrue(temp.getFileSystem().supportedFileAttributeViews().contains("posix"));
        Path file = saved(List.of(WRITE));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
    }

    @Test
    void sharesAFolderWithSnapshots() throws IOException {
        folder = temp.resolve("queues");
        FileStorage storage = FileStorage.in(folder);
        storage.save(TOPIC, FORMAT.write(BASE, "state", Instant.EPOCH));
        saved(List.of(WRITE));
        storage.clear(TOPIC);
        assertThat(storage.usage().topics()).isZero();
        assertThat(reopened().load()).containsExactly(WRITE);
    }

    // ---- whose it is ----

    @Test
    void belongsToOneInstanceFromItsLoadUntilItIsClosed() throws IOException {
        folder = temp.resolve("queues");
        saved(List.of(WRITE));
        FileWriteQueue<@Nullable String> other = builder().build();
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(other::load)
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("in use by another process")
                    .hasMessageContaining(other.file().toString());
        }
        closeLast();
        assertThat(other.load()).containsExactly(WRITE);
        assertThatThrownBy(() -> reopened().load()).hasMessageContaining("in use");
        other.close();
        assertThat(reopened().load()).containsExactly(WRITE);
    }

    @Test
    void isNotSavedBeforeItIsLoadedNorAfterItIsClosed() throws IOException {
        saved(List.of(WRITE));
        FileWriteQueue<@Nullable String> queue = reopened();
        assertThatThrownBy(() -> queue.save(List.of()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("is to be loaded before");
        assertThat(queue.load()).containsExactly(WRITE);
        queue.close();
        queue.close();
        assertThatThrownBy(() -> queue.save(List.of()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("was closed");
        assertThatThrownBy(queue::load).isInstanceOf(IllegalStateException.class);
        assertThat(reopened().load()).containsExactly(WRITE);
    }

    // ---- what cannot be kept or read ----

    @Test
    void anActionThatCannotBeKeptIsNamedAndChangesNothing() throws IOException {
        saved(List.of(WRITE));
        FileWriteQueue<@Nullable String> withoutCodec = reopened(FileWriteQueue.builder(folder, TOPIC, FORMAT));
        withoutCodec.load();
        assertThatThrownBy(() -> withoutCodec.save(List.of(new QueuedWrite.Action<>(5, null))))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("java.lang.Integer")
                .hasMessageContaining("without a codec for actions");
        FileWriteQueue<@Nullable String> ofIntegers = reopened();
        ofIntegers.load();
        assertThatThrownBy(() -> ofIntegers.save(List.of(new QueuedWrite.Action<>("five", null))))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("java.lang.String")
                .hasMessageContaining("java.lang.Integer");
        assertThat(reopened().load()).containsExactly(WRITE);
    }

    private void assertStays(FileWriteQueue<@Nullable String> queue, String reason) throws IOException {
        byte[] bytes = Files.readAllBytes(queue.file());
        assertThatThrownBy(queue::load)
                .isInstanceOf(IOException.class)
                .isNotInstanceOf(DamagedEntryException.class)
                .hasMessageContaining(reason);
        assertThatThrownBy(() -> queue.save(List.of())).isInstanceOf(IllegalStateException.class);
        assertThat(queue.file()).hasBinaryContent(bytes);
        assertThat(files()).hasSize(1);
    }

    @Test
    void whatThisApplicationCannotReadStays() throws IOException {
        List<QueuedWrite<@Nullable String>> writes = List.of(WRITE, new QueuedWrite.Action<>(5, null));
        saved(writes);
        assertStays(reopened(FileWriteQueue.builder(folder, TOPIC, FORMAT)), "there is no codec for actions");
        assertStays(
                reopened(FileWriteQueue.builder(
                        folder,
                        TOPIC,
                        SnapshotFormat.builder(JacksonCodec.json(String.class))
                                .validator(state -> {
                                    throw new IllegalArgumentException("not this");
                                })
                                .build())),
                "not valid");
        assertThat(reopened().load()).isEqualTo(writes);
    }

    @Test
    void valuesAreMigrated() throws IOException {
        saved(List.of(WRITE));
        SnapshotFormat<@Nullable String> later = SnapshotFormat.<@Nullable String>builder(
                        JacksonCodec.json(String.class))
                .migrations(Migrations.to(1)
                        .from(0, tree -> StringNode.valueOf(tree.asString() + ", migrated"))
                        .build())
                .build();
        assertThat(reopened(FileWriteQueue.builder(folder, TOPIC, later)).load())
                .containsExactly(new QueuedWrite.Value<>("kept, migrated", BASE, null));
    }

    @Test
    void aFormatOfTheFutureStays() throws IOException {
        Path file = saved(List.of(WRITE));
        byte[] whole = Files.readAllBytes(file);
        int length = ByteBuffer.wrap(whole).getInt(8);
        byte[] header = new String(whole, PREFIX, length, StandardCharsets.US_ASCII)
                .replace("\"format\":1", "\"format\":2")
                .getBytes(StandardCharsets.US_ASCII);
        byte[] later = ByteBuffer.allocate(whole.length)
                .put(whole, 0, 12)
                .putInt(FileFrame.crc32c(header))
                .put(header)
                .put(whole, PREFIX + length, whole.length - PREFIX - length)
                .array();
        Files.delete(file);
        Files.write(file, later);
        assertStays(reopened(), "the queue has format 2");
    }

    // ---- damage ----

    private void assertPutAside(Path file, byte[] damaged) throws IOException {
        Files.deleteIfExists(file);
        Files.write(file, damaged);
        FileWriteQueue<@Nullable String> queue = reopened();
        Throwable failure = catchThrowable(queue::load);
        assertThat(failure)
                .isInstanceOf(DamagedEntryException.class)
                .hasMessageContaining("none of them is used")
                .hasMessageContaining(".queue-damaged");
        assertThatThrownBy(() -> queue.save(List.of())).isInstanceOf(IllegalStateException.class);
        List<Path> files = files();
        assertThat(files).hasSize(1);
        assertThat(files.get(0)).hasBinaryContent(damaged);
        assertThat(failure).hasMessageContaining(files.get(0).toString());
        Files.delete(files.get(0));
        assertThat(queue.load()).isEmpty();
        queue.save(List.of(WRITE));
        assertThat(reopened().load()).containsExactly(WRITE);
    }

    @Test
    void everyByteFlipped() throws IOException {
        Path file = saved(List.of(WRITE, new QueuedWrite.Action<>(5, null)));
        byte[] whole = Files.readAllBytes(file);
        for (int i = 0; i < whole.length; i++) {
            byte[] bytes = whole.clone();
            bytes[i] ^= (byte) (1 << i % 8);
            assertPutAside(file, bytes);
        }
    }

    @Test
    void cutAtEveryLengthOrWithMoreAppended() throws IOException {
        Path file = saved(List.of(WRITE, new QueuedWrite.Action<>(5, null)));
        byte[] whole = Files.readAllBytes(file);
        for (int length = 0; length < whole.length; length++) {
            assertPutAside(file, Arrays.copyOf(whole, length));
        }
        assertPutAside(file, Arrays.copyOf(whole, whole.length + 1));
    }

    @Test
    void anotherTopicsQueueUnderTheName() throws IOException {
        Path file = saved(List.of(WRITE));
        Path elsewhere = folder.resolveSibling("others");
        try (FileWriteQueue<@Nullable String> other = FileWriteQueue.in(elsewhere, "other", FORMAT)) {
            other.load();
            other.save(List.of(WRITE));
            assertPutAside(file, Files.readAllBytes(other.file()));
        }
    }

    @Test
    void whatWasPutAsideIsNeverReplaced() throws IOException {
        Path file = saved(List.of());
        for (int i = 1; i <= 3; i++) {
            Files.writeString(file, "damage " + i);
            assertThatThrownBy(() -> reopened().load()).isInstanceOf(DamagedEntryException.class);
        }
        assertThat(files()).map(Files::readString).containsExactlyInAnyOrder("damage 1", "damage 2", "damage 3");
    }

    @Test
    void badOptionsFailWhenBuilt() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> FileWriteQueue.builder(temp, "", FORMAT))
                .withMessageContaining("topic");
    }
}
