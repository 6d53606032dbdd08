package io.statesync.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.statesync.examples.Browser.Window;
import io.statesync.http.server.Authorizer;
import io.statesync.http.server.StateServlet;
import io.statesync.source.RevisionedStore;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;

/** The inspector while a state changes faster than anybody reads. */
@Timeout(240)
class InspectorUpdatesTest {
    private static final int UPDATES = 150;
    private static final int EACH_MS = 20;

    @Test
    void nothingMovesWhileItUpdatesFiftyTimesASecond() throws Exception {
        String whyNot = Browser.whyNot();
        assumeTrue(whyNot.isEmpty(), whyNot);
        RevisionedStore<JsonNode> store = RevisionedStore.of("settings", state(0));
        StateServlet servlet = StateServlet.builder()
                .topic(store, JsonFile.codec())
                .authorizer(Authorizer.allowAll())
                .build();
        InspectorServlet pages =
                new InspectorServlet(List.of(store.topic()), servlet::connections, new Timeline(), false);
        try (JettyServer server = new JettyServer(servlet, "/state", pages, InetAddress.getLoopbackAddress(), 0);
                Browser browser = new Browser()) {
            Window window = browser.open(server.base().resolve("/").toString());
            window.awaitText("#client-list", "settings: up to date");
            watchLayout(window);

            updateAgainAndAgain(store);

            window.awaitText("#value", "\"size\": " + UPDATES);
            assertThat((List<?>) window.evaluate("window.observe(); return window.moved;"))
                    .isEmpty();
            assertThat((Long) window.evaluate("return window.changes;")).isGreaterThan(1);
        } finally {
            store.close();
        }
    }

    /** Notes what is moved by anything but the user, and counts how often the value changes on the page. */
    private static void watchLayout(Window window) {
        window.evaluate("""
                window.moved = [];
                window.changes = 0;
                const name = ({ node }) => (node?.parentElement?.id ?? '') + '/' + (node?.id || node?.className);
                const note = (entries) => entries.forEach(({ value, sources }) => window.moved.push(`${value} ${sources.map(name)}`));
                const observer = new PerformanceObserver((list) => note(list.getEntries()));
                observer.observe({ type: 'layout-shift' });
                window.observe = () => note(observer.takeRecords());
                new MutationObserver(() => { window.changes++; }).observe(document.getElementById('value'), { childList: true });""");
    }

    private static void updateAgainAndAgain(RevisionedStore<JsonNode> store) {
        ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
        AtomicInteger size = new AtomicInteger();
        ScheduledFuture<?> updating = timer.scheduleAtFixedRate(
                () -> {
                    if (size.get() < UPDATES) {
                        store.set(state(size.incrementAndGet()));
                    }
                },
                0,
                EACH_MS,
                TimeUnit.MILLISECONDS);
        Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> size.get() == UPDATES);
        updating.cancel(false);
        timer.shutdown();
    }

    private static JsonNode state(int size) {
        String list = "7,".repeat(size % 30) + "7";
        try {
            return JsonFile.decode(
                    ("{\"theme\":\"" + "x".repeat(size) + "\",\"size\":" + size + ",\"list\":[" + list + "]}")
                            .getBytes(UTF_8));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
