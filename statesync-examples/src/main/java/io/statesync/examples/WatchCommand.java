package io.statesync.examples;

import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.SnapshotEnvelope;
import io.statesync.Startup;
import io.statesync.StateSync;
import io.statesync.SyncError;
import io.statesync.SyncPhase;
import io.statesync.TimeSource;
import io.statesync.examples.Screen.Color;
import io.statesync.http.HttpStateException;
import io.statesync.jms.JmsStateException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/** Follows a topic of a server, which may come and go. */
@Command(
        name = "watch",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Follows a file that serve serves, and prints what changes. Ends with Ctrl-C.")
final class WatchCommand implements Callable<Integer> {
    private static final int NOT_FOUND = 404;

    @Spec
    private @Nullable CommandSpec spec;

    @Mixin
    private Remote remote = new Remote();

    @Option(
            names = "--cache",
            paramLabel = "DIR",
            description = "Keep the state in this folder, and start with it while the server is away.")
    private @Nullable Path cache;

    @Option(
            names = "--for",
            paramLabel = "DURATION",
            converter = Durations.class,
            description = "End after this time, such as 500ms, 10s, 2m.")
    private @Nullable Duration time;

    @Option(names = "--changes", paramLabel = "N", description = "End after this many changes.")
    private @Nullable Integer changes;

    private final CountDownLatch ended = new CountDownLatch(1);

    @Override
    public Integer call() throws IOException, InterruptedException {
        CommandLine commandLine = Objects.requireNonNull(spec, "set by picocli").commandLine();
        if (changes != null && changes < 1) {
            throw new ParameterException(
                    commandLine, "Invalid value for option '--changes': " + changes + " is below 1");
        }
        Screen screen = new Screen(commandLine.getOut(), Ansi.AUTO.enabled(), List.of(remote.topic()));
        Ending ending = Ending.by(ended, commandLine.getOut());
        try (Way way = remote.connect();
                RevisionSync<JsonNode> engine = engine(way, screen)) {
            if (time != null) {
                TimeSource.system().schedule(ended::countDown, time);
            }
            screen.line(Color.NONE, "server", "connecting to " + remote.url());
            CompletableFuture<Void> started = engine.start(); // not waited for: the server may be silent
            CompletableFuture<Void> unused = started.whenComplete((done, failure) -> {
                if (failure != null) {
                    ended.countDown();
                }
            });
            ended.await();
            if (started.isCompletedExceptionally()) {
                started.join();
            }
        } finally {
            ending.close();
        }
        return 0;
    }

    private RevisionSync<JsonNode> engine(Way way, Screen screen) throws IOException {
        Kept kept = cache == null ? null : new Kept(cache, JsonFile.codec(), screen);
        RevisionSyncOptions.Builder<JsonNode> options = RevisionSyncOptions.<JsonNode>builder(remote.topic())
                .source(way.binding())
                .applier(snapshot -> {})
                .startup(Startup.KEEP_TRYING)
                .catchUp(Remote.BACKOFF)
                .listener(new Printer(kept, screen));
        if (kept != null) {
            options.cache(kept.cache());
        }
        return StateSync.createRevisionSync(options.build());
    }

    /** Also says whether it is connected, and counts the changes. */
    private final class Printer extends StatePrinter {
        private final Screen screen;
        private int printed = -1; // the first is no change
        private boolean away; // it is said that the server is
        private boolean absent; // it is said that the topic is

        Printer(@Nullable Kept kept, Screen screen) {
            super(remote.topic(), Color.CYAN, kept, screen);
            this.screen = screen;
        }

        @Override
        public void onConnection(boolean connected) {
            if (connected) {
                away = false;
                screen.line(Color.GREEN, "server", "connected to " + remote.url());
            } else {
                sayAway();
            }
        }

        private void sayAway() {
            if (!away && ended.getCount() > 0) { // else it is we who go
                away = true;
                screen.line(Color.RED, "server", "not connected; tries again and again");
            }
        }

        @Override
        void failed(SyncError error) {
            if (error.phase() == SyncPhase.SUBSCRIBE && error.willRetry()) {
                sayAway();
            } else if (!absent && isNotFound(error.error())) {
                absent = true;
                screen.line(Color.RED, remote.topic(), "is not there; waits for it");
            }
        }

        private static boolean isNotFound(Throwable error) {
            return (error instanceof HttpStateException http && http.status() == NOT_FOUND)
                    || (error instanceof JmsStateException jms && jms.status() == NOT_FOUND);
        }

        @Override
        void printed(SnapshotEnvelope<JsonNode> snapshot) {
            absent = false;
            printed++;
            if (changes != null && printed >= changes) {
                ended.countDown();
            }
        }
    }
}
