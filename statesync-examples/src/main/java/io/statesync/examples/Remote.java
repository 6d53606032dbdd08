package io.statesync.examples;

import io.statesync.Backoff;
import io.statesync.http.HttpStateClient;
import io.statesync.jms.JmsStateClient;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** A topic of a server, as a command line names it. */
final class Remote {
    /** Somebody looks at the screen, and need not wait for long. */
    static final Backoff BACKOFF = Backoff.exponential(Duration.ofMillis(100), 2, Duration.ofSeconds(3));

    private static final Pattern HTTP = Pattern.compile("(?i)https?://");

    /** What begins like a URL without its scheme: localhost, a port, or a dot and a path. */
    private static final Pattern HOST =
            Pattern.compile("(?:localhost|[\\w.-]+:\\d+|\\w[\\w.-]*\\.[\\w.-]+(?=/))(?:/[\\w./~%-]*)?");

    @Spec(Spec.Target.MIXEE)
    private @Nullable CommandSpec spec;

    @Parameters(index = "0", paramLabel = "URL", description = "What serve has printed: http://127.0.0.1:8080/state.")
    private @Nullable String given;

    @Option(
            names = "--jms",
            description = "URL is a message broker's: tcp://127.0.0.1:61616, or what serve --jms has printed.")
    private boolean jms;

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
        return Objects.requireNonNull(url, "a client is there");
    }

    /**
     * The way to the topic; nothing is connected to yet. The command says itself what fails, so the library's log is off
     * unless somebody wants it.
     */
    Way connect() {
        LibraryLog.off();
        String text = Objects.requireNonNull(given, "required");
        try {
            url = new URI(text);
            return jms ? overJms(text) : overHttp(url);
        } catch (URISyntaxException e) {
            throw refused("must be an absolute http or https URL: \"" + text + "\"", hint(text, "; " + e.getReason()));
        } catch (IllegalArgumentException e) {
            throw refused(String.valueOf(e.getMessage()), hint(text, ""));
        }
    }

    private Way overHttp(URI base) {
        return Way.over(HttpStateClient.builder(base).backoff(BACKOFF).build(), topic());
    }

    private Way overJms(String broker) {
        if (HTTP.matcher(broker).lookingAt()) {
            throw refused("with --jms it is a broker's, such as tcp://127.0.0.1:61616: \"" + broker + "\"", "");
        }
        JmsStateClient client =
                JmsStateClient.builder(JmsSide.factory(broker)).backoff(BACKOFF).build();
        return Way.over(client, topic());
    }

    private ParameterException refused(String why, String hint) {
        return new ParameterException(
                Objects.requireNonNull(spec, "set by picocli").commandLine(), "Invalid value for 'URL': " + why + hint);
    }

    /** What was probably meant; else what is given for that case. */
    private String hint(String text, String otherwise) {
        if (HTTP.matcher(text).lookingAt()) {
            return otherwise;
        }
        if (HTTP.matcher(topic()).lookingAt()) {
            return "; the URL comes first, then the topic";
        }
        return HOST.matcher(text).matches()
                ? "; did you mean http://" + text + (text.indexOf('/') < 0 ? "/state" : "") + "?"
                : otherwise;
    }
}
