package io.statesync.http.server;

import static java.util.concurrent.TimeUnit.MINUTES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.statesync.InvalidationHandler;
import io.statesync.InvalidationSubscriber;
import io.statesync.Proposal;
import io.statesync.SnapshotEnvelope;
import io.statesync.SnapshotProvider;
import io.statesync.StateVersion;
import io.statesync.TimeSource;
import io.statesync.WriteResult;
import io.statesync.jackson.JacksonCodec;
import io.statesync.source.Authority;
import io.statesync.source.StoreRegistry;
import io.statesync.source.internal.Catalog;
import io.statesync.source.internal.Served;
import io.statesync.source.internal.SharedRead;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What goes on between sources and streams, at moments that a test over a socket does not meet. */
@Timeout(300)
class HubTest {
    /** A source whose answers are made by the test. */
    private static final class Source implements Authority<String> {
        private volatile Supplier<CompletionStage<SnapshotEnvelope<String>>> reads;
        private volatile Runnable onSubscribe = () -> {};
        private final List<InvalidationHandler> handlers = new CopyOnWriteArrayList<>();

        Source(Supplier<CompletionStage<SnapshotEnvelope<String>>> reads) {
            this.reads = reads;
        }

        InvalidationHandler handler() {
            return handlers.get(0);
        }

        @Override
        public String topic() {
            return "t";
        }

        @Override
        public CompletionStage<SnapshotEnvelope<String>> snapshot() {
            return reads.get();
        }

        @Override
        public CompletionStage<WriteResult<String>> propose(Proposal<String> proposal) {
            return CompletableFuture.failedFuture(new UnsupportedOperationException());
        }

        @Override
        public SnapshotProvider<String> provider() {
            return request -> snapshot();
        }

        @Override
        public InvalidationSubscriber subscriber() {
            return handler -> {
                handlers.add(handler);
                onSubscribe.run();
                return CompletableFuture.completedFuture(() -> handlers.remove(handler));
            };
        }
    }

    /** A client that takes everything. */
    private static final class Out extends ServletOutputStream {
        @SuppressWarnings("JdkObsolete") // written and read by several threads
        private final StringBuffer text = new StringBuffer();

        @Override
        public boolean isReady() {
            return true;
        }

        @Override
        public void setWriteListener(WriteListener listener) {}

        @Override
        public void write(int b) {
            text.append((char) b);
        }

        @Override
        public void write(byte[] bytes) {
            text.append(new String(bytes, StandardCharsets.UTF_8));
        }
    }

    private static CompletionStage<SnapshotEnvelope<String>> at(long epoch, long revision) {
        return CompletableFuture.completedFuture(
                SnapshotEnvelope.of(StateVersion.ofUnsigned(epoch, revision), "v" + revision));
    }

    private static Hub hub(Source source) {
        return hub(new Catalog(Map.of("t", new Served<>(source, JacksonCodec.json(String.class))), List.of()));
    }

    private static Hub hub(StoreRegistry registry) {
        return hub(new Catalog(
                Map.of(), List.of(new Catalog.Registered(registry, topic -> JacksonCodec.json(String.class)))));
    }

    private static Hub hub(Catalog catalog) {
        ServerOptions options = new ServerOptions(
                Authorizer.allowAll(),
                "",
                Set.of(),
                1 << 20,
                512,
                20_000,
                10_000,
                1 << 16,
                8 << 20,
                Duration.ofSeconds(1),
                Duration.ofMillis(200),
                Duration.ofSeconds(15),
                Duration.ofSeconds(30),
                Duration.ofSeconds(60),
                Duration.ofSeconds(1),
                ForkJoinPool.commonPool(),
                TimeSource.system());
        return new Hub(catalog, options);
    }

    private static <T> T stub(Class<T> type) {
        return type.cast(
                Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (proxy, method, args) -> null));
    }

    private static EventStream stream(Hub hub) {
        return new EventStream(UUID.randomUUID().toString(), hub, true, stub(HttpServletRequest.class));
    }

    private static Out connect(Hub hub, EventStream stream, int inline) throws Problem {
        Out out = new Out();
        Connection connection = new Connection(stream, hub, inline, stub(AsyncContext.class), out);
        connection.begin();
        stream.connect(connection, null);
        connection.onWritePossible();
        return out;
    }

    private static StateVersion newest(Hub hub) {
        Announcement newest = hub.existing("t").newest();
        return newest == null ? null : newest.version();
    }

    @Test
    void aSourceThatAnswersAtOnceMayBeReadWithoutEnd() {
        AtomicInteger count = new AtomicInteger();
        List<SharedRead<Encoded>> reads = new ArrayList<>();
        reads.add(new SharedRead<>(
                () -> {
                    if (count.incrementAndGet() < 20_000) {
                        var unused = reads.get(0).read(); // somebody comes while it is read
                    }
                    return new CompletableFuture<Encoded>().completeAsync(() -> null, Runnable::run);
                },
                Duration.ofMinutes(1),
                TimeSource.system(),
                ForkJoinPool.commonPool()));
        var unused = reads.get(0).read();
        await().atMost(1, MINUTES).until(() -> count.get() == 20_000);
        await().atMost(1, MINUTES).until(() -> reads.get(0).read().isDone());
    }

    @Test
    void anAnswerThatNeverComesHoldsUpNoLaterOne() {
        Source source = new Source(CompletableFuture::new);
        Hub hub = hub(source);
        CompletableFuture<Encoded> first = hub.existing("t").read().toCompletableFuture();
        source.reads = () -> at(7, 42);
        await().atMost(1, MINUTES).until(first::isCompletedExceptionally);
        await().atMost(1, MINUTES)
                .until(() -> hub.existing("t").read().toCompletableFuture().isDone());
    }

    @Test
    void anEventOfAnotherTopicIsIgnored() throws Exception {
        Source source = new Source(() -> at(7, 42));
        Hub hub = hub(source);
        stream(hub).change(List.of("t"), List.of());
        source.handler().event("other", "900", "7");
        source.handler().event(io.statesync.InvalidationEvent.of("other", StateVersion.ofUnsigned(7, 900)));
        assertThat(newest(hub)).isEqualTo(StateVersion.ofUnsigned(7, 42));
        source.handler().event("t", "43", "7");
        assertThat(newest(hub)).isEqualTo(StateVersion.ofUnsigned(7, 43));
    }

    @Test
    void anEventWithoutAnEpochIsInThatOfTheSource() throws Exception {
        Source source = new Source(() -> at(7, 42));
        Hub hub = hub(source);
        stream(hub).change(List.of("t"), List.of());
        source.handler().event("t", "43");
        assertThat(newest(hub)).isEqualTo(StateVersion.ofUnsigned(7, 43));
    }

    @Test
    void aLookAtTheSourceThatFailsIsRepeated() throws Exception {
        Source source = new Source(() -> CompletableFuture.failedFuture(new IOException("away")));
        Hub hub = hub(source);
        EventStream stream = stream(hub);
        stream.change(List.of("t"), List.of());
        Out out = connect(hub, stream, 0);
        source.reads = () -> at(7, 42);
        await().atMost(1, MINUTES)
                .untilAsserted(() -> assertThat(out.text.toString()).contains("\"revision\":\"42\""));
    }

    @Test
    void aTopicThatIsRemovedWhileItJoinsIsNotKept() throws Exception {
        Source source = new Source(() -> at(7, 42));
        Hub hub = hub(source);
        EventStream stream = stream(hub);
        source.onSubscribe = () -> {
            try {
                stream.change(List.of(), List.of("t"));
            } catch (Problem e) {
                throw new IllegalStateException(e);
            }
        };
        stream.change(List.of("t"), List.of());
        assertThat(stream.info().topics()).isEmpty();
        assertThat(hub.existing("t").followers()).isZero();
        assertThat(source.handlers).isEmpty();
    }

    @Test
    void theStateOfAStoreThatWasRemovedIsToldToNobody() throws Exception {
        StoreRegistry registry = StoreRegistry.create();
        registry.store("x", () -> "of the removed store");
        Hub hub = hub(registry);
        EventStream first = stream(hub);
        first.change(List.of("x"), List.of());
        Out heard = connect(hub, first, 1000);
        assertThat(heard.text.toString()).contains("of the removed store");
        registry.remove("x");
        Topic topic = hub.acquire("x");
        await().atMost(1, MINUTES).until(() -> topic.newest().isRemoved());
        EventStream second = stream(hub);
        second.change(List.of("x"), List.of());
        Out out = connect(hub, second, 1000);
        assertThat(out.text.toString()).isEqualTo("retry: 1000\n\n");
        registry.store("x", () -> "of the next one");
        await().atMost(1, MINUTES)
                .untilAsserted(() -> assertThat(out.text.toString()).contains("of the next one"));
    }

    @Test
    void aConnectionThatTakesOverHearsWhereEveryTopicStands() throws Exception {
        StoreRegistry registry = StoreRegistry.create();
        Set<String> names = new LinkedHashSet<>();
        for (int i = 0; i < 500; i++) {
            names.add("later " + i);
        }
        for (int i = 0; i < 50; i++) {
            names.add("t" + i);
            registry.store("t" + i, () -> "x");
        }
        Hub hub = hub(registry);
        EventStream stream = stream(hub);
        stream.change(names, List.of());
        for (int round = 0; round < 60; round++) {
            Connection first = new Connection(stream, hub, 0, stub(AsyncContext.class), new Out());
            stream.connect(first, null);
            Thread container = new Thread(first::onWritePossible);
            container.start();
            for (int spin = 0; spin < round % 30 * 300; spin++) {
                Thread.onSpinWait();
            }
            Out out = connect(hub, stream, 0);
            container.join();
            await().atMost(1, MINUTES).untilAsserted(() -> {
                String text = out.text.toString();
                for (int i = 0; i < 50; i++) {
                    assertThat(text).contains("\"t" + i + "\"");
                }
            });
        }
    }
}
