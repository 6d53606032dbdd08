package io.statesync.examples;

import io.statesync.examples.Screen.Color;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Somebody who edits the generated file, so that there is something to see: three edits, one of them broken. */
final class DemoEditor {
    static final String FIRST = """
            {
              "theme": "light",
              "fontSize": 14,
              "editor": {
                "tabSize": 4,
                "wordWrap": false
              },
              "plugins": ["git", "maven"]
            }
            """;

    private static final String DARK = FIRST.replace("light", "dark");

    private static final String HALF = DARK.substring(0, DARK.indexOf("wordWrap") + 4);

    private static final String REPAIRED = """
            {
              "theme": "dark",
              "fontSize": 16,
              "editor": {
                "tabSize": 4,
                "wordWrap": true
              },
              "language": "en"
            }
            """;

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final Path file;
    private final FileSync sync;
    private final Duration pause;
    private final Screen screen;

    DemoEditor(Path file, FileSync sync, Duration pause, Screen screen) {
        this.file = file;
        this.sync = sync;
        this.pause = pause;
        this.screen = screen;
    }

    /** Edits until done or until {@code ended}; false if that came first. Goes on when the effect of an edit is there. */
    boolean run(CountDownLatch ended) throws IOException, InterruptedException {
        if (ended.await(pause.toNanos(), TimeUnit.NANOSECONDS)) {
            return false;
        }
        screen.line(Color.YELLOW, "demo", "saves another theme");
        Files.writeString(file, DARK);
        if (endedMeanwhile(ended, () -> sync.revision() >= 2)) {
            return false;
        }
        screen.line(Color.YELLOW, "demo", "saves only half of the file");
        Files.writeString(file, HALF);
        if (endedMeanwhile(ended, () -> sync.refusals() >= 1)) {
            return false;
        }
        screen.line(Color.YELLOW, "demo", "saves the whole of it: two values changed, one added, one removed");
        Path written = Files.writeString(file.resolveSibling(file.getFileName() + ".new"), REPAIRED);
        Files.move(written, file, StandardCopyOption.REPLACE_EXISTING);
        return !endedMeanwhile(ended, () -> sync.revision() >= 3);
    }

    private boolean endedMeanwhile(CountDownLatch ended, BooleanSupplier effect) throws InterruptedException {
        long begin = System.nanoTime();
        while (!effect.getAsBoolean() && System.nanoTime() - begin < PATIENCE.toNanos()) {
            if (ended.await(20, TimeUnit.MILLISECONDS)) {
                return true;
            }
        }
        return ended.await(pause.toNanos(), TimeUnit.NANOSECONDS);
    }
}
