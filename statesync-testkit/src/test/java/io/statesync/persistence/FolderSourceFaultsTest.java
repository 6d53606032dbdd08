package io.statesync.persistence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.statesync.PullResult;
import io.statesync.Revision;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateCodec;
import io.statesync.StateVersion;
import io.statesync.Subscription;
import io.statesync.jackson.JacksonCodec;
import io.statesync.testkit.FakePullRequest;
import io.statesync.testkit.RecordingHandler;
import io.statesync.testkit.RecordingHandler.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A {@link FolderSource} among clocks, codecs and handlers that fail, and subscriptions that come later. */
@Timeout(120)
class FolderSourceFaultsTest {
    private static final String TOPIC = "settings";
    private static final SnapshotFormat<String> FORMAT = SnapshotFormat.of(JacksonCodec.json(String.class));
    private static final Duration LONG = Duration.ofHours(1);
    private static final Duration SHORT = Duration.ofMillis(20);
    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");

    @TempDir
    Path temp;

    private final List<Subscription> opened = new ArrayList<>();
    private FileStorage storage;

    @BeforeEach
    void makeStorage() throws IOException {
        storage = FileStorage.in(temp.resolve("faults"));
    }

    @AfterEach
    void closeAll() throws Exception {
        for (Subscription subscription : opened) {
            subscription.close();
        }
    }

    private static StateVersion version(long revision) {
        return StateVersion.of(Revision.of(revision));
    }

    private void save(String topic, long revision) throws IOException {
        assertThat(storage.save(topic, FORMAT.write(version(revision), "state " + revision, NOW)))
                .isTrue();
    }

    private FolderSource.Builder<String> builder(String topic) {
        return FolderSource.builder(storage, topic, FORMAT);
    }

    private void subscribe(FolderSource<?> source, RecordingHandler handler) throws Exception {
        opened.add(source.subscriber().subscribe(handler).toCompletableFuture().join());
    }

    private static void awaitVersion(RecordingHandler handler, long revision) throws Exception {
        assertThat(handler.awaitCalls(
                        calls -> calls.stream()
                                .anyMatch(call -> version(revision).equals(call.version())),
                        Duration.ofSeconds(30)))
                .as("%s", handler.calls())
                .isTrue();
    }

    private static PullResult<String> pull(FolderSource<String> source) throws Exception {
        return source.provider()
                .getSnapshot(FakePullRequest.of(TOPIC))
                .toCompletableFuture()
                .get(30, TimeUnit.SECONDS);
    }

    @Test
    void eachSubscriptionBeginsWithTheEntryThatIsThereAndHearsOfItOnce() throws Exception {
        save(TOPIC, 3);
        FolderSource<String> source = builder(TOPIC).pollInterval(LONG).build();
        List<RecordingHandler> handlers = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            RecordingHandler handler = new RecordingHandler();
            subscribe(source, handler);
            awaitVersion(handler, 3);
            handlers.add(handler);
        }
        save(TOPIC, 4);
        for (RecordingHandler handler : handlers) {
            awaitVersion(handler, 4);
            assertThat(handler.calls()).hasSize(2);
        }
    }

    @Test
    void waitingForTheFirstSaveIsSaidWithoutAStackTrace() {
        assertThatThrownBy(() -> pull(builder(TOPIC).build()))
                .cause()
                .isInstanceOf(IOException.class)
                .hasMessageEndingWith(" yet: it is there once somebody saves it")
                .satisfies(notYet -> assertThat(notYet.getStackTrace()).isEmpty());
    }

    @Test
    void aSubscriptionAfterAClearBeginsWithoutAnEvent() throws Exception {
        save(TOPIC, 9);
        CountDownLatch cleared = new CountDownLatch(1);
        FolderSource<String> source =
                builder(TOPIC).pollInterval(LONG).onCleared(cleared::countDown).build();
        RecordingHandler first = new RecordingHandler();
        subscribe(source, first);
        awaitVersion(first, 9);
        storage.clear(TOPIC);
        assertThat(cleared.await(30, TimeUnit.SECONDS)).isTrue();
        RecordingHandler second = new RecordingHandler();
        subscribe(source, second);
        save(TOPIC, 2);
        awaitVersion(second, 2);
        assertThat(second.calls()).hasSize(1);
    }

    @Test
    void anEventIsToldAfterAClockThatThrewOnce() throws Exception {
        save(TOPIC, 1);
        FileTime old = FileTime.from(NOW); // a young file is read again in any case
        Files.setLastModifiedTime(storage.newest(TOPIC), old);
        AtomicInteger calls = new AtomicInteger();
        FolderSource<String> source = builder(TOPIC)
                .pollInterval(SHORT)
                .withoutWatch()
                .clock(() -> {
                    if (calls.incrementAndGet() == 1) {
                        throw new IllegalStateException("made to fail");
                    }
                    return NOW;
                })
                .build();
        RecordingHandler handler = new RecordingHandler();
        subscribe(source, handler);
        awaitVersion(handler, 1);
        assertThat(calls).hasValueGreaterThan(1);
    }

    @Test
    void aHandlerThatLeavesItsThreadInterruptedHarmsNobody() throws Exception {
        List<String> topics = List.of("a", "b", "c");
        List<RecordingHandler> handlers = new ArrayList<>();
        for (String topic : topics) {
            save(topic, 1);
            for (int i = 0; i < 2; i++) {
                RecordingHandler handler =
                        new RecordingHandler(call -> Thread.currentThread().interrupt());
                subscribe(builder(topic).pollInterval(LONG).build(), handler);
                handlers.add(handler);
            }
        }
        for (int revision = 2; revision <= 10; revision++) {
            for (String topic : topics) {
                save(topic, revision);
            }
            for (RecordingHandler handler : handlers) {
                awaitVersion(handler, revision);
            }
        }
        assertThat(handlers)
                .allSatisfy(handler -> assertThat(handler.count(Kind.MALFORMED)).isZero());
    }

    @Test
    void anErrorOfACodecLeadsToTheOneBefore() throws Exception {
        save(TOPIC, 1);
        save(TOPIC, 2);
        StateCodec<String> picky = new PickyCodec(new StackOverflowError("made to fail"));
        FolderSource<String> source = FolderSource.of(storage, TOPIC, SnapshotFormat.of(picky));
        assertThat(pull(source)).isEqualTo(SnapshotEnvelope.of(version(1), "\"state 1\""));
    }

    @Test
    void anOlderOneIsNotUsedWhereTheNewestHasExpired() throws Exception {
        SnapshotFormat<String> hour = SnapshotFormat.builder(JacksonCodec.json(String.class))
                .timeToLive(Duration.ofHours(1))
                .build();
        save(TOPIC, 1); // may be used for ever
        storage.save(TOPIC, hour.write(version(2), "state 2", NOW.plusSeconds(1)));
        FolderSource<String> source =
                builder(TOPIC).clock(InstantSource.fixed(NOW.plusSeconds(7200))).build();
        Throwable failure = null;
        try {
            source.provider()
                    .getSnapshot(FakePullRequest.of(TOPIC))
                    .toCompletableFuture()
                    .join();
        } catch (CompletionException e) {
            failure = e.getCause();
        }
        assertThat(failure)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("version 2, saved at 2026-01-02T03:04:06Z, has expired");
        assertThat(failure.getSuppressed())
                .singleElement()
                .satisfies(other -> assertThat(other)
                        .hasMessageContaining("version 1, saved at")
                        .hasMessageContaining("is not used"));
    }
}
