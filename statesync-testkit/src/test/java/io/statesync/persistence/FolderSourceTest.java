package io.statesync.persistence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.statesync.NotModified;
import io.statesync.PullResult;
import io.statesync.Revision;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateCodec;
import io.statesync.StateVersion;
import io.statesync.Subscription;
import io.statesync.jackson.JacksonCodec;
import io.statesync.testkit.FakePullRequest;
import io.statesync.testkit.RecordingHandler;
import io.statesync.testkit.RecordingHandler.Call;
import io.statesync.testkit.RecordingHandler.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.hamcrest.Matchers;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class FolderSourceTest {
    private static final String TOPIC = "settings";
    private static final SnapshotFormat<String> FORMAT = SnapshotFormat.of(JacksonCodec.json(String.class));
    private static final Duration LONG = Duration.ofHours(1);
    private static final Duration SHORT = Duration.ofMillis(20);
    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");

    @TempDir
    Path temp;

    private final List<Subscription> opened = new ArrayList<>();
    private final AtomicInteger clears = new AtomicInteger();
    private FileStorage storage;

    @BeforeEach
    void makeStorage() throws IOException {
        storage = FileStorage.in(temp.resolve("shared"));
    }

    @AfterEach
    void closeAll() throws Exception {
        for (Subscription subscription : opened) {
            subscription.close();
        }
        Awaitility.await().atMost(1, TimeUnit.MINUTES).until(() -> watchingThreads(), List::isEmpty);
    }

    private List<String> watchingThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(("statesync-folder-" + storage.folder().getFileName())::equals)
                .toList();
    }

    private FolderSource.Builder<String> builder() {
        return FolderSource.<String>builder(storage, TOPIC, FORMAT).onCleared(clears::incrementAndGet);
    }

    /** One that hears of changes by the watch alone, or by looking alone. */
    private FolderSource<String> source(boolean watching) {
        return watching
                ? builder().pollInterval(LONG).build()
                : builder().pollInterval(SHORT).withoutWatch().build();
    }

    private static StateVersion version(long revision) {
        return StateVersion.of(Revision.of(revision));
    }

    private void save(long revision) throws IOException {
        assertThat(storage.save(TOPIC, FORMAT.write(version(revision), "state " + revision, NOW)))
                .isTrue();
    }

    private RecordingHandler subscribe(FolderSource<?> source) throws Exception {
        RecordingHandler handler = new RecordingHandler();
        opened.add(source.subscriber().subscribe(handler).toCompletableFuture().join());
        return handler;
    }

    private static void await(RecordingHandler handler, Predicate<List<Call>> condition) throws Exception {
        assertThat(handler.awaitCalls(condition, Duration.ofSeconds(30)))
                .as("%s", handler.calls())
                .isTrue();
    }

    private static void awaitVersion(RecordingHandler handler, long revision) throws Exception {
        await(
                handler,
                calls -> calls.stream().anyMatch(call -> version(revision).equals(call.version())));
    }

    private static void awaitCount(RecordingHandler handler, Kind kind, int count) throws Exception {
        await(
                handler,
                calls -> calls.stream().filter(call -> call.kind() == kind).count() >= count);
    }

    private static PullResult<String> pull(FolderSource<String> source, FakePullRequest request) throws Exception {
        return source.provider().getSnapshot(request).toCompletableFuture().get(30, TimeUnit.SECONDS);
    }

    private static String pull(FolderSource<String> source) throws Exception {
        return ((SnapshotEnvelope<String>) pull(source, FakePullRequest.of(TOPIC))).data();
    }

    private static Throwable pullFailure(FolderSource<String> source) {
        CompletableFuture<?> answer;
        try {
            answer = source.provider().getSnapshot(FakePullRequest.of(TOPIC)).toCompletableFuture();
        } catch (Exception e) {
            return e;
        }
        try {
            return new AssertionError("answered: " + answer.join());
        } catch (CompletionException e) {
            return e.getCause();
        }
    }

    private void damage(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 1] ^= 1;
        Path other = Files.write(temp.resolve("damaged"), bytes);
        Files.move(other, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    }

    private void damageHeader(Path file) throws IOException {
        Path other = Files.writeString(temp.resolve("damaged"), "not an entry");
        Files.move(other, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    }

    // ---- events ----

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aSubscriptionBeginsWithTheEntryThatIsThere(boolean watching) throws Exception {
        save(3);
        awaitVersion(subscribe(source(watching)), 3);
    }

    @Test
    void aSubscriptionOnAFolderThatIsWatchedAlreadyBeginsAtOnce() throws Exception {
        save(3);
        awaitVersion(subscribe(source(true)), 3);
        awaitVersion(subscribe(source(true)), 3);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aSubscriptionBeginsWithTheOneBeforeIfTheNewestIsDamaged(boolean watching) throws Exception {
        save(1);
        save(2);
        damageHeader(storage.newest(TOPIC));
        RecordingHandler handler = subscribe(source(watching));
        awaitVersion(handler, 1);
        awaitCount(handler, Kind.MALFORMED, 1);
        assertThat(handler.calls()).hasSize(2);
    }

    /** As several saves within a tick of the file system's clock may. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anEntryThatChangesNeitherSizeNorTimeIsNoticed(boolean watching) throws Exception {
        FileTime time = FileTime.from(Instant.now().plusSeconds(3600));
        save(1000);
        Files.setLastModifiedTime(storage.newest(TOPIC), time);
        RecordingHandler handler = subscribe(source(watching));
        awaitVersion(handler, 1000);
        long size = Files.size(storage.newest(TOPIC));
        FileStorage other = FileStorage.in(temp.resolve("other"));
        long revision = 1000;
        do { // a checksum has no leading zeroes
            revision++;
            other.save(TOPIC, FORMAT.write(version(revision), "state " + revision, NOW));
        } while (Files.size(other.newest(TOPIC)) != size);
        Files.write(storage.newest(TOPIC), Files.readAllBytes(other.newest(TOPIC)), StandardOpenOption.WRITE);
        Files.setLastModifiedTime(storage.newest(TOPIC), time);
        awaitVersion(handler, revision);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void savesOfOtherTopicsAreNoEvents(boolean watching) throws Exception {
        RecordingHandler handler = subscribe(source(watching));
        for (int i = 1; i <= 20; i++) {
            storage.save("another", FORMAT.write(version(i), "other", NOW));
        }
        save(1);
        awaitVersion(handler, 1);
        assertThat(handler.calls()).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aSaveThatIsRefusedIsNoEvent(boolean watching) throws Exception {
        save(5);
        RecordingHandler handler = subscribe(source(watching));
        awaitVersion(handler, 5);
        for (int i = 0; i < 20; i++) { // as a replica does whose cache is in the folder that it follows
            assertThat(storage.save(TOPIC, FORMAT.write(version(5), "state 5", NOW)))
                    .isFalse();
        }
        save(6);
        awaitVersion(handler, 6);
        List<StateVersion> heard = handler.calls().stream().map(Call::version).toList();
        assertThat(heard).startsWith(version(5), version(6));
        assertThat(heard.subList(1, heard.size()))
                .containsOnly(version(6)); // a look while it is saved may tell it twice
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void oneThatIsClearedAndSavedOlderIsToldAsItIs(boolean watching) throws Exception {
        save(9);
        FolderSource<String> source = source(watching);
        RecordingHandler handler = subscribe(source);
        awaitVersion(handler, 9);
        storage.clear(TOPIC);
        save(2);
        awaitVersion(handler, 2);
        assertThat(pull(source, FakePullRequest.of(TOPIC).holding(version(9))))
                .isEqualTo(SnapshotEnvelope.of(version(2), "state 2"));
    }

    /** What a reader sees between a save's two moves, and after a crash there. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aNewestThatWasMovedAwayIsNeitherAClearNorAnError(boolean watching) throws Exception {
        save(1);
        FolderSource<String> source = source(watching);
        RecordingHandler handler = subscribe(source);
        awaitVersion(handler, 1);
        Files.move(storage.newest(TOPIC), storage.before(TOPIC));
        assertThat(pull(source)).isEqualTo("state 1");
        save(2);
        awaitVersion(handler, 2);
        assertThat(handler.calls()).hasSize(2);
        assertThat(clears).hasValue(0);
    }

    @Test
    void severalSourcesAndTopicsOfAFolderShareAThread() throws Exception {
        List<RecordingHandler> handlers = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            String topic = "topic " + i;
            handlers.add(subscribe(FolderSource.<String>builder(storage, topic, FORMAT)
                    .pollInterval(LONG)
                    .build()));
        }
        assertThat(watchingThreads()).hasSize(1);
        for (int i = 0; i < 50; i++) {
            storage.save("topic " + i, FORMAT.write(version(i), "any", NOW));
        }
        for (int i = 0; i < 50; i++) {
            awaitVersion(handlers.get(i), i);
        }
        assertThat(watchingThreads()).hasSize(1);
    }

    @Test
    void theThreadEndsWithTheLastSubscriptionAndComesBack() throws Exception {
        FolderSource<String> source = source(true);
        assertThat(watchingThreads()).isEmpty();
        for (int i = 1; i <= 3; i++) {
            RecordingHandler handler = subscribe(source);
            RecordingHandler other = subscribe(source);
            save(i);
            awaitVersion(handler, i);
            awaitVersion(other, i);
            opened.remove(0).close();
            assertThat(watchingThreads()).hasSize(1);
            opened.remove(0).close();
            Awaitility.await().atMost(1, TimeUnit.MINUTES).until(() -> watchingThreads(), List::isEmpty);
        }
    }

    @Test
    void aHandlerThatThrowsHoldsUpNoOther() throws Exception {
        FolderSource<String> source = source(true);
        opened.add(source.subscriber()
                .subscribe(new RecordingHandler(call -> {
                    throw new IllegalStateException("made to fail");
                }))
                .toCompletableFuture()
                .join());
        RecordingHandler handler = subscribe(source);
        save(1);
        awaitVersion(handler, 1);
        save(2);
        awaitVersion(handler, 2);
    }

    // ---- clears ----

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void eachClearIsToldOnceWhateverTheNumberOfSubscribers(boolean watching) throws Exception {
        FolderSource<String> source = source(watching);
        RecordingHandler handler = subscribe(source);
        subscribe(source);
        for (int i = 1; i <= 3; i++) {
            save(2 * i);
            save(2 * i + 1);
            awaitVersion(handler, 2 * i + 1);
            storage.clear(TOPIC);
            int told = i;
            Awaitility.await().atMost(1, TimeUnit.MINUTES).untilAtomic(clears, Matchers.is(told));
            subscribe(source); // which looks once more
        }
        storage.clear(TOPIC); // there is nothing
        save(9);
        awaitVersion(handler, 9);
        assertThat(clears).hasValue(3);
        assertThat(handler.count(Kind.MALFORMED)).isZero();
    }

    @Test
    void aHookThatThrowsOrIsRefusedIsHeardOfAgain() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        FolderSource<String> source = builder()
                .pollInterval(SHORT)
                .executor(task -> {
                    if (calls.get() == 1) {
                        calls.incrementAndGet();
                        throw new RejectedExecutionException("made to fail");
                    }
                    task.run();
                })
                .onCleared(() -> {
                    calls.incrementAndGet();
                    throw new IllegalStateException("made to fail");
                })
                .build();
        RecordingHandler handler = subscribe(source);
        for (int i = 1; i <= 3; i++) {
            save(i);
            awaitVersion(handler, i);
            storage.clear(TOPIC);
            Awaitility.await().atMost(1, TimeUnit.MINUTES).untilAtomic(calls, Matchers.is(i));
        }
    }

    // ---- damage ----

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aDamagedNewestIsToldOnceAndTheOneBeforeServes(boolean watching) throws Exception {
        save(1);
        save(2);
        FolderSource<String> source = source(watching);
        RecordingHandler handler = subscribe(source);
        awaitVersion(handler, 2);
        for (int round = 1; round <= 2; round++) {
            damageHeader(storage.newest(TOPIC));
            awaitCount(handler, Kind.MALFORMED, round);
            assertThat(pull(source)).isEqualTo("state 1");
            assertThat(pull(source)).isEqualTo("state 1");
        }
        save(3);
        awaitVersion(handler, 3);
        assertThat(pull(source)).isEqualTo("state 3");
        assertThat(handler.count(Kind.MALFORMED)).isEqualTo(2);
    }

    @Test
    void aPayloadThatIsDamagedIsToldOnceWhenItIsPulled() throws Exception {
        save(1);
        save(2);
        FolderSource<String> source = source(true);
        RecordingHandler handler = subscribe(source);
        damage(storage.newest(TOPIC));
        for (int i = 0; i < 3; i++) {
            assertThat(pull(source)).isEqualTo("state 1");
        }
        assertThat(handler.count(Kind.MALFORMED)).isEqualTo(1);
        save(2); // the same version again, whole
        assertThat(pull(source)).isEqualTo("state 2");
        await(handler, calls -> calls.get(calls.size() - 1).tellsOf(TOPIC, version(2)));
    }

    @Test
    void nothingUsableIsAFailureThatSaysWhy() throws Exception {
        FolderSource<String> source = builder().build();
        assertThat(pullFailure(source))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("nothing is kept of topic \"settings\" in " + storage.folder() + " yet");
        save(1);
        save(2);
        damage(storage.newest(TOPIC));
        damageHeader(storage.before(TOPIC));
        assertThat(pullFailure(source))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("CRC-32C is wrong")
                .hasCauseInstanceOf(DamagedEntryException.class)
                .satisfies(failure -> assertThat(failure.getSuppressed()).hasSize(1));
        deleteFolder();
        assertThat(pullFailure(source)).isInstanceOf(IOException.class).hasMessageContaining("there is no such folder");
    }

    @Test
    void aCodecThatThrowsIsAReasonToReadTheOneBefore() throws Exception {
        save(1);
        save(2);
        StateCodec<String> picky = new PickyCodec(new IllegalStateException("not this one"));
        assertThat(pull(FolderSource.of(storage, TOPIC, SnapshotFormat.of(picky))))
                .isEqualTo("\"state 1\"");
    }

    @Test
    void anExpiredEntryIsNotUsedEvenByWhoHoldsIt() throws Exception {
        SnapshotFormat<String> hour = SnapshotFormat.builder(JacksonCodec.json(String.class))
                .timeToLive(Duration.ofHours(1))
                .build();
        storage.save(TOPIC, hour.write(version(1), "state 1", NOW));
        FolderSource<String> early =
                builder().clock(InstantSource.fixed(NOW.plusSeconds(3599))).build();
        assertThat(pull(early)).isEqualTo("state 1");
        assertThat(pull(early, FakePullRequest.of(TOPIC).holding(version(1)))).isSameAs(NotModified.instance());
        FolderSource<String> late =
                builder().clock(InstantSource.fixed(NOW.plusSeconds(3600))).build();
        assertThat(pullFailure(late)).hasMessageContaining("has expired").hasMessageContaining("PT1H");
        assertThatThrownBy(() -> pull(late, FakePullRequest.of(TOPIC).holding(version(1))))
                .hasRootCauseMessage("version 1, saved at " + NOW + ", has expired: its time to live was PT1H");
    }

    // ---- the folder ----

    private void deleteFolder() throws IOException {
        try (Stream<Path> files = Files.list(storage.folder())) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(storage.folder());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aFolderThatIsDeletedAndMadeAgainIsFollowedAgain(boolean watching) throws Exception {
        FolderSource<String> source = watching ? builder().pollInterval(SHORT).build() : source(false);
        RecordingHandler handler = subscribe(source);
        for (int i = 1; i <= 3; i++) {
            save(i);
            awaitVersion(handler, i);
            Path aside = temp.resolve("aside " + i);
            Files.move(storage.folder(), aside); // at once, so that it is no clear
            awaitCount(handler, Kind.DISCONNECTED, i);
            assertThat(clears).hasValue(0);
            Path anew = Files.createDirectory(temp.resolve("anew " + i));
            Path entry = storage.newest(TOPIC).getFileName();
            Files.copy(aside.resolve(entry), anew.resolve(entry));
            Files.move(anew, storage.folder());
            awaitCount(handler, Kind.RECONNECTED, i);
        }
        assertThat(handler.count(Kind.DISCONNECTED)).isEqualTo(3);
        assertThat(handler.count(Kind.MALFORMED)).isZero();
    }

    @Test
    void anEntryThatIsGoneWhenTheFolderIsBackWasCleared() throws Exception {
        RecordingHandler handler = subscribe(builder().pollInterval(SHORT).build());
        save(1);
        awaitVersion(handler, 1);
        Files.move(storage.folder(), temp.resolve("aside"));
        awaitCount(handler, Kind.DISCONNECTED, 1);
        Files.createDirectory(storage.folder());
        Awaitility.await().atMost(1, TimeUnit.MINUTES).untilAtomic(clears, Matchers.is(1));
    }

    // ---- options ----

    @Test
    void badOptionsFailWhenBuilt() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> FolderSource.of(storage, " ", FORMAT))
                .withMessageContaining("topic");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder().pollInterval(Duration.ZERO))
                .withMessageContaining("pollInterval")
                .withMessageContaining("PT0S");
    }
}
