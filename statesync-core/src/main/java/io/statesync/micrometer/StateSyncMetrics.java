package io.statesync.micrometer;

import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.statesync.LifecycleState;
import io.statesync.RevisionSync;
import io.statesync.SyncGroup;
import io.statesync.SyncStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The meters of one engine, or of each engine in a group: its {@link SyncStatus}, read when the registry is scraped.
 * Nothing is added to the path of an event.
 *
 * <p>Every meter has the tags {@code topic} and {@code instance}; docs/metrics.md lists them. Two engines with the same
 * topic and instance in one registry are one to Micrometer, which keeps the meters of the first: name the instances.
 *
 * <p>A registry holds an engine weakly: the gauges of one that was garbage-collected say NaN, its counters stay where they
 * were. This object holds its engines, so keep it no longer than them, and {@link #close} it when they are closed, which
 * removes the meters: before those of a successor with the same topic and instance are bound.
 *
 * <p>Safe for use from any thread.
 */
@SuppressWarnings("exports") // who uses this class requires micrometer.core; who does not must not have to
public final class StateSyncMetrics implements MeterBinder, AutoCloseable {
    private static final String PREFIX = "statesync.";

    private final Supplier<List<RevisionSync<?>>> engines;
    private final Iterable<Tag> tags;
    private final List<Bound> bound = new ArrayList<>(); // guarded by this

    private record Bound(MeterRegistry registry, Meter meter) {}

    /** The meters of an engine. */
    public StateSyncMetrics(RevisionSync<?> engine) {
        this(engine, Tags.empty());
    }

    /** The meters of an engine, with further tags. */
    public StateSyncMetrics(RevisionSync<?> engine, Iterable<Tag> tags) {
        List<RevisionSync<?>> one = List.of(engine);
        this.engines = () -> one;
        this.tags = Objects.requireNonNull(tags, "tags");
    }

    /** The meters of each engine that is in the group when {@link #bindTo} is called. */
    public StateSyncMetrics(SyncGroup group) {
        this(group, Tags.empty());
    }

    /** The meters of each engine that is in the group when {@link #bindTo} is called, with further tags. */
    public StateSyncMetrics(SyncGroup group, Iterable<Tag> tags) {
        this.engines = Objects.requireNonNull(group, "group")::members;
        this.tags = Objects.requireNonNull(tags, "tags");
    }

    @Override
    public synchronized void bindTo(MeterRegistry registry) {
        for (RevisionSync<?> engine : engines.get()) {
            Binding binding = new Binding(registry, engine);
            binding.counters();
            binding.gauges();
        }
    }

    /** Removes the meters from the registries that they were bound to. They can be bound again. */
    @Override
    public synchronized void close() {
        bound.forEach(b -> b.registry().remove(b.meter()));
        bound.clear();
    }

    /** Binds one engine to one registry. The functions must not hold the engine, which is why they take it. */
    private final class Binding {
        private final MeterRegistry registry;
        private final RevisionSync<?> engine;
        private final Tags named;

        Binding(MeterRegistry registry, RevisionSync<?> engine) {
            this.registry = registry;
            this.engine = engine;
            this.named = Tags.of("topic", engine.topic(), "instance", engine.instance())
                    .and(tags);
        }

        void counters() {
            counter("events.seen", "Events that the transport delivered", SyncStatus::eventsSeen);
            counter("events.dropped", "Events that the gate dropped", SyncStatus::eventsDropped);
            counter(
                    "events.coalesced",
                    "Events that passed the gate and needed no pull of their own",
                    SyncStatus::eventsCoalesced);
            counter("pulls", "Pulls begun, retries included", SyncStatus::pulls);
            counter("applies", "Snapshots applied", SyncStatus::applies);
            counter("failures", "Failures reported", SyncStatus::failures);
            counter(
                    "notifications.lost",
                    "Calls of hooks and listeners that were dropped because they were too slow",
                    SyncStatus::notificationsLost);
        }

        void gauges() {
            Clock clock = registry.config().clock();
            time(
                    "behind",
                    "How long the engine has been behind its source; 0 if it is not",
                    s -> seconds(s.behindFor()));
            time(
                    "applying",
                    "How long the apply under way has taken; 0 if there is none",
                    s -> applyingSeconds(s, clock));
            time(
                    "last.success",
                    "When the last pull that succeeded began, since 1970; NaN before the first",
                    StateSyncMetrics::lastSuccessSeconds);
            gauge("connected", "1 if subscribed and connected, else 0", Tags.empty(), s -> s.connected() ? 1 : 0);
            for (LifecycleState state : LifecycleState.values()) {
                Tags tag = Tags.of("state", state.name().toLowerCase(Locale.ROOT));
                gauge("state", "1 for the state that the engine is in, else 0", tag, s -> s.state() == state ? 1 : 0);
            }
        }

        private void counter(String name, String description, ToLongFunction<SyncStatus> value) {
            keep(FunctionCounter.builder(PREFIX + name, engine, e -> value.applyAsLong(e.status()))
                    .description(description)
                    .tags(named)
                    .register(registry));
        }

        private void gauge(String name, String description, Tags more, ToDoubleFunction<SyncStatus> value) {
            keep(Gauge.builder(PREFIX + name, engine, e -> value.applyAsDouble(e.status()))
                    .description(description)
                    .tags(named.and(more))
                    .register(registry));
        }

        private void time(String name, String description, ToDoubleFunction<SyncStatus> seconds) {
            keep(TimeGauge.builder(PREFIX + name, engine, TimeUnit.SECONDS, e -> seconds.applyAsDouble(e.status()))
                    .description(description)
                    .tags(named)
                    .register(registry));
        }

        private void keep(Meter meter) {
            bound.add(new Bound(registry, meter));
        }
    }

    private static double applyingSeconds(SyncStatus status, Clock clock) {
        Instant since = status.applyingSince();
        return since == null
                ? 0
                : Math.max(0, seconds(Duration.between(since, Instant.ofEpochMilli(clock.wallTime()))));
    }

    private static double lastSuccessSeconds(SyncStatus status) {
        Instant at = status.lastSuccess();
        return at == null ? Double.NaN : at.toEpochMilli() / 1e3;
    }

    private static double seconds(@Nullable Duration duration) {
        return duration == null ? 0 : duration.toNanos() / 1e9;
    }
}
