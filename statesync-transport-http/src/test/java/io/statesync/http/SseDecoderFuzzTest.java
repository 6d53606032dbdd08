package io.statesync.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.launchdarkly.eventsource.CommentEvent;
import com.launchdarkly.eventsource.ConnectStrategy;
import com.launchdarkly.eventsource.ErrorStrategy;
import com.launchdarkly.eventsource.EventSource;
import com.launchdarkly.eventsource.FaultEvent;
import com.launchdarkly.eventsource.MessageEvent;
import com.launchdarkly.eventsource.StreamEvent;
import com.launchdarkly.logging.LDLogger;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Against another implementation, on streams without what that one gets wrong: a BOM, an id with NUL, an empty type. */
class SseDecoderFuzzTest {
    private static final List<String> PARTS = List.of(
            "data",
            "data:",
            "data: ",
            "data:  x",
            "event: e",
            "event",
            "id: 1",
            "id:",
            "id",
            ":",
            ": c",
            " ",
            "other: y",
            "\n",
            "\r",
            "\r\n",
            "\n\n",
            "\r\r",
            "\r\n\r\n",
            "ä",
            "€",
            "😀",
            "x");

    @Provide
    Arbitrary<String> streams() {
        return Arbitraries.of(PARTS).list().ofMaxSize(80).map(parts -> String.join("", parts));
    }

    @Property(tries = 1000)
    void hearsWhatAnotherImplementationHears(@ForAll("streams") String stream) throws Exception {
        byte[] bytes = stream.getBytes(StandardCharsets.UTF_8);
        RecordingSink heard = new RecordingSink();
        new SseDecoder(heard, 1 << 20, 1 << 20, "").feed(ByteBuffer.wrap(bytes));
        assertThat(heard.log).isEqualTo(others(bytes));
    }

    private static List<String> others(byte[] bytes) throws Exception {
        List<String> log = new ArrayList<>();
        try (EventSource source = new EventSource.Builder(new Fixed(bytes))
                .errorStrategy(ErrorStrategy.alwaysContinue())
                .build()) {
            while (true) {
                StreamEvent event = source.readAnyEvent();
                if (event instanceof MessageEvent message) {
                    String id = message.getLastEventId() == null ? "" : message.getLastEventId();
                    String type = message.getEventName().isEmpty() ? "message" : message.getEventName();
                    log.add(RecordingSink.line(new SseEvent(type, message.getData(), id)));
                } else if (event instanceof CommentEvent comment) {
                    log.add("comment:" + comment.getText());
                } else if (event instanceof FaultEvent) {
                    return log;
                }
            }
        }
    }

    /** A connection that brings fixed bytes, and ends. */
    private static final class Fixed extends ConnectStrategy {
        private static final URI ORIGIN = URI.create("http://localhost/");
        private final byte[] bytes;

        Fixed(byte[] bytes) {
            this.bytes = bytes;
        }

        @Override
        public Client createClient(LDLogger logger) {
            return new Client() {
                @Override
                public Result connect(String lastEventId) {
                    InputStream in = new ByteArrayInputStream(bytes);
                    return new Result(in, ORIGIN, in);
                }

                @Override
                public boolean awaitClosed(long millis) {
                    return true;
                }

                @Override
                public URI getOrigin() {
                    return ORIGIN;
                }

                @Override
                public void close() throws IOException {}
            };
        }
    }
}
