package io.statesync.jms.scaling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.statesync.SnapshotEnvelope;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Three sources with one database, two brokers and six replicas, which are killed at random while all of them write, for {@code
 * statesync.campaign.seconds}. Unless that is given, a small form: two sources, one broker and two replicas, for a second and
 * until one of each kind was killed. {@code statesync.campaign.seed} begins the same series again.
 */
@Timeout(1800)
class ThreeSourcesTest {
    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static final int SECONDS = Integer.getInteger("statesync.campaign.seconds", 0);
    private static final Form FORM = SECONDS > 0
            ? new Form(new Fleet.Size(2, 3, 6), SECONDS, 3_000, 300, 1_800)
            : new Form(new Fleet.Size(1, 2, 2), 1, 500, 100, 500);
    private static final long SEED =
            Long.getLong("statesync.campaign.seed", ThreadLocalRandom.current().nextInt(1_000_000));

    /**
     * How large it is.
     *
     * @param seconds how long somebody is killed
     * @param awayMs how long at most somebody stays dead
     * @param paceMs how long at least from one kill to the next
     * @param maxPaceMs how long at most
     */
    private record Form(Fleet.Size size, int seconds, int awayMs, int paceMs, int maxPaceMs) {}

    private final Random random = new Random(SEED);
    private final Map<String, Long> backAt = new TreeMap<>(); // when who is dead is started again, by the nano time
    private final Map<String, Integer> kills = new TreeMap<>();

    @Test
    void noAcceptedWriteIsLostAndEveryReplicaIsTheDatabaseInTheEnd() throws Exception {
        long begin = System.nanoTime();
        System.out.println("campaign seed=" + SEED + " " + FORM);
        try (EmbeddedPostgres postgres =
                        EmbeddedPostgres.builder().setPGStartupWait(LIMIT).start();
                Fleet fleet = new Fleet(FORM.size(), postgres.getJdbcUrl("postgres", "postgres"))) {
            Tally tally = fleet.tally;
            DataSource database = postgres.getPostgresDatabase();
            await().atMost(LIMIT).untilAsserted(() -> {
                assertNoFault(fleet);
                assertThat(fleet.replicas()).allMatch(name -> tally.accepted(name) > 0);
            });
            System.out.println("campaign allWriteMs=" + (System.nanoTime() - begin) / 1_000_000);
            killAtRandom(fleet);
            fleet.stopWriting();
            fleet.heal();
            long healed = System.nanoTime();
            await().atMost(LIMIT).until(fleet::isStill);
            long still = System.nanoTime();
            Map<String, Long> written = new TreeMap<>();
            Map<String, String> lines = read(database, written);
            await().atMost(LIMIT).untilAsserted(() -> assertConverged(fleet, lines));
            System.out.println("campaign kills=" + kills + " acceptedOfSources=" + tally.accepted("source")
                    + " acceptedOfReplicas=" + tally.accepted("replica") + " inDoubt=" + tally.inDoubt()
                    + " refused=" + tally.refused() + " stillMs=" + (still - healed) / 1_000_000
                    + " convergedMs=" + (System.nanoTime() - healed) / 1_000_000);
            assertThat(read(database, new TreeMap<>()))
                    .as("nobody wrote meanwhile")
                    .isEqualTo(lines);
            assertThat(tally.wrong(written)).isEmpty();
            assertNoFault(fleet);
        }
    }

    /** First one of each kind, then anybody; at most three are dead at once. */
    private void killAtRandom(Fleet fleet) throws Exception {
        List<String> first = new ArrayList<>(List.of(
                "source" + random.nextInt(FORM.size().sources()),
                "replica" + random.nextInt(FORM.size().replicas()),
                "broker" + random.nextInt(FORM.size().brokers())));
        Collections.shuffle(first, random);
        List<String> names = fleet.names();
        long end = System.nanoTime() + Duration.ofSeconds(FORM.seconds()).toNanos();
        while (System.nanoTime() < end || !first.isEmpty()) {
            String victim = first.isEmpty() ? names.get(random.nextInt(names.size())) : first.remove(0);
            if (!fleet.isDead(victim) && backAt.size() < 3) {
                fleet.kill(victim);
                kills.merge(victim.substring(0, victim.length() - 1), 1, Integer::sum);
                backAt.put(victim, System.nanoTime() + 1_000_000L * random.nextInt(FORM.awayMs()));
            }
            LockSupport.parkNanos(
                    1_000_000L * random.nextInt(FORM.paceMs(), FORM.maxPaceMs())); // the pace of the faults
            for (String name : List.copyOf(backAt.keySet())) {
                if (System.nanoTime() >= backAt.get(name)) {
                    backAt.remove(name);
                    fleet.start(name);
                }
            }
            assertNoFault(fleet);
        }
    }

    private static void assertNoFault(Fleet fleet) {
        assertThat(fleet.endedByThemselves()).isEmpty();
        assertThat(fleet.tally.faults()).isEmpty();
    }

    private static void assertConverged(Fleet fleet, Map<String, String> lines) {
        fleet.askReplicas();
        for (String replica : fleet.replicas()) {
            lines.forEach((topic, line) ->
                    assertThat(fleet.tally.shown(replica, topic)).as(replica).isEqualTo(line));
        }
    }

    /** What the database has of each topic, in one line; of each writer, in {@code written}. */
    private static Map<String, String> read(DataSource database, Map<String, Long> written) throws Exception {
        Map<String, String> lines = new TreeMap<>();
        for (String topic : Counts.TOPICS) {
            SnapshotEnvelope<Map<String, Long>> snapshot = Counts.authority(topic, database)
                    .snapshot()
                    .toCompletableFuture()
                    .get();
            written.putAll(snapshot.data());
            lines.put(topic, Counts.line(topic, snapshot.version(null), snapshot.data()));
        }
        return lines;
    }
}
