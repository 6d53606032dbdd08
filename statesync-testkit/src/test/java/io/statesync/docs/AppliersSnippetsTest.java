package io.statesync.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.statesync.LifecycleState;
import io.statesync.Revision;
import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.SnapshotApplier;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateBinding;
import io.statesync.StateSync;
import io.statesync.apply.Appliers;
import io.statesync.apply.MapApplier.Mode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import javax.swing.ButtonModel;
import javax.swing.JToggleButton;
import javax.swing.SwingUtilities;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.reactivestreams.Subscription;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.ResolvableType;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Sinks;

/** The code in docs/appliers.md. */
@Timeout(60)
class AppliersSnippetsTest {
    private final Ipc ipc = new Ipc();
    private final ExecutorService executor = Executors.newCachedThreadPool();
    private final IpcBinding<Settings> binding = new IpcBinding<>(ipc, Settings::parse, executor);
    private final IpcBinding<Map<String, Integer>> limits =
            new IpcBinding<>(ipc, AppliersSnippetsTest::parseLimits, executor);

    @AfterEach
    void shutDown() {
        executor.shutdownNow();
    }

    /** Such as {@code a=1 b=2}. */
    private static Map<String, Integer> parseLimits(String text) {
        Map<String, Integer> limits = new LinkedHashMap<>();
        for (String limit : text.equals("{}") ? new String[0] : text.split(" ", -1)) {
            int equals = limit.indexOf('=');
            limits.put(limit.substring(0, equals), Integer.valueOf(limit.substring(equals + 1)));
        }
        return limits;
    }

    private static RevisionSyncOptions.Builder<Settings> settingsFrom(StateBinding<Settings> source) {
        return RevisionSyncOptions.<Settings>builder("settings").source(source);
    }

    private <T> void saveAndAwait(RevisionSync<T> sync, String json) {
        sync.awaitRevision(ipc.save(json)).orTimeout(30, TimeUnit.SECONDS).join();
    }

    @Test
    void reference() {
        // snippet: IntoReference
        AtomicReference<Settings> current = new AtomicReference<>();
        RevisionSync<Settings> sync = StateSync.createRevisionSync(RevisionSyncOptions.<Settings>builder("settings")
                .source(binding)
                .applier(Appliers.into(current))
                .build());
        // end
        try (sync) {
            sync.start().join();
            saveAndAwait(sync, "dark");
            assertThat(current.get()).isEqualTo(new Settings("dark"));
        }
    }

    @Test
    void map() {
        // snippet: IntoMap
        ConcurrentMap<String, Integer> map = new ConcurrentHashMap<>();
        RevisionSync<Map<String, Integer>> sync =
                StateSync.createRevisionSync(RevisionSyncOptions.<Map<String, Integer>>builder("limits")
                        .source(limits)
                        .applier(Appliers.into(map).omit("local"))
                        .build());
        // end
        map.put("local", 1);
        try (sync) {
            ipc.save("a=1 local=2");
            sync.start().join();
            assertThat(map).isEqualTo(Map.of("a", 1, "local", 1));
        }
    }

    @Test
    void mapping() throws Exception {
        Map<String, String> map = new HashMap<>(Map.of("other", "kept"));
        // snippet: MappingIntoMap
        SnapshotApplier<Settings> applier = Appliers.into(map)
                .mapping((Settings settings) -> Map.of("theme", settings.theme()))
                .mode(Mode.PATCH);
        // end
        applier.apply(SnapshotEnvelope.of(Revision.of(1), new Settings("dark")));
        assertThat(map).isEqualTo(Map.of("other", "kept", "theme", "dark"));
    }

    @Test
    void several() throws Exception {
        List<Settings> view = new ArrayList<>();
        // snippet: AllAppliers
        AtomicReference<Settings> current = new AtomicReference<>();
        AtomicReference<String> theme = new AtomicReference<>();
        SnapshotApplier<Settings> applier = Appliers.all(
                Appliers.into(current),
                Appliers.mapping(Settings::theme, Appliers.into(theme)),
                snapshot -> view.add(snapshot.data()));
        // end
        applier.apply(SnapshotEnvelope.of(Revision.of(1), new Settings("dark")));
        assertThat(current.get()).isEqualTo(new Settings("dark"));
        assertThat(theme.get()).isEqualTo("dark");
        assertThat(view).containsExactly(new Settings("dark"));
    }

    @Test
    void swing() throws Exception {
        // snippet: Swing
        ButtonModel dark = new JToggleButton.ToggleButtonModel(); // the model of a check box
        RevisionSync<Settings> sync = StateSync.createRevisionSync(RevisionSyncOptions.<Settings>builder("settings")
                .source(binding)
                .applier(snapshot -> dark.setSelected(snapshot.data().theme().equals("dark")))
                .applyOn(SwingUtilities::invokeLater)
                .build());
        // end
        List<Boolean> onEventThread = new CopyOnWriteArrayList<>();
        dark.addItemListener(change -> onEventThread.add(SwingUtilities.isEventDispatchThread()));
        try (sync) {
            sync.start().get(30, TimeUnit.SECONDS);
            saveAndAwait(sync, "dark");
            saveAndAwait(sync, "light");
        }
        assertThat(onEventThread).containsExactly(true, true);
    }

    // snippet: UiThread
    static RevisionSync<Map<String, Integer>> show(
            Map<String, Integer> model, StateBinding<Map<String, Integer>> source, Executor uiThread) {
        return StateSync.createRevisionSync(RevisionSyncOptions.<Map<String, Integer>>builder("limits")
                .source(source)
                .applier(Appliers.into(model))
                .applyOn(uiThread)
                .build());
    }
    // end

    @Test
    void aModelIsTouchedByItsThreadOnly() throws Exception {
        ExecutorService uiThread = Executors.newSingleThreadExecutor();
        List<Thread> touchedBy = new CopyOnWriteArrayList<>();
        Map<String, Integer> model = new HashMap<>() {
            private static final long serialVersionUID = 1L;

            @Override
            public void putAll(Map<? extends String, ? extends Integer> more) {
                touchedBy.add(Thread.currentThread());
                super.putAll(more);
            }
        };
        try (RevisionSync<Map<String, Integer>> sync = show(model, limits, uiThread)) {
            sync.start().get(30, TimeUnit.SECONDS);
            saveAndAwait(sync, "a=1 b=2");
            assertThat(uiThread.submit(() -> Map.copyOf(model)).get(30, TimeUnit.SECONDS))
                    .isEqualTo(Map.of("a", 1, "b", 2));
            Thread ui = uiThread.submit(Thread::currentThread).get(30, TimeUnit.SECONDS);
            assertThat(touchedBy).hasSize(2).containsOnly(ui);
        } finally {
            uiThread.shutdownNow();
        }
    }

    @Test
    void reactor() {
        // snippet: Reactor
        Sinks.Many<Settings> sink = Sinks.many().replay().latest();
        Flux<Settings> settings = sink.asFlux().onBackpressureLatest();
        RevisionSync<Settings> sync = StateSync.createRevisionSync(RevisionSyncOptions.<Settings>builder("settings")
                .source(binding)
                .applier(snapshot -> sink.tryEmitNext(snapshot.data()).orThrow())
                .build());
        // end
        List<Settings> slowly = new CopyOnWriteArrayList<>();
        BaseSubscriber<Settings> slow = new BaseSubscriber<>() {
            @Override
            protected void hookOnSubscribe(Subscription subscription) {
                request(1);
            }

            @Override
            protected void hookOnNext(Settings value) {
                slowly.add(value);
            }
        };
        try (sync) {
            saveAndAwait(sync, "1");
            settings.subscribe(slow);
            List.of("2", "3", "4").forEach(theme -> saveAndAwait(sync, theme));
            slow.request(1);
            assertThat(slowly).containsExactly(new Settings("1"), new Settings("4"));
            assertThat(settings.blockFirst()).isEqualTo(new Settings("4"));
        }
    }

    @Test
    void aSinkThatHasEndedFailsTheApply() {
        Sinks.Many<Settings> sink = Sinks.many().replay().latest();
        sink.tryEmitComplete().orThrow();
        try (RevisionSync<Settings> sync = StateSync.createRevisionSync(settingsFrom(binding)
                .applier(snapshot -> sink.tryEmitNext(snapshot.data()).orThrow())
                .build())) {
            CompletableFuture<Void> refreshed = sync.refresh();
            assertThat(catchThrowable(() -> refreshed.get(30, TimeUnit.SECONDS)))
                    .hasRootCauseInstanceOf(Sinks.EmissionException.class);
        }
    }

    @Test
    void caffeine() {
        // snippet: Caffeine
        Cache<String, Integer> cache = Caffeine.newBuilder().build();
        RevisionSync<Map<String, Integer>> sync =
                StateSync.createRevisionSync(RevisionSyncOptions.<Map<String, Integer>>builder("limits")
                        .source(limits)
                        .applier(Appliers.into(cache.asMap()))
                        .build());
        // end
        try (sync) {
            sync.start().join();
            saveAndAwait(sync, "a=1 b=1");
            saveAndAwait(sync, "b=2 c=2");
            assertThat(cache.asMap()).isEqualTo(Map.of("b", 2, "c", 2));
        }
    }

    // snippet: Spring
    @Configuration(proxyBeanMethods = false)
    static class SettingsConfiguration {
        private final AtomicReference<Settings> current = new AtomicReference<>();

        @Bean(destroyMethod = "close")
        RevisionSync<Settings> settingsSync(StateBinding<Settings> source) {
            RevisionSync<Settings> sync = StateSync.createRevisionSync(RevisionSyncOptions.<Settings>builder("settings")
                    .source(source)
                    .applier(Appliers.into(current))
                    .build());
            sync.start().join();
            return sync;
        }

        @Bean
        Supplier<Settings> settings(RevisionSync<Settings> settingsSync) {
            return current::get;
        }
    }
    // end

    private AnnotationConfigApplicationContext context() {
        AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext();
        context.registerBean("source", IpcBinding.class, () -> binding);
        context.register(SettingsConfiguration.class);
        return context;
    }

    @Test
    void aSpringContextStartsTheEngineAndClosesIt() {
        RevisionSync<?> sync;
        try (AnnotationConfigApplicationContext context = context()) {
            context.refresh();
            Supplier<?> settings = context.<Supplier<Settings>>getBeanProvider(
                            ResolvableType.forClassWithGenerics(Supplier.class, Settings.class))
                    .getObject();
            sync = context.getBean(RevisionSync.class);

            assertThat(settings.get()).isEqualTo(new Settings("{}"));
            saveAndAwait(sync, "dark");
            assertThat(settings.get()).isEqualTo(new Settings("dark"));
        }
        assertThat(sync.status().state()).isEqualTo(LifecycleState.STOPPED);
    }

    @Test
    void aSpringContextDoesNotStartWithoutItsSource() {
        ipc.breakConnections();
        try (AnnotationConfigApplicationContext context = context()) {
            assertThat(catchThrowable(context::refresh)).hasRootCauseInstanceOf(IOException.class);
        }
    }
}
