package io.statesync.micrometer;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MockClock;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.simple.SimpleConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.statesync.LifecycleState;
import io.statesync.Revision;
import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateSync;
import io.statesync.StateVersion;
import io.statesync.SyncGroup;
import io.statesync.SyncStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class StateSyncMetricsTest {
    private final MockClock clock = new MockClock();
    private final MeterRegistry registry = new SimpleMeterRegistry(SimpleConfig.DEFAULT, clock);
    private final List<StatusOnly> held = new ArrayList<>(); // a registry holds engines weakly

    /** An engine that is nothing but a status. */
    private static final class StatusOnly implements RevisionSync<String> {
        volatile SyncStatus status;

        StatusOnly(SyncStatus status) {
            this.status = status;
        }

        @Override
        public String topic() {
            return status.topic();
        }

        @Override
        public String instance() {
            return status.instance();
        }

        @Override
        public SyncStatus status() {
            return status;
        }

        @Override
        public CompletableFuture<Void> start() {
            throw new UnsupportedOperationException();
        }

        @Override
        public void stop() {}

        @Override
        public void close() {}

        @Override
        public CompletableFuture<Void> refresh() {
            throw new UnsupportedOperationException();
        }

        @Override
        public CompletableFuture<Void> refreshIfOlderThan(Duration age) {
            throw new UnsupportedOperationException();
        }

        @Override
        public CompletableFuture<Void> awaitVersion(StateVersion version) {
            throw new UnsupportedOperationException();
        }

        @Override
        public CompletableFuture<Void> awaitRevision(Revision revision) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Revision localRevision() {
            throw new UnsupportedOperationException();
        }

        @Override
        public StateVersion localVersion() {
            throw new UnsupportedOperationException();
        }
    }

    private StatusOnly engine(SyncStatus status) {
        StatusOnly engine = new StatusOnly(status);
        held.add(engine);
        return engine;
    }

    private static SyncStatus idle(String instance) {
        return new SyncStatus(
                instance,
                "settings",
                LifecycleState.IDLE,
                null,
                null,
                false,
                null,
                false,
                false,
                null,
                null,
                null,
                null,
                0,
                0,
                0,
                0,
                0,
                0,
                0);
    }

    private SyncStatus busy(String instance) {
        Instant now = Instant.ofEpochMilli(clock.wallTime());
        return new SyncStatus(
                instance,
                "settings",
                LifecycleState.RUNNING,
                null,
                null,
                true,
                Duration.ofMillis(1500),
                true,
                true,
                now.minusSeconds(3),
                Instant.ofEpochMilli(1_730_000_000_500L),
                null,
                null,
                100,
                90,
                5,
                7,
                6,
                4,
                3);
    }

    private double counter(String name, String instance) {
        return registry.get(name)
                .tags("topic", "settings", "instance", instance)
                .functionCounter()
                .count();
    }

    private double gauge(String name, String... tags) {
        return registry.get(name).tags(tags).gauge().value();
    }

    @Test
    void eachCountOfTheStatusIsACounter() {
        StatusOnly engine = engine(busy("left"));
        new StateSyncMetrics(engine).bindTo(registry);

        assertThat(counter("statesync.events.seen", "left")).isEqualTo(100);
        assertThat(counter("statesync.events.dropped", "left")).isEqualTo(90);
        assertThat(counter("statesync.events.coalesced", "left")).isEqualTo(5);
        assertThat(counter("statesync.pulls", "left")).isEqualTo(7);
        assertThat(counter("statesync.applies", "left")).isEqualTo(6);
        assertThat(counter("statesync.failures", "left")).isEqualTo(4);
        assertThat(counter("statesync.notifications.lost", "left")).isEqualTo(3);
    }

    @Test
    void whatTheEngineIsDoingIsGauges() {
        StatusOnly engine = engine(busy("left"));
        new StateSyncMetrics(engine).bindTo(registry);

        assertThat(registry.get("statesync.behind").timeGauge().value(TimeUnit.MILLISECONDS))
                .isEqualTo(1500);
        assertThat(gauge("statesync.applying")).isEqualTo(3);
        clock.add(Duration.ofSeconds(1));
        assertThat(gauge("statesync.applying")).isEqualTo(4);
        assertThat(gauge("statesync.last.success")).isEqualTo(1_730_000_000.5);
        assertThat(gauge("statesync.connected")).isEqualTo(1);
        assertThat(gauge("statesync.state", "state", "running")).isEqualTo(1);
        assertThat(gauge("statesync.state", "state", "idle")).isZero();
        assertThat(gauge("statesync.state", "state", "starting")).isZero();
        assertThat(gauge("statesync.state", "state", "stopped")).isZero();
    }

    @Test
    void anIdleEngineIsNotBehindNorConnectedAndHasNoSuccessYet() {
        StatusOnly engine = engine(idle("left"));
        new StateSyncMetrics(engine).bindTo(registry);

        assertThat(gauge("statesync.behind")).isZero();
        assertThat(gauge("statesync.applying")).isZero();
        assertThat(gauge("statesync.last.success")).isNaN();
        assertThat(gauge("statesync.connected")).isZero();
        assertThat(gauge("statesync.state", "state", "idle")).isEqualTo(1);
    }

    @Test
    void aClockThatWasSetBackMakesNoNegativeTime() {
        StatusOnly engine = engine(busy("left"));
        new StateSyncMetrics(engine).bindTo(registry);
        clock.add(Duration.ofSeconds(-10));
        assertThat(gauge("statesync.applying")).isZero();
    }

    @Test
    void eachScrapeReadsTheStatusOfThatMoment() {
        StatusOnly engine = engine(idle("left"));
        new StateSyncMetrics(engine).bindTo(registry);
        engine.status = busy("left");
        assertThat(counter("statesync.pulls", "left")).isEqualTo(7);
        assertThat(gauge("statesync.state", "state", "idle")).isZero();
    }

    @Test
    void furtherTagsAreOnEveryMeter() {
        StatusOnly engine = engine(idle("left"));
        new StateSyncMetrics(engine, Tags.of("zone", "north")).bindTo(registry);
        assertThat(registry.getMeters()).isNotEmpty().allSatisfy(meter -> {
            assertThat(meter.getId().getTag("zone")).isEqualTo("north");
            assertThat(meter.getId().getTag("topic")).isEqualTo("settings");
            assertThat(meter.getId().getTag("instance")).isEqualTo("left");
            assertThat(meter.getId().getName()).startsWith("statesync.");
            assertThat(meter.getId().getDescription()).isNotBlank();
        });
    }

    @Test
    void eachMemberOfAGroupHasItsOwnMeters() {
        StatusOnly left = engine(idle("left"));
        StatusOnly right = engine(busy("right"));
        SyncGroup group = SyncGroup.of(left, right);
        new StateSyncMetrics(group, Tags.of("zone", "north")).bindTo(registry);
        assertThat(counter("statesync.pulls", "left")).isZero();
        assertThat(counter("statesync.pulls", "right")).isEqualTo(7);
        assertThat(gauge("statesync.connected", "instance", "right", "zone", "north"))
                .isEqualTo(1);
        assertThat(gauge("statesync.connected", "instance", "left")).isZero();
    }

    @Test
    void closeRemovesItsMetersAndNoOthers() {
        StateSyncMetrics left = new StateSyncMetrics(SyncGroup.of(engine(idle("left"))));
        StatusOnly right = engine(idle("right"));
        left.bindTo(registry);
        new StateSyncMetrics(right).bindTo(registry);
        MeterRegistry other = new SimpleMeterRegistry();
        left.bindTo(other);

        left.close();
        left.close();

        assertThat(other.getMeters()).isEmpty();
        assertThat(registry.getMeters())
                .extracting(Meter::getId)
                .extracting(id -> id.getTag("instance"))
                .isNotEmpty()
                .containsOnly("right");

        StatusOnly successor = engine(busy("left"));
        new StateSyncMetrics(successor).bindTo(registry);
        assertThat(counter("statesync.pulls", "left")).isEqualTo(7);
    }

    @Test
    void aRealEngineIsMetered() {
        RevisionSync<String> sync = StateSync.createRevisionSync(RevisionSyncOptions.<String>builder("settings")
                .subscriber(handler -> CompletableFuture.completedFuture(() -> {}))
                .provider(request -> CompletableFuture.completedFuture(SnapshotEnvelope.parse("1", null, "data")))
                .applier(snapshot -> {})
                .executor(StateSync.directExecutor())
                .build());
        try (StateSyncMetrics metrics = new StateSyncMetrics(sync)) {
            metrics.bindTo(registry);
            assertThat(sync.start()).isCompleted();
            assertThat(counter("statesync.pulls", "settings")).isEqualTo(1);
            assertThat(counter("statesync.applies", "settings")).isEqualTo(1);
            assertThat(gauge("statesync.state", "state", "running")).isEqualTo(1);
            assertThat(gauge("statesync.connected")).isEqualTo(1);
            sync.close();
            assertThat(gauge("statesync.state", "state", "stopped")).isEqualTo(1);
        }
        assertThat(registry.getMeters()).isEmpty();
    }
}
