package io.statesync.examples;

import io.statesync.examples.Screen.Color;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** JSON files, served over HTTP to whoever follows and sets them. */
@Command(
        name = "serve",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Serves JSON files over HTTP: watch follows one, set changes one. Ends with Ctrl-C.")
final class ServeCommand implements Callable<Integer> {
    private static final int MAX_PORT = 65_535;

    @Spec
    private @Nullable CommandSpec spec;

    @Parameters(
            arity = "1..*",
            paramLabel = "FILE",
            description = "A JSON file; its name without extension is its topic.")
    private List<Path> files = List.of();

    @Option(
            names = "--port",
            paramLabel = "N",
            defaultValue = "8080",
            description = "Where to listen; 0 for any port that is free. Default: ${DEFAULT-VALUE}.")
    private int port;

    @Option(
            names = "--host",
            paramLabel = "ADDRESS",
            description = "The address to listen at. Default: the loopback address, for this machine only.")
    private InetAddress host = InetAddress.getLoopbackAddress();

    @Option(names = "--read-only", description = "Nobody may set anything.")
    private boolean readOnly;

    private final CountDownLatch ended = new CountDownLatch(1);

    @Override
    public Integer call() throws IOException, InterruptedException {
        CommandLine commandLine = Objects.requireNonNull(spec, "set by picocli").commandLine();
        if (port < 0 || port > MAX_PORT) {
            throw new ParameterException(commandLine, "Invalid value for option '--port': " + port + " is no port");
        }
        Map<String, Path> topics = topics(commandLine);
        Screen screen = new Screen(commandLine.getOut(), Ansi.AUTO.enabled(), topics.keySet());
        Ending ending = Ending.by(ended, commandLine.getOut());
        try (FileServer server = new FileServer(topics, host, port, readOnly, screen)) {
            introduce(server, topics, screen);
            server.print();
            ended.await();
            screen.line(Color.NONE, "stopped", "who follows is told to come back later");
        } finally {
            ending.close();
        }
        return 0;
    }

    private Map<String, Path> topics(CommandLine commandLine) {
        Map<String, Path> topics = new LinkedHashMap<>();
        for (Path file : files) {
            String topic = topic(file);
            Path other = topics.putIfAbsent(topic, file.toAbsolutePath().normalize());
            if (other != null) {
                throw new ParameterException(
                        commandLine, "Two files for the topic '" + topic + "': " + other + " and " + file);
            }
        }
        return topics;
    }

    private static String topic(Path file) {
        String name = Objects.requireNonNullElse(file.getFileName(), file).toString();
        int dot = name.lastIndexOf('.');
        return dot > 0 ? name.substring(0, dot) : name;
    }

    private void introduce(FileServer server, Map<String, Path> topics, Screen screen) {
        screen.text("JSON files, served at " + server.base() + " until Ctrl-C:", "");
        int width = topics.keySet().stream().mapToInt(String::length).max().orElse(0);
        topics.forEach((topic, file) -> screen.text("    " + topic + " ".repeat(width + 2 - topic.length()) + file));
        String topic = topics.keySet().iterator().next();
        screen.text("", "Look into them in a browser: " + server.base().resolve("/"));
        screen.text("", "Edit and save one. In another terminal:", "");
        String base = server.base().toString();
        String classPath = System.getProperty("java.class.path", "");
        screen.text("    " + CommandText.of(classPath, "watch", base, topic));
        if (!readOnly) {
            screen.text("    " + CommandText.of(classPath, "set", base, topic, "key=value"));
        }
        screen.text("");
        if (!host.isLoopbackAddress() && !readOnly) {
            screen.text("Whoever reaches this machine may change them; --read-only is against that.", "");
        }
    }
}
