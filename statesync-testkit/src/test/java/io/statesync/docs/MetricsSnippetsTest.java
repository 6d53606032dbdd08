package io.statesync.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.statesync.SyncGroup;
import io.statesync.contract.Harness;
import io.statesync.micrometer.StateSyncMetrics;
import org.junit.jupiter.api.Test;

/** The code of docs/metrics.md. */
class MetricsSnippetsTest {
    private final MeterRegistry registry = new SimpleMeterRegistry();
    private final SyncGroup group = SyncGroup.of(new Harness().startedAt("1").sync); // a registry holds it weakly

    @Test
    void anEngineIsMetered() {
        var sync = new Harness().startedAt("1").sync;
        // snippet: Metered
        StateSyncMetrics metrics = new StateSyncMetrics(sync);
        metrics.bindTo(registry);
        // end
        assertThat(registry.get("statesync.applies").functionCounter().count()).isEqualTo(1);
        metrics.close();
    }

    @Test
    void aGroupIsMetered() {
        // snippet: MeteredGroup
        new StateSyncMetrics(group, Tags.of("application", "shop")).bindTo(registry);
        // end
        assertThat(registry.get("statesync.applies")
                        .tag("application", "shop")
                        .functionCounter()
                        .count())
                .isEqualTo(1);
    }
}
