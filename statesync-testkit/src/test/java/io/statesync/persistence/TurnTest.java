package io.statesync.persistence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLockInterruptionException;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
@SuppressWarnings("try") // a turn is only held
class TurnTest {
    private static final Duration SHORT = Duration.ofMillis(30);

    @TempDir
    Path folder;

    private Path file;

    @BeforeEach
    void makeFile() throws IOException {
        file = Files.createFile(folder.resolve("x.lock"));
    }

    private FileChannel locked() throws IOException {
        FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
        channel.lock();
        return channel;
    }

    private <T> FutureTask<T> started(String name, Callable<T> work) {
        FutureTask<T> task = new FutureTask<>(work);
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        thread.start();
        while (thread.getState() != Thread.State.TIMED_WAITING && !task.isDone()) {
            Thread.onSpinWait();
        }
        return task;
    }

    /** Whether the file that has the name now is locked by this process. */
    private boolean isLocked() throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.tryLock();
            return false;
        } catch (OverlappingFileLockException e) {
            return true;
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aTurnAtALockFileThatWasDeletedMeanwhileIsNone(boolean madeAgain) throws Exception {
        FutureTask<Boolean> taken;
        try (FileChannel held = locked()) {
            taken = started("waits", () -> {
                try (Turn turn = Turn.take(file)) {
                    return isLocked();
                }
            });
            assertThat(taken).as("waits").isNotDone();
            Files.delete(file);
            if (madeAgain) {
                Files.createFile(file);
            }
        }
        assertThat(taken.get(60, TimeUnit.SECONDS))
                .as("the file that others find is the locked one")
                .isTrue();
    }

    @Test
    void aTurnMakesTheLockFile() throws Exception {
        Files.delete(file);
        try (Turn turn = Turn.take(file)) {
            assertThat(isLocked()).isTrue();
        }
        assertThat(isLocked()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anInterruptEndsTheWait(boolean inThisProcess) throws Exception {
        FutureTask<Boolean> waiting;
        try (AutoCloseable held = inThisProcess ? Turn.take(file) : locked()) {
            Thread[] waiter = new Thread[1];
            waiting = started("waits", () -> {
                waiter[0] = Thread.currentThread();
                assertThatThrownBy(() -> Turn.take(file)).isInstanceOf(FileLockInterruptionException.class);
                return Thread.currentThread().isInterrupted();
            });
            waiter[0].interrupt();
            assertThat(waiting.get(60, TimeUnit.SECONDS))
                    .as("stays interrupted")
                    .isTrue();
        }
        Turn.take(file).close();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aTurnThatDoesNotComeIsAFailureThatSaysWhatToDo(boolean inThisProcess) throws Exception {
        try (AutoCloseable held = inThisProcess ? Turn.take(file) : locked()) {
            FutureTask<Turn> late = started("waits", () -> Turn.take(file, SHORT));
            assertThatThrownBy(() -> late.get(60, TimeUnit.SECONDS))
                    .hasRootCauseInstanceOf(IOException.class)
                    .hasMessageContaining("no turn at " + file + " within PT0.03S")
                    .hasMessageContaining("end it");
        }
        Turn.take(file).close();
    }

    @Test
    void threadsHaveTheirTurnsInTheirOrder() throws Exception {
        List<String> order = new CopyOnWriteArrayList<>();
        FutureTask<?> last = null;
        try (Turn turn = Turn.take(file)) {
            for (String name : List.of("a", "b", "c", "d")) {
                last = started(name, () -> {
                    try (Turn mine = Turn.take(file)) {
                        return order.add(name);
                    }
                });
            }
        }
        assertThat(last).isNotNull();
        last.get(60, TimeUnit.SECONDS);
        assertThat(order).containsExactly("a", "b", "c", "d");
    }

    @Test
    void aProcessThatStopsInItsTurnHoldsUpNoOtherFile() throws Exception {
        Process stopped =
                SavingProcess.java(HoldingProcess.class, file.toString()).start();
        try (BufferedReader lines = stopped.inputReader()) {
            assertThat(lines.readLine()).isEqualTo("locked");
            FutureTask<Turn> waiting = started("waits", () -> Turn.take(file));
            assertThat(waiting).as("waits").isNotDone();
            for (int i = 0; i < 200; i++) {
                Turn.take(folder.resolve("other " + i + ".lock"), Duration.ofSeconds(30))
                        .close();
            }
            assertThat(waiting).as("still waits").isNotDone();
            stopped.toHandle().destroyForcibly();
            assertThat(waiting.get(60, TimeUnit.SECONDS)).isNotNull();
        } finally {
            stopped.destroyForcibly();
        }
    }

    /** A program that locks a file and keeps it. */
    static final class HoldingProcess {
        private HoldingProcess() {}

        @SuppressWarnings("unused")
        public static void main(String[] arguments) throws IOException {
            try (FileChannel channel = FileChannel.open(Path.of(arguments[0]), StandardOpenOption.WRITE)) {
                channel.lock();
                System.out.println("locked");
                System.out.flush();
                System.in.read(); // until it is killed
            }
        }
    }
}
