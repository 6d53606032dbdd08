package io.statesync.examples;

import io.statesync.Startup;
import io.statesync.WriteResult;
import io.statesync.examples.Screen.Color;
import io.statesync.replica.StateReplica;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/** Changes keys of a topic of a server; what others change meanwhile stays. */
@Command(
        name = "set",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Changes keys of a file that serve serves, all at once.")
final class SetCommand implements Callable<Integer> {
    @Spec
    private @Nullable CommandSpec spec;

    @Mixin
    private Remote remote = new Remote();

    @Parameters(
            index = "2..*",
            arity = "1..*",
            paramLabel = "KEY=VALUE",
            converter = Setting.Converter.class,
            description = "Such as theme=dark or editor.tabSize=2; a value that is no JSON is a text.")
    private List<Setting> settings = List.of();

    @Option(
            names = "--timeout",
            paramLabel = "DURATION",
            converter = Durations.class,
            defaultValue = "10s",
            description = "How long to try. Default: ${DEFAULT-VALUE}.")
    private Duration timeout = Duration.ofSeconds(10);

    @Override
    public Integer call() throws IOException, InterruptedException {
        Screen screen = new Screen(
                Objects.requireNonNull(spec, "set by picocli").commandLine().getOut(), Ansi.AUTO.enabled());
        try (Way way = remote.connect();
                StateReplica<JsonNode> replica = StateReplica.<JsonNode>builder(remote.topic())
                        .source(way.binding())
                        .engine(engine -> engine.startup(Startup.FAIL_FAST))
                        .build()) {
            await(replica, replica.start(), "no answer came from");
            WriteResult<JsonNode> result = await(replica, replica.update(this::changed), "nothing more came from");
            if (!(result instanceof WriteResult.Accepted<JsonNode> accepted)) {
                throw new IOException("not written: " + reason(result));
            }
            screen.line(
                    Color.CYAN,
                    remote.topic(),
                    "written      as revision " + accepted.version().revision() + ": "
                            + settings.stream().map(Setting::toString).collect(Collectors.joining(", ")));
            return 0;
        }
    }

    /** May be called more than once: for a newer state, if somebody else has written meanwhile. */
    private JsonNode changed(JsonNode state) {
        JsonNode changed = state;
        for (Setting setting : settings) {
            changed = setting.in(changed);
        }
        return changed;
    }

    private static String reason(WriteResult<JsonNode> result) {
        if (result instanceof WriteResult.Rejected<JsonNode> rejected) {
            return rejected.reason();
        }
        if (result instanceof WriteResult.Conflict<JsonNode> conflict) {
            return "others write all the time; it is at revision "
                    + conflict.current().revision();
        }
        return "whether it was taken is not known: " + result;
    }

    private <R extends @Nullable Object> R await(
            StateReplica<JsonNode> replica, CompletableFuture<R> future, String silence)
            throws IOException, InterruptedException {
        try {
            return future.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            Throwable cause = Objects.requireNonNullElse(e.getCause(), e);
            throw new IOException("not written: " + JsonFile.describe(cause), cause);
        } catch (TimeoutException e) {
            Throwable error = replica.meta().error();
            throw new IOException(
                    "not written in time: "
                            + (error != null
                                    ? JsonFile.describe(error)
                                    : silence + " " + remote.url() + " within " + Durations.text(timeout)),
                    e);
        }
    }
}
