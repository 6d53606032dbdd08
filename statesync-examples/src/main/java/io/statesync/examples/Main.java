package io.statesync.examples;

import io.statesync.TimeSource;
import io.statesync.examples.Screen.Color;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The way into the examples. Without a sub-command it does the main job: it keeps a JSON file in sync with two replicas,
 * and writes it.
 *
 * <p>Exit codes: 0 when it ended as asked, also by Ctrl-C; 1 after a failure; 2 for a wrong command line.
 */
@Command(
        name = "statesync",
        mixinStandardHelpOptions = true,
        description =
                "Keeps a JSON file in sync with two replicas that print what changed, and can change it themselves.",
        subcommands = {
            ServeCommand.class,
            WatchCommand.class,
            SetCommand.class,
            UnixSocketExample.class,
            PostgresExample.class,
            ZunoExample.class
        },
        sortOptions = false,
        footer = {
            "",
            "It ends with Ctrl-C. Exit codes: 0 ended as asked, 1 failure, 2 wrong command line.",
            "",
            "Examples:",
            "  statesync                      a file of its own, and somebody who edits it",
            "  statesync settings.json        your file, until Ctrl-C",
            "  statesync --for 30s app.json   your file, for half a minute",
            "  statesync --cache kept app.json",
            "                                 likewise; the next run starts without the file, if it has to",
            "  statesync --set editor.tabSize=2 app.json",
            "                                 has a replica write your file, and ends",
            "  statesync serve app.json       your file for other processes, over HTTP: see watch and set"
        })
public final class Main implements Callable<Integer> {
    private static final Pattern POSITION = Pattern.compile("positional parameter at index \\S+ \\(([^)]+)\\)");

    @Spec
    private @Nullable CommandSpec spec;

    @Parameters(
            arity = "0..1",
            paramLabel = "FILE",
            description = "The JSON file. Default: a settings.json in a new folder, which a demo edits.")
    private @Nullable Path file;

    @Option(
            names = "--for",
            paramLabel = "DURATION",
            converter = Durations.class,
            description = "End after this time, such as 500ms, 10s, 2m.")
    private @Nullable Duration time;

    @Option(
            names = "--edits",
            paramLabel = "N",
            description = "End when both replicas are this many revisions past the first.")
    private @Nullable Integer edits;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            converter = Setting.Converter.class,
            description = "Have replica A change a key of FILE, such as theme=dark or editor.tabSize=2, and end,"
                    + " unless --for or --edits is there too. May be repeated.")
    private List<Setting> settings = List.of();

    @Option(
            names = "--cache",
            paramLabel = "DIR",
            description =
                    "Keep what the replicas have in this folder: they start with it, also while FILE is not there.")
    private @Nullable Path cache;

    @Option(
            names = "--pause",
            paramLabel = "DURATION",
            converter = Durations.class,
            defaultValue = "1500ms",
            description = "How long the demo waits before each edit. Default: ${DEFAULT-VALUE}.")
    private Duration pause = Duration.ofMillis(1500);

    private final CountDownLatch ended = new CountDownLatch(1);

    @Override
    public Integer call() throws IOException, InterruptedException {
        checkOptions();
        Ending ending = Ending.by(ended, commandLine().getOut());
        try {
            if (file != null) {
                keepInSync(file.toAbsolutePath().normalize(), cache, Part.NONE);
            } else {
                keepGeneratedFileInSync();
            }
            return 0;
        } finally {
            ending.close();
        }
    }

    private void checkOptions() {
        if (edits != null && edits < 1) {
            throw new ParameterException(commandLine(), "Invalid value for option '--edits': " + edits + " is below 1");
        }
        if (!settings.isEmpty() && file == null) {
            throw new ParameterException(commandLine(), "Option '--set' needs a FILE");
        }
    }

    private void write(FileSync sync) throws IOException, InterruptedException {
        for (Setting setting : settings) {
            sync.write(setting);
        }
        if (!settings.isEmpty() && time == null && edits == null) {
            ended.countDown();
        }
    }

    private void keepGeneratedFileInSync() throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("statesync-");
        Path generated = folder.resolve("settings.json");
        Path keptIn = cache != null ? cache : folder.resolve("kept");
        try {
            Files.writeString(generated, DemoEditor.FIRST);
            if (keepInSync(generated, keptIn, Part.EDITS)) {
                screen().line(Color.YELLOW, "demo", "ends the replicas, takes the file away, and starts them again");
                Files.delete(generated);
                LibraryLog log = LibraryLog.off(); // it would tell of each of their attempts
                try {
                    keepInSync(generated, keptIn, Part.COMES_BACK);
                } finally {
                    log.close();
                }
            }
        } finally {
            Files.deleteIfExists(generated);
            if (cache == null) {
                deleteFiles(keptIn);
            }
            try {
                Files.delete(folder);
            } catch (DirectoryNotEmptyException e) {
                commandLine().getErr().println("kept, since somebody else put files there: " + folder);
            }
        }
    }

    private static void deleteFiles(Path folder) throws IOException {
        if (Files.isDirectory(folder)) {
            try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
                for (Path each : files) {
                    Files.delete(each);
                }
            }
            Files.delete(folder);
        }
    }

    /** What the demo does. */
    private enum Part {
        /** Nothing: the file is the user's. */
        NONE,
        EDITS,
        COMES_BACK
    }

    private Screen screen() {
        return new Screen(commandLine().getOut(), Ansi.AUTO.enabled());
    }

    /** Whether the demo has another part to play, and nobody ended it. */
    private boolean keepInSync(Path watched, @Nullable Path keptIn, Part part)
            throws IOException, InterruptedException {
        Screen screen = screen();
        long begin = System.nanoTime();
        Kept kept = keptIn == null ? null : new Kept(keptIn, JsonFile.codec(), screen);
        try (FileSync sync = new FileSync(watched, kept, screen)) {
            if (part != Part.COMES_BACK) {
                screen.text(
                        "A JSON file, and two replicas that follow it. Edit it and save:",
                        "",
                        "    " + watched,
                        "",
                        "ms is the time from the save (the file's modification time) until a replica has applied it.",
                        "");
            }
            sync.start(() -> endAfterEdits(sync));
            endAfterTime();
            write(sync);
            DemoEditor demo = new DemoEditor(watched, sync, pause, screen);
            // The demo may see the last revision before it is counted.
            DemoEditor.End end = most -> ended.await(most.toNanos(), TimeUnit.NANOSECONDS) || hasEnoughEdits(sync);
            if (part == Part.EDITS && demo.run(end)) {
                return true;
            }
            if (part == Part.COMES_BACK && demo.bringBack(end)) {
                screen.line(Color.YELLOW, "demo", "is done; now edit the file yourself, or end with Ctrl-C");
                endWithTheInput(screen);
            }
            ended.await();
            double seconds = (System.nanoTime() - begin) / 1e9;
            String state = sync.revision() == 0
                    ? "the replicas had nothing but what is kept"
                    : "both replicas at revision " + sync.revision();
            screen.line(Color.NONE, "stopped", String.format(Locale.ROOT, "after %.1f s, %s", seconds, state));
            return false;
        }
    }

    private void endAfterEdits(FileSync sync) {
        if (hasEnoughEdits(sync)) {
            ended.countDown();
        }
    }

    private boolean hasEnoughEdits(FileSync sync) {
        return edits != null && sync.revision() > edits;
    }

    private void endAfterTime() {
        if (time != null) {
            // A timer of the engines' time, which has a thread only while one is pending.
            TimeSource.system().schedule(ended::countDown, time);
        }
    }

    /** Nobody edits the generated file where there is neither a terminal nor an open input, as in a build. */
    private void endWithTheInput(Screen screen) {
        if (time == null && edits == null && !Ending.isTerminal()) {
            Thread thread = new Thread(
                    () -> {
                        drainInput();
                        screen.line(Color.YELLOW, "demo", "ends, since there is no terminal and no more input");
                        ended.countDown();
                    },
                    "statesync-input");
            thread.setDaemon(true);
            thread.start();
        }
    }

    private static void drainInput() {
        try {
            System.in.transferTo(OutputStream.nullOutputStream());
        } catch (IOException e) {
            LoggerFactory.getLogger(Main.class).debug("input closed", e);
        }
    }

    private CommandLine commandLine() {
        return Objects.requireNonNull(spec, "set by picocli").commandLine();
    }

    /** The command line of the examples. */
    static CommandLine create() {
        CommandLine commandLine = new CommandLine(new Main());
        addVersion(commandLine);
        return commandLine
                .setExecutionExceptionHandler(Main::failed)
                .setParameterExceptionHandler(Main::refused)
                .setUsageHelpAutoWidth(true);
    }

    private static void addVersion(CommandLine command) {
        command.getCommandSpec().versionProvider(new Version());
        command.getSubcommands().values().forEach(Main::addVersion);
    }

    /** One line for what users can put right; a stack trace for the rest, which picocli prints. */
    private static int failed(Exception failure, CommandLine commandLine, ParseResult parsed) throws Exception {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (!(cause instanceof IOException)) {
            throw failure;
        }
        commandLine.getErr().println(commandLine.getColorScheme().errorText("statesync: " + JsonFile.describe(cause)));
        return CommandLine.ExitCode.SOFTWARE;
    }

    /** As picocli does it, but a parameter goes by its name, as in its other messages. */
    private static int refused(ParameterException refusal, String[] args) {
        CommandLine command = refusal.getCommandLine();
        String message = POSITION.matcher(String.valueOf(refusal.getMessage())).replaceFirst("'$1'");
        command.getErr().println(command.getColorScheme().errorText(message));
        if (!UnmatchedArgumentException.printSuggestions(refusal, command.getErr())) {
            command.usage(command.getErr(), command.getColorScheme());
        }
        return CommandLine.ExitCode.USAGE;
    }

    /** What {@code --version} prints. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() throws IOException {
            Properties properties = new Properties();
            try (InputStream in = Objects.requireNonNull(Main.class.getResourceAsStream("version.properties"))) {
                properties.load(in);
            }
            return new String[] {
                "statesync " + properties.getProperty("version"), "Java " + Runtime.version(),
            };
        }
    }

    /**
     * Runs a command.
     *
     * @param args the command line
     */
    public static void main(String... args) {
        int status = create().execute(args);
        // In Maven's exec:java, exit would end Maven itself.
        if (status != 0) {
            System.exit(status);
        }
    }
}
