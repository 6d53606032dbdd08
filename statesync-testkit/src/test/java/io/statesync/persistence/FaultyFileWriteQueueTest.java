package io.statesync.persistence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.statesync.Proposal;
import io.statesync.Revision;
import io.statesync.StateVersion;
import io.statesync.jackson.JacksonCodec;
import io.statesync.replica.QueuedWrite;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is left of a queue whose save fails, or that a power cut ends, at each of its operations. */
class FaultyFileWriteQueueTest {
    private static final int NEVER = Integer.MAX_VALUE;
    private static final int[] BYTES = {0, 100, NEVER};
    private static final StateVersion BASE = StateVersion.of(Revision.of(7));
    private static final QueuedWrite<String> FIRST = new QueuedWrite.Value<>("first", BASE, null);
    private static final List<QueuedWrite<String>> PROPOSED =
            List.of(new QueuedWrite.Value<>("first", BASE, new Proposal<>(BASE, "first", "me", "id 1")));

    /** What is kept before the save that is cut or fails, and what is saved. */
    private record Save(String name, List<QueuedWrite<String>> before, List<QueuedWrite<String>> after) {
        @Override
        public String toString() {
            return name;
        }
    }

    static List<Save> saves() {
        return List.of(
                new Save("first write", List.of(), List.of(FIRST)),
                new Save("proposal", List.of(FIRST), PROPOSED),
                new Save("outcome", PROPOSED, List.of()),
                new Save("nothing", List.of(), List.of()));
    }

    private FaultyDisk disk;
    private Path folder;
    private FileWriteQueue<String> queue;

    private FileWriteQueue<String> open() throws IOException {
        return FileWriteQueue.in(folder, "topic", SnapshotFormat.of(JacksonCodec.json(String.class)));
    }

    private List<QueuedWrite<String>> reopen() throws IOException {
        queue.close();
        queue = open();
        return queue.load();
    }

    private void prepare(Save save) throws IOException {
        if (queue != null) {
            queue.close();
        }
        disk = new FaultyDisk();
        folder = new FaultyFileSystem(disk).getPath("/var/queues");
        queue = open();
        queue.load();
        queue.save(List.of(FIRST));
        queue.save(save.before);
    }

    @AfterEach
    void close() throws IOException {
        queue.close();
    }

    private int operations(Save save) throws IOException {
        prepare(save);
        disk.arm(FaultyDisk.Fault.FAILS, NEVER);
        queue.save(save.after);
        assertThat(reopen()).isEqualTo(save.after);
        return disk.operations().size();
    }

    private void nextSaveWorks(String when) throws IOException {
        List<QueuedWrite<String>> next = List.of(new QueuedWrite.Value<>("next", BASE, null));
        queue.save(next);
        disk.restart(0, 0);
        assertThat(reopen()).as(when).isEqualTo(next);
    }

    @ParameterizedTest
    @MethodSource("saves")
    void aPowerCutLeavesTheOldQueueOrTheNewOne(Save save) throws IOException {
        int operations = operations(save);
        for (int at = 0; at <= operations; at++) {
            for (int bytes : BYTES) {
                int changes = 1;
                for (int survivors = 0; survivors < 1 << changes; survivors++) {
                    changes = cut(save, at, survivors, bytes);
                }
            }
        }
    }

    private int cut(Save save, int at, int survivors, int bytes) throws IOException {
        prepare(save);
        disk.arm(FaultyDisk.Fault.POWER_CUT, at);
        Throwable cut = catchThrowable(() -> queue.save(save.after));
        String when = save + ", cut at " + at + " of " + disk.operations() + ", survivors "
                + Integer.toBinaryString(survivors) + ", bytes " + bytes;
        assertThat(cut instanceof FaultyDisk.PowerCut || cut == null).as(when).isTrue();
        int changes = disk.unforced();
        assertThat(changes).as("unforced changes of names, " + when).isLessThan(8);
        disk.restart(survivors, bytes);
        List<QueuedWrite<String>> kept = reopen();
        if (cut == null) {
            assertThat(kept).as(when).isEqualTo(save.after);
        } else {
            assertThat(kept).as(when).isIn(save.before, save.after);
        }
        nextSaveWorks(when);
        return changes;
    }

    /** A process that dies right before the folder is forced, and a power cut after the next one has sent what it found. */
    @ParameterizedTest
    @MethodSource("saves")
    void whatWasLoadedOutlivesAPowerCut(Save save) throws IOException {
        int operations = operations(save);
        for (int at = 0; at < operations; at++) {
            prepare(save);
            disk.arm(FaultyDisk.Fault.FAILS, at);
            var ignored = catchThrowable(() -> queue.save(save.after));
            String when = save + ", died at " + at + " of " + disk.operations() + ": " + ignored;
            disk.arm(FaultyDisk.Fault.FAILS, NEVER);
            List<QueuedWrite<String>> loaded = reopen();
            disk.restart(0, 0);
            assertThat(reopen()).as(when).isEqualTo(loaded);
        }
    }

    @ParameterizedTest
    @MethodSource("saves")
    void aSaveThatFailsKeepsTheOldQueueOrTheNewOne(Save save) throws IOException {
        int operations = operations(save);
        for (FaultyDisk.Fault fault :
                List.of(FaultyDisk.Fault.FAILS, FaultyDisk.Fault.FAILS_AFTERWARDS, FaultyDisk.Fault.FULL)) {
            for (int at = 0; at < operations; at++) {
                prepare(save);
                disk.arm(fault, at);
                Throwable failure = catchThrowable(() -> queue.save(save.after));
                String when = save + ", " + fault + " at " + at + " of " + disk.operations();
                disk.arm(fault, NEVER);
                if (failure != null) {
                    assertThat(failure).as(when).isInstanceOf(IOException.class);
                }
                assertThat(reopen())
                        .as(when)
                        .isIn(failure == null ? List.of(save.after) : List.of(save.before, save.after));
                nextSaveWorks(when);
            }
        }
    }
}
