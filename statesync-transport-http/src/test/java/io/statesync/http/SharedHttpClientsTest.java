package io.statesync.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.lang.ref.WeakReference;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;

@Timeout(300)
class SharedHttpClientsTest {
    private static final Duration OWN = Duration.ofMillis(12_345); // a client that no other test has

    private static Set<Thread> selectors() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().contains("SelectorManager"))
                .collect(Collectors.toSet());
    }

    @Test
    void leasesOfOneConnectTimeoutShareAClient() {
        try (SharedHttpClients.Lease one = SharedHttpClients.lease(OWN);
                SharedHttpClients.Lease other = SharedHttpClients.lease(OWN);
                SharedHttpClients.Lease slower = SharedHttpClients.lease(OWN.plusMillis(1))) {
            assertThat(one.client()).isNotNull().isSameAs(other.client()).isNotSameAs(slower.client());
            one.close();
            assertThat(one.client()).isNull();
            assertThat(other.client()).isNotNull();
        }
    }

    @Test
    void aLeaseIsGivenBackOnce() {
        int before = SharedHttpClients.leases();
        SharedHttpClients.Lease one = SharedHttpClients.lease(OWN);
        SharedHttpClients.Lease other = SharedHttpClients.lease(OWN);
        one.close();
        one.close();
        assertThat(SharedHttpClients.leases()).isEqualTo(before + 1);
        other.close();
        assertThat(SharedHttpClients.leases()).isEqualTo(before);
    }

    @Test
    @EnabledForJreRange(max = JRE.JAVA_20)
    void whereNothingCanBeShutDownCyclesInSequenceReuseTheClient() {
        HttpClient first = null;
        for (int i = 0; i < 1000; i++) {
            try (SharedHttpClients.Lease lease = SharedHttpClients.lease(OWN.plusMillis(2))) {
                first = first == null ? lease.client() : first;
                assertThat(lease.client()).isSameAs(first);
            }
        }
    }

    @Test
    void afterTheLastLeaseTheClientsThreadEnds() {
        Set<Thread> before = selectors();
        SharedHttpClients.Lease lease = SharedHttpClients.lease(OWN.plusMillis(3));
        WeakReference<HttpClient> client = new WeakReference<>(lease.client());
        assertThat(selectors()).isNotEmpty().anyMatch(thread -> !before.contains(thread));
        lease.close();
        await().atMost(Duration.ofSeconds(40)).until(() -> {
            System.gc();
            return client.get() == null && before.containsAll(selectors());
        });
    }
}
