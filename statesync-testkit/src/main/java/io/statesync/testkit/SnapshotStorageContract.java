package io.statesync.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.abort;

import io.statesync.Revision;
import io.statesync.StateVersion;
import io.statesync.persistence.SnapshotStorage;
import io.statesync.persistence.StoredSnapshot;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * What every {@link SnapshotStorage} must keep: extend it, give it a storage, and JUnit runs it. Needs
 * {@code statesync-persistence}.
 */
public abstract class SnapshotStorageContract {
    private static final String TOPIC = "settings";
    private static final int SAVERS = 8;
    private static final int SAVES = 12;

    /** For subclasses. */
    protected SnapshotStorageContract() {}

    /** An empty storage; called once in each test. */
    protected abstract SnapshotStorage create() throws Exception;

    /**
     * The storage as the next process finds it: another object on what is underneath. Null, the default, if it is not
     * durable; what durable storages must keep is then skipped.
     */
    protected @Nullable SnapshotStorage reopen(SnapshotStorage storage) throws Exception {
        return null;
    }

    /** Topics that are hard to keep. */
    protected static Stream<String> topics() {
        return Stream.of(
                "",
                " ",
                "settings",
                "\uD83D\uDE00 caf\u00e9",
                "\uD83D",
                "\uDE00",
                "?",
                "../..",
                "..",
                ".",
                "/etc/passwd",
                "a/b\\c:d*e|f",
                "CON",
                "nul.txt",
                "a\u0000b",
                "line\nline",
                "x".repeat(10_000),
                "\u0130stanbul",
                "ends with a dot.");
    }

    @Test
    void knowsNothingOfATopicThatWasNeverSaved() throws Exception {
        SnapshotStorage storage = create();
        assertThat(storage.load(TOPIC)).isEmpty();
        storage.clear(TOPIC);
        assertThat(storage.usage().topics()).isZero();
        assertThat(storage.usage().bytes()).isZero();
    }

    @Test
    void givesBackWhatWasSaved() throws Exception {
        SnapshotStorage storage = create();
        StoredSnapshot saved = StoredSnapshots.full(7, 5_000);
        assertThat(storage.save(TOPIC, saved)).isTrue();
        assertThat(storage.load(TOPIC)).hasSize(1);
        StoredSnapshots.assertSame(storage.load(TOPIC).get(0).read(), saved);
    }

    @Test
    void keepsAnEmptyPayloadAndALargeOne() throws Exception {
        SnapshotStorage storage = create();
        StoredSnapshot empty = StoredSnapshots.full(1, 0);
        StoredSnapshot large = StoredSnapshots.full(2, 3_000_001);
        assertThat(storage.save(TOPIC, empty)).isTrue();
        assertThat(storage.save(TOPIC, large)).isTrue();
        StoredSnapshots.assertSame(storage.load(TOPIC).get(0).read(), large);
        StoredSnapshots.assertSame(storage.load(TOPIC).get(1).read(), empty);
    }

    @Test
    void keepsOneGenerationBeforeTheNewest() throws Exception {
        SnapshotStorage storage = create();
        for (int revision = 1; revision <= 4; revision++) {
            assertThat(storage.save(TOPIC, StoredSnapshots.at(revision))).isTrue();
        }
        assertThat(StoredSnapshots.revisions(storage, TOPIC)).containsExactly(4L, 3L);
        StoredSnapshots.assertSame(storage.load(TOPIC).get(1).read(), StoredSnapshots.at(3));
    }

    @Test
    @DisplayName("X1: an older snapshot, or another of the same version, never replaces a newer one")
    void neverKeepsAnOlderOne() throws Exception {
        SnapshotStorage storage = create();
        storage.save(TOPIC, StoredSnapshots.at(4));
        storage.save(TOPIC, StoredSnapshots.at(6));
        for (int revision : new int[] {6, 5, 4, 0}) {
            assertThat(storage.save(TOPIC, StoredSnapshots.at(revision))).isFalse();
            assertThat(StoredSnapshots.revisions(storage, TOPIC)).containsExactly(6L, 4L);
        }
    }

    @Test
    @DisplayName("X1: versions are ordered by epoch, then revision, both unsigned")
    void ordersVersionsAsTheContractDoes() throws Exception {
        SnapshotStorage storage = create();
        List<StateVersion> ascending = List.of(
                StateVersion.ofUnsigned(0, Long.MAX_VALUE),
                StateVersion.ofUnsigned(0, Long.MIN_VALUE),
                StateVersion.ofUnsigned(0, -1),
                StateVersion.ofUnsigned(1, 0),
                StateVersion.ofUnsigned(-1, 0));
        for (StateVersion version : ascending) {
            assertThat(storage.save(TOPIC, StoredSnapshots.at(version))).isTrue();
        }
        for (StateVersion version : ascending) {
            assertThat(storage.save(TOPIC, StoredSnapshots.at(version))).isFalse();
        }
        assertThat(storage.load(TOPIC).get(0).read().metadata().version())
                .isEqualTo(StateVersion.of(Revision.MAX, Revision.ZERO));
    }

    @Test
    @DisplayName(
            "what was migrated replaces its former self: the same version in a later form, never in an earlier one")
    void keepsALaterFormOfTheSameVersion() throws Exception {
        SnapshotStorage storage = create();
        storage.save(TOPIC, StoredSnapshots.at(4));
        StoredSnapshot before = StoredSnapshots.at(5);
        StoredSnapshot migrated =
                StoredSnapshots.inForm(before, before.metadata().schemaVersion() + 1);
        StoredSnapshot older = StoredSnapshots.inForm(
                StoredSnapshots.at(4), migrated.metadata().schemaVersion() + 1);
        assertThat(storage.save(TOPIC, before)).isTrue();
        assertThat(storage.save(TOPIC, migrated)).isTrue();
        assertThat(storage.save(TOPIC, migrated)).isFalse();
        assertThat(storage.save(TOPIC, before)).isFalse();
        assertThat(storage.save(TOPIC, older)).isFalse();
        StoredSnapshots.assertSame(storage.load(TOPIC).get(0).read(), migrated);
        StoredSnapshots.assertSame(storage.load(TOPIC).get(1).read(), before);
        assertThat(storage.save(TOPIC, StoredSnapshots.inForm(StoredSnapshots.at(6), 0)))
                .as("a newer version in an earlier form: its application was rolled back")
                .isTrue();
    }

    @Test
    @DisplayName("a version that has outlived its time is replaced by the same version saved later")
    void replacesTheSameVersionWhenItsTimeIsOver() throws Exception {
        SnapshotStorage storage = create();
        StoredSnapshot limited = StoredSnapshots.of(StateVersion.of(Revision.of(3)), 20, null, Duration.ofHours(1));
        assertThat(storage.save(TOPIC, limited)).isTrue();
        assertThat(storage.save(TOPIC, StoredSnapshots.later(limited, Duration.ofMinutes(59))))
                .isFalse();
        StoredSnapshot fresh =
                StoredSnapshots.later(limited, Duration.ofHours(1).plusMillis(2));
        assertThat(storage.save(TOPIC, fresh)).isTrue();
        assertThat(storage.save(TOPIC, fresh)).isFalse();
        StoredSnapshots.assertSame(storage.load(TOPIC).get(0).read(), fresh);
    }

    @Test
    void forgetsAllGenerationsOfAClearedTopicAndNoOther() throws Exception {
        SnapshotStorage storage = create();
        storage.save(TOPIC, StoredSnapshots.at(4));
        storage.save(TOPIC, StoredSnapshots.at(5));
        storage.save("another", StoredSnapshots.at(9));
        storage.clear(TOPIC);
        assertThat(storage.load(TOPIC)).isEmpty();
        assertThat(StoredSnapshots.revisions(storage, "another")).containsExactly(9L);
        assertThat(storage.usage().topics()).isEqualTo(1);
        assertThat(storage.save(TOPIC, StoredSnapshots.at(1)))
                .as("older than what was cleared")
                .isTrue();
        assertThat(StoredSnapshots.revisions(storage, TOPIC)).containsExactly(1L);
    }

    @Test
    void saysHowMuchItKeeps() throws Exception {
        SnapshotStorage storage = create();
        storage.save(TOPIC, StoredSnapshots.full(1, 10_000));
        storage.save("another", StoredSnapshots.full(1, 20_000));
        assertThat(storage.usage().topics()).isEqualTo(2);
        assertThat(storage.usage().bytes()).isBetween(30_000L, 32_000L);
        storage.save(TOPIC, StoredSnapshots.full(2, 10_000));
        assertThat(storage.usage().topics()).isEqualTo(2);
        assertThat(storage.usage().bytes()).isBetween(40_000L, 43_000L);
        assertThat(storage.usage().maxBytes())
                .isGreaterThanOrEqualTo(storage.usage().bytes());
    }

    @Test
    @DisplayName("a durable storage: what was saved, and what was cleared, is so for the next process too")
    void keepsForTheNextProcessWhatWasSavedAndCleared() throws Exception {
        SnapshotStorage storage = create();
        StoredSnapshot before = StoredSnapshots.full(4, 2_000);
        StoredSnapshot newest = StoredSnapshots.full(5, 3_000);
        assertThat(storage.save(TOPIC, before)).isTrue();
        assertThat(storage.save(TOPIC, newest)).isTrue();
        assertThat(storage.save("cleared", newest)).isTrue();
        storage.clear("cleared");
        SnapshotStorage next = reopen(storage);
        if (next == null) {
            abort("this storage is not durable");
            return;
        }
        assertThat(next).isNotSameAs(storage);
        assertThat(next.load("cleared")).isEmpty();
        assertThat(next.load(TOPIC)).hasSize(2);
        StoredSnapshots.assertSame(next.load(TOPIC).get(0).read(), newest);
        StoredSnapshots.assertSame(next.load(TOPIC).get(1).read(), before);
        assertThat(next.usage().topics()).isEqualTo(1);
        assertThat(next.save(TOPIC, newest)).as("as new as what is kept").isFalse();
        assertThat(next.save(TOPIC, StoredSnapshots.full(6, 10))).isTrue();
        assertThat(StoredSnapshots.revisions(next, TOPIC)).containsExactly(6L, 5L);
    }

    @Test
    void takesAnyStringAsATopic() throws Exception {
        SnapshotStorage storage = create();
        for (String topic : topics().toList()) {
            assertThat(storage.save(topic, StoredSnapshots.at(1))).as(topic).isTrue();
            assertThat(storage.save(topic, StoredSnapshots.at(2))).as(topic).isTrue();
            assertThat(StoredSnapshots.revisions(storage, topic)).as(topic).containsExactly(2L, 1L);
            storage.clear(topic);
            assertThat(storage.load(topic)).as(topic).isEmpty();
        }
    }

    @Test
    void keepsTopicsApartThatLookAlike() throws Exception {
        SnapshotStorage storage = create();
        List<String> topics = new ArrayList<>(topics().toList());
        topics.addAll(List.of("Settings", "SETTINGS", "con", "x".repeat(9_999), "a_b", "a\u0001b", "cafe\u0301"));
        for (int i = 0; i < topics.size(); i++) {
            assertThat(storage.save(topics.get(i), StoredSnapshots.at(i)))
                    .as(topics.get(i))
                    .isTrue();
        }
        for (int i = 0; i < topics.size(); i++) {
            assertThat(StoredSnapshots.revisions(storage, topics.get(i))).containsExactly((long) i);
        }
        assertThat(storage.usage().topics()).isEqualTo(topics.size());
    }

    @Test
    @SuppressWarnings("NullAway") // what a caller that checks nothing may do
    void refusesNull() throws Exception {
        SnapshotStorage storage = create();
        assertThatThrownBy(() -> storage.save(null, StoredSnapshots.at(1))).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> storage.save(TOPIC, null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> storage.load(null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> storage.clear(null)).isInstanceOf(NullPointerException.class);
        assertThat(storage.usage().topics()).isZero();
    }

    @Test
    void endsAtTheHighestVersionOfConcurrentSaves() throws Exception {
        SnapshotStorage storage = create();
        ExecutorService threads = Executors.newFixedThreadPool(SAVERS);
        try {
            CyclicBarrier start = new CyclicBarrier(SAVERS);
            List<Future<Integer>> kept = new ArrayList<>();
            for (int saver = 0; saver < SAVERS; saver++) {
                int offset = saver;
                kept.add(threads.submit(() -> {
                    start.await(30, TimeUnit.SECONDS);
                    return saveAndLoad(storage, offset);
                }));
            }
            int sum = 0;
            for (Future<Integer> each : kept) {
                sum += each.get(60, TimeUnit.SECONDS);
            }
            assertThat(sum).isBetween(1, SAVERS * SAVES);
        } finally {
            threads.shutdownNow();
        }
        List<Long> revisions = StoredSnapshots.revisions(storage, TOPIC);
        assertThat(revisions.get(0)).isEqualTo((long) SAVERS * SAVES - 1);
        assertThat(revisions).isSortedAccordingTo((a, b) -> Long.compare(b, a));
    }

    /** How many were kept; after each save, this version or a newer one is there. */
    private static int saveAndLoad(SnapshotStorage storage, int offset) throws Exception {
        int kept = 0;
        for (int i = 0; i < SAVES; i++) {
            long revision = (long) i * SAVERS + offset;
            kept += storage.save(TOPIC, StoredSnapshots.at(revision)) ? 1 : 0;
            StoredSnapshot newest = storage.load(TOPIC).get(0).read();
            StoredSnapshots.assertSame(
                    newest, StoredSnapshots.at(newest.metadata().version()));
            assertThat(StoredSnapshots.revision(newest)).isGreaterThanOrEqualTo(revision);
        }
        return kept;
    }
}
