package io.statesync.examples;

import io.statesync.examples.Screen.Color;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * Something to see: somebody edits the generated file three times, once badly, and the replicas change it themselves,
 * the last time both at once.
 */
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
    private static final Duration LOOK_AGAIN = Duration.ofMillis(20);

    /** The end of the program. */
    interface End {
        /** Waits until the end, but no longer than this; whether it came. */
        boolean within(Duration time) throws InterruptedException;
    }

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
    boolean run(End ended) throws IOException, InterruptedException {
        if (ended.within(pause)) {
            return false;
        }
        screen.line(Color.YELLOW, "demo", "saves another theme");
        save(DARK);
        if (endedMeanwhile(ended, () -> sync.revision() >= 2)) {
            return false;
        }
        screen.line(Color.YELLOW, "demo", "saves only half of the file");
        save(HALF);
        if (endedMeanwhile(ended, () -> sync.refusals() >= 1)) {
            return false;
        }
        screen.line(Color.YELLOW, "demo", "saves the whole of it: two values changed, one added, one removed");
        save(REPAIRED);
        return !endedMeanwhile(ended, () -> sync.revision() >= 3) && changeReplicas(ended);
    }

    private boolean changeReplicas(End ended) throws IOException, InterruptedException {
        screen.line(Color.YELLOW, "demo", "changes a replica, which writes the file");
        sync.write(Setting.parse("fontSize=18"));
        showFile();
        if (ended.within(pause)) {
            return false;
        }
        screen.line(
                Color.YELLOW, "demo", "changes both replicas at once: one comes too late, and neither change is lost");
        sync.writeAtOnce(Setting.parse("theme=blue"), Setting.parse("editor.tabSize=2"));
        showFile();
        return !ended.within(pause);
    }

    /** Puts the file back that was taken away; false if {@code ended} came first. */
    boolean bringBack(End ended) throws IOException, InterruptedException {
        screen.line(Color.YELLOW, "demo", "leaves it so for a moment: the replicas try again until the file is back");
        if (ended.within(pause)) {
            return false;
        }
        screen.line(Color.YELLOW, "demo", "brings the file back, with another font size");
        save(FIRST.replace("14", "20"));
        return !endedMeanwhile(ended, () -> sync.revision() >= 1);
    }

    /** At once: nobody sees it half written, but where that is what is shown. */
    private void save(String content) throws IOException {
        Path written = Files.writeString(file.resolveSibling(file.getFileName() + ".new"), content);
        Files.move(written, file, StandardCopyOption.REPLACE_EXISTING);
    }

    private void showFile() throws IOException {
        List<String> lines = new ArrayList<>(Files.readAllLines(file));
        lines.set(0, "holds now    " + lines.get(0));
        for (int i = 1; i < lines.size(); i++) {
            lines.set(i, " ".repeat("holds now    ".length()) + lines.get(i));
        }
        screen.block(Color.NONE, "file", lines);
    }

    private boolean endedMeanwhile(End ended, BooleanSupplier effect) throws InterruptedException {
        long begin = System.nanoTime();
        while (!effect.getAsBoolean() && System.nanoTime() - begin < PATIENCE.toNanos()) {
            if (ended.within(LOOK_AGAIN)) {
                return true;
            }
        }
        return ended.within(pause);
    }
}
