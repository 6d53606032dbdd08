package io.statesync.examples;

import io.statesync.examples.Screen.Color;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Stack;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.ArgSpec;
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

    @Option(
            names = "--jms",
            paramLabel = "URL",
            arity = "0..1",
            fallbackValue = "",
            parameterConsumer = BrokerUrl.class,
            description = {
                "Serve them over a message broker as well, such as tcp://127.0.0.1:61616.",
                "Without a URL: a broker of its own, at " + JmsSide.OWN + "."
            })
    private @Nullable String jms;

    /** What follows is the URL if it looks like one, else the first file. */
    static final class BrokerUrl implements CommandLine.IParameterConsumer {
        @Override
        public void consumeParameters(Stack<String> arguments, ArgSpec option, CommandSpec command) {
            boolean isUrl = !arguments.isEmpty() && arguments.peek().contains("://");
            option.setValue(isUrl ? arguments.pop() : "");
        }
    }

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
        try (FileServer server = new FileServer(topics, host, port, readOnly, screen);
                JmsSide broker =
                        jms == null ? null : new JmsSide(server.topics(), jms.isEmpty() ? null : jms, readOnly)) {
            introduce(server, broker, topics, screen);
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

    private void introduce(FileServer server, @Nullable JmsSide broker, Map<String, Path> topics, Screen screen) {
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
        if (broker != null) {
            screen.text("", "The same over the message broker at " + broker.url() + ":", "");
            screen.text("    " + CommandText.of(classPath, "watch", "--jms", broker.url(), topic));
            if (!readOnly) {
                screen.text("    " + CommandText.of(classPath, "set", "--jms", broker.url(), topic, "key=value"));
            }
        }
        screen.text("");
        if (!host.isLoopbackAddress() && !readOnly) {
            screen.text("Whoever reaches this machine may change them; --read-only is against that.", "");
        }
    }
}
