package io.statesync.examples;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.statesync.Backoff;
import io.statesync.WritableBinding;
import io.statesync.http.HttpStateClient;
import java.net.URI;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/** A topic of a server, as a command line names it. */
final class Remote {
    /** Somebody looks at the screen, and need not wait for long. */
    static final Backoff BACKOFF = Backoff.exponential(Duration.ofMillis(100), 2, Duration.ofSeconds(3));

    @Spec(Spec.Target.MIXEE)
    private @Nullable CommandSpec spec;

    @Parameters(index = "0", paramLabel = "URL", description = "What serve has printed: http://127.0.0.1:8080/state.")
    private @Nullable URI url;

    @Parameters(
            index = "1",
            paramLabel = "TOPIC",
            description = "The name of a file that is served, without extension.")
    private @Nullable String topic;

    String topic() {
        return Objects.requireNonNull(topic, "required");
    }

    URI url() {
        return Objects.requireNonNull(url, "required");
    }

    /**
     * A client of the server; nothing is connected to yet. The command says itself what fails, so the library's log is off
     * unless somebody wants it.
     */
    HttpStateClient client() {
        if (System.getProperty("statesync.log.level") == null) {
            ((Logger) LoggerFactory.getLogger("io.statesync")).setLevel(Level.OFF);
        }
        try {
            return HttpStateClient.builder(url()).backoff(BACKOFF).build();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(
                    Objects.requireNonNull(spec, "set by picocli").commandLine(),
                    "Invalid value for 'URL': " + e.getMessage());
        }
    }

    WritableBinding<JsonNode> binding(HttpStateClient client) {
        return client.topic(topic(), JsonFile.codec());
    }
}
