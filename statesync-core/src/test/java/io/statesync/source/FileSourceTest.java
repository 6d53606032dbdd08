package io.statesync.source;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.statesync.FakeRequest;
import io.statesync.NotModified;
import io.statesync.PullResult;
import io.statesync.Revision;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class FileSourceTest {
    private static final String TOPIC = "number";
    private static final Duration LONG = Duration.ofHours(1);
    private static final Duration SHORT = Duration.ofMillis(20);

    @TempDir
    Path folder;

    private final List<Throwable> problems = new CopyOnWriteArrayList<>();
    private final List<FileSource<?>> opened = new CopyOnWriteArrayList<>();
    private Path file;

    @BeforeEach
    void writeFile() throws IOException {
        file = folder.resolve("number.txt");
        Files.writeString(file, "1");
    }

    @AfterEach
    void closeAll() {
        opened.forEach(FileSource::close);
    }

    // ---- revisions ----

    @Test
    void contentAtOpenIsRevisionOne() throws Exception {
        FileSource<Integer> source =
                open(builder().clock(InstantSource.fixed(Instant.ofEpochMilli(1_700_000_000_000L))));

        assertThat(source.version()).isEqualTo(StateVersion.of(Revision.parse("1700000000000"), Revision.of(1)));
        assertThat(pull(source).data()).isEqualTo(1);
        assertThat(source.problem()).isNull();
        assertThat(source.topic()).isEqualTo(TOPIC);
        assertThat(source.file()).isEqualTo(file.toAbsolutePath());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void changedContentIsTheNextRevision(boolean watching) throws Exception {
        FileSource<Integer> source = open(watching ? builder().pollInterval(LONG) : polling());
        RecordingHandler handler = subscribe(source);

        Files.writeString(file, "22");
        awaitRevision(source, 2);
        Files.writeString(file, "333");
        awaitRevision(source, 3);

        assertThat(pull(source).data()).isEqualTo(333);
        awaitEvents(handler, "2", "3");
        assertThat(handler.events).allSatisfy(event -> {
            assertThat(event.topic()).isEqualTo(TOPIC);
            assertThat(event.epoch()).isEqualTo(source.version().epoch());
            assertThat(event.timestampMs()).isNotNull();
        });
        assertThat(handler.unexpected).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void contentThatIsSavedAgainUnchangedIsNoRevision(boolean watching) throws Exception {
        FileSource<Integer> source = open(watching ? builder() : polling());
        RecordingHandler handler = subscribe(source);

        for (int i = 0; i < 20; i++) {
            replaceAtomically("1");
            Files.writeString(file, "1");
        }
        Files.writeString(file, "2");
        await().until(() -> pull(source).data() == 2);

        awaitEvents(handler, "2");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void saveThatChangesNeitherSizeNorTimeIsNoticed(boolean watching) throws Exception {
        FileTime time = FileTime.from(Instant.now().plusSeconds(3600));
        Files.setLastModifiedTime(file, time);
        FileSource<Integer> source = open(watching ? builder().pollInterval(LONG) : polling());

        Files.writeString(file, "2");
        Files.setLastModifiedTime(file, time);

        awaitRevision(source, 2);
        assertThat(pull(source).data()).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void saveByAnAtomicRenameIsNoticed(boolean watching) throws Exception {
        FileSource<Integer> source = open(watching ? builder().pollInterval(LONG) : polling());

        for (int revision = 2; revision < 6; revision++) {
            replaceAtomically(Integer.toString(revision));
            awaitRevision(source, revision);
            assertThat(pull(source).data()).isEqualTo(revision);
        }
        assertThat(problems).isEmpty();
    }

    @Test
    void fileBehindAnExchangedLinkIsNoticed() throws Exception {
        Path link = folder.resolve("link.txt");
        Files.createSymbolicLink(link, Path.of("number.txt"));
        FileSource<Integer> source =
                open(FileSource.builder(TOPIC, link, FileSourceTest::decode).pollInterval(LONG));

        Files.writeString(folder.resolve("other.txt"), "2");
        Path exchanged = folder.resolve("exchanged");
        Files.createSymbolicLink(exchanged, Path.of("other.txt"));
        Files.move(exchanged, link, StandardCopyOption.ATOMIC_MOVE);

        awaitRevision(source, 2);
        assertThat(pull(source).data()).isEqualTo(2);
    }

    @Test
    void manyFastSavesConvergeToTheLast() throws Exception {
        FileSource<Integer> source = open(builder().settleTime(LONG));
        RecordingHandler handler = subscribe(source);

        for (int i = 2; i <= 500; i++) {
            if (i % 2 == 0) {
                Files.writeString(file, Integer.toString(i));
            } else {
                replaceAtomically(Integer.toString(i));
            }
        }

        await().until(() -> pull(source).data() == 500);
        await().until(() ->
                handler.revisions().contains(source.version().revision().toString()));
        assertThat(handler.events)
                .extracting(event -> event.revision().bits())
                .doesNotHaveDuplicates()
                .isSorted();
        assertThat(problems).isEmpty();
    }

    // ---- problems ----

    @Test
    void truncatedFileThatIsThenWrittenIsNoProblem() throws Exception {
        FileSource<Integer> source = open(builder().settleTime(LONG));
        RecordingHandler handler = subscribe(source);

        Files.write(file, new byte[0]);
        Files.writeString(file, "4,");
        Files.writeString(file, "42");
        await().until(() -> pull(source).data() == 42);

        awaitEvents(handler, "2");
        assertThat(problems).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void invalidContentIsToldOnceAndTheLastGoodStateKept(boolean watching) throws Exception {
        FileSource<Integer> source = open((watching ? builder() : polling()).settleTime(SHORT));
        RecordingHandler handler = subscribe(source);

        replaceAtomically("{ half");
        await().until(() -> problems.size() == 1);
        assertThat(problems.get(0)).isInstanceOf(NumberFormatException.class);
        assertThat(source.problem()).isSameAs(problems.get(0));
        assertThat(pull(source).data()).isEqualTo(1);

        replaceAtomically("{ half");
        replaceAtomically("{ other");
        await().until(() -> problems.size() == 2);

        replaceAtomically("7");
        awaitRevision(source, 2);
        assertThat(source.problem()).isNull();
        assertThat(problems).hasSize(2);
        awaitEvents(handler, "2");
    }

    @Test
    void invalidContentThatComesBackAfterAGoodOneIsToldAgain() throws Exception {
        FileSource<Integer> source = open(builder().settleTime(SHORT));

        replaceAtomically("bad");
        await().until(() -> problems.size() == 1);
        replaceAtomically("1");
        await().until(() -> source.problem() == null);
        replaceAtomically("bad");
        await().until(() -> problems.size() == 2);

        assertThat(source.version().revision()).isEqualTo(Revision.of(1));
    }

    @Test
    void fileThatStaysEmptyIsDecodedOnlyThen() throws Exception {
        FileSource<String> source = FileSource.<String>builder(TOPIC, file, bytes -> new String(bytes, UTF_8))
                .settleTime(SHORT)
                .onError((path, error) -> problems.add(error))
                .open();
        opened.add(source);

        Files.write(file, new byte[0]);
        await().until(() -> source.version().revision().equals(Revision.of(2)));

        assertThat(pull(source).data()).isEmpty();
        assertThat(problems).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void deletedFileIsToldAndItsReturnNoticed(boolean watching) throws Exception {
        FileSource<Integer> source = open((watching ? builder() : polling()).settleTime(SHORT));

        Files.delete(file);
        await().until(() -> problems.size() == 1);
        assertThat(source.problem()).isInstanceOf(NoSuchFileException.class);
        assertThat(pull(source).data()).isEqualTo(1);

        replaceAtomically("2");
        awaitRevision(source, 2);
        assertThat(source.problem()).isNull();
        assertThat(problems).hasSize(1);
    }

    @Test
    void fileThatIsDeletedAndWrittenAnewIsNoProblem() throws Exception {
        FileSource<Integer> source = open(builder().settleTime(LONG));

        Files.delete(file);
        Files.writeString(file, "2");

        awaitRevision(source, 2);
        assertThat(problems).isEmpty();
    }

    @Test
    void folderThatIsDeletedAndMadeAnewIsFollowed() throws Exception {
        Path nested = Files.createDirectory(folder.resolve("nested"));
        Path inside = Files.writeString(nested.resolve("number.txt"), "1");
        FileSource<Integer> source = open(FileSource.builder(TOPIC, inside, FileSourceTest::decode)
                .pollInterval(SHORT)
                .settleTime(SHORT));

        Files.delete(inside);
        Files.delete(nested);
        await().until(() -> source.problem() instanceof NoSuchFileException);
        Files.createDirectory(nested);
        Files.writeString(inside, "2");

        awaitRevision(source, 2);
    }

    @Test
    void errorsOfTheDecoderAreProblemsToo() throws Exception {
        FileSource<Integer> source = open(FileSource.<Integer>builder(TOPIC, file, bytes -> {
                    if (new String(bytes, UTF_8).equals("deep")) {
                        throw new StackOverflowError();
                    }
                    return decode(bytes);
                })
                .settleTime(SHORT));

        replaceAtomically("deep");
        await().until(() -> source.problem() instanceof StackOverflowError);
        replaceAtomically("2");

        awaitRevision(source, 2);
    }

    @Test
    void throwingHookEndsNothing() throws Exception {
        FileSource<Integer> source = open(builder().settleTime(SHORT).onError((path, error) -> {
            problems.add(error);
            throw new IllegalStateException("the hook's");
        }));

        replaceAtomically("bad");
        await().until(() -> problems.size() == 1);
        replaceAtomically("2");

        awaitRevision(source, 2);
    }

    // ---- opening ----

    @Test
    void missingFileIsToldAtOpenAndPullsSaySoUntilItIsThere() throws Exception {
        Files.delete(file);
        FileSource<Integer> source = open(builder().settleTime(SHORT));

        assertThat(problems).hasSize(1);
        assertThat(source.version()).isNull();
        assertThatThrownBy(() -> pull(source))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(file.toString())
                .hasMessageContaining("does not exist")
                .hasCauseInstanceOf(NoSuchFileException.class);

        replaceAtomically("5");
        awaitRevision(source, 1);
        assertThat(pull(source).data()).isEqualTo(5);
    }

    @Test
    void invalidFileIsToldAtOpenAndPullsSaySo() throws Exception {
        replaceAtomically("bad");
        FileSource<Integer> source = open(builder().settleTime(SHORT));

        assertThat(problems).hasSize(1);
        assertThatThrownBy(() -> pull(source))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no valid content yet")
                .hasCauseInstanceOf(NumberFormatException.class);
    }

    @Test
    void missingFolderIsRefused() {
        Path nowhere = folder.resolve("nowhere").resolve("number.txt");

        assertThatThrownBy(() -> FileSource.open(TOPIC, nowhere, FileSourceTest::decode))
                .isInstanceOf(NoSuchFileException.class)
                .hasMessageContaining(nowhere.getParent().toString());
    }

    @Test
    void folderInPlaceOfAFileIsRefused() {
        assertThatThrownBy(() -> FileSource.open(TOPIC, folder, FileSourceTest::decode))
                .isInstanceOf(FileSystemException.class)
                .hasMessageContaining("is a folder");
    }

    @Test
    void badOptionsAreRefusedByName() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> FileSource.builder(" ", file, FileSourceTest::decode))
                .withMessageContaining("topic");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder().pollInterval(Duration.ZERO))
                .withMessageContaining("pollInterval")
                .withMessageContaining("PT0S");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder().settleTime(Duration.ofSeconds(-1)))
                .withMessageContaining("settleTime");
    }

    /** Contract X1. */
    @Test
    void sourceOpenedLaterIsNewerWhateverItsRevision() throws Exception {
        FileSource<Integer> first = open(builder());
        Files.writeString(file, "2");
        awaitRevision(first, 2);
        StateVersion before = first.version();
        first.close();

        FileSource<Integer> second = open(builder());

        assertThat(second.version().revision()).isEqualTo(Revision.of(1));
        assertThat(second.version()).isGreaterThan(before);
    }

    // ---- pulls and subscriptions ----

    /** Contract V1. */
    @Test
    void pullByAHolderOfTheVersionIsNotModified() throws Exception {
        FileSource<Integer> source = open(builder());

        assertThat(ask(source, new FakeRequest(TOPIC, source.version()))).isSameAs(NotModified.instance());
        assertThat(ask(source, new FakeRequest(TOPIC, StateVersion.of(Revision.of(1)))))
                .isInstanceOf(SnapshotEnvelope.class);
    }

    @Test
    void pullOfAnotherTopicIsRefused() throws Exception {
        FileSource<Integer> source = open(builder());

        assertThatIllegalArgumentException()
                .isThrownBy(() -> ask(source, new FakeRequest("other", null)))
                .withMessageContaining("other")
                .withMessageContaining(TOPIC);
    }

    @Test
    void eventIsSentOnlyAfterAPullSeesItsRevision() throws Exception {
        FileSource<Integer> source = open(builder());
        List<Boolean> seen = new CopyOnWriteArrayList<>();
        subscribe(
                source,
                new RecordingHandler(
                        event -> seen.add(pullUnchecked(source).revision().compareTo(event.revision()) >= 0)));

        Files.writeString(file, "2");
        awaitRevision(source, 2);
        Files.writeString(file, "3");

        await().until(() -> seen.size() == 2);
        assertThat(seen).containsOnly(true);
    }

    @Test
    void throwingHandlerKeepsTheEventFromNobodyElse() throws Exception {
        FileSource<Integer> source = open(builder());
        subscribe(source, new RecordingHandler(event -> {
            throw new IllegalStateException("against the contract");
        }));
        RecordingHandler other = subscribe(source);

        Files.writeString(file, "2");
        awaitEvents(other, "2");
        Files.writeString(file, "3");
        awaitEvents(other, "2", "3");
    }

    @Test
    void closedSubscriptionHearsNothingMoreAndItsTwinGoesOn() throws Exception {
        FileSource<Integer> source = open(builder());
        RecordingHandler handler = new RecordingHandler();
        var first = source.subscriber().subscribe(handler).toCompletableFuture().join();
        subscribe(source, handler);

        first.close();
        first.close();
        Files.writeString(file, "2");
        RecordingHandler last = subscribe(source);
        await().until(() -> source.version().revision().equals(Revision.of(2)));
        Files.writeString(file, "3");
        await().until(() -> last.revisions().contains("3"));

        assertThat(handler.revisions()).containsExactly("2", "3");
    }

    // ---- closing ----

    @Test
    void closeEndsTheThreadsAndTellsTheSubscribers() throws Exception {
        FileSource<Integer> source = open(builder());
        RecordingHandler handler = subscribe(source);
        assertThat(threadOf(source)).isTrue();

        source.close();
        source.close();

        assertThat(threadOf(source)).isFalse();
        assertThat(handler.disconnections).hasValue(1);
        assertThatThrownBy(() -> pull(source))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
        assertThatThrownBy(() -> subscribe(source))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
    }

    @Test
    @EnabledOnOs(value = OS.LINUX, disabledReason = "elsewhere the JDK watches in another way")
    void closeEndsTheThreadOfTheJdksWatchToo() throws Exception {
        await().until(() -> jdkWatchThreads() == 0); // those of the tests before
        FileSource<Integer> source = open(builder());
        await().until(() -> jdkWatchThreads() == 1);

        source.close();

        await().until(() -> jdkWatchThreads() == 0);
    }

    @Test
    void closeEndsAPollingSourceAtOnce() throws Exception {
        FileSource<Integer> source = open(builder().withoutWatch().pollInterval(LONG));

        source.close();

        assertThat(threadOf(source)).isFalse();
    }

    @Test
    void closeFromInsideItsOwnCallbackDoesNotWaitForItself() throws Exception {
        FileSource<Integer> source = open(builder());
        subscribe(source, new RecordingHandler(event -> source.close()));

        Files.writeString(file, "2");

        await().until(() -> !threadOf(source));
    }

    @Test
    void interruptedOpenLeavesNoThread() throws Exception {
        Files.writeString(file, "bad");
        Thread.currentThread().interrupt();

        assertThatThrownBy(() -> builder("interrupted").settleTime(LONG).open()).isInstanceOf(IOException.class);

        assertThat(Thread.interrupted()).isTrue();
        await().until(() -> !threadNamed("statesync-file-interrupted"));
    }

    // ---- parts ----

    private static ConditionFactory await() {
        return Awaitility.await().atMost(Duration.ofSeconds(60)).pollInterval(Duration.ofMillis(5));
    }

    private static Integer decode(byte[] content) {
        return Integer.valueOf(new String(content, UTF_8));
    }

    private FileSource.Builder<Integer> builder() {
        return builder(TOPIC);
    }

    private FileSource.Builder<Integer> builder(String topic) {
        return FileSource.<Integer>builder(topic, file, FileSourceTest::decode)
                .onError((path, error) -> problems.add(error));
    }

    private FileSource.Builder<Integer> polling() {
        return builder().withoutWatch().pollInterval(SHORT);
    }

    private FileSource<Integer> open(FileSource.Builder<Integer> builder) throws IOException {
        FileSource<Integer> source = builder.open();
        opened.add(source);
        return source;
    }

    private void replaceAtomically(String content) throws IOException {
        Path temporary = Files.writeString(folder.resolve("number.txt.new"), content);
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
    }

    private static RecordingHandler subscribe(FileSource<?> source) throws Exception {
        return subscribe(source, new RecordingHandler());
    }

    private static RecordingHandler subscribe(FileSource<?> source, RecordingHandler handler) throws Exception {
        source.subscriber().subscribe(handler).toCompletableFuture().join();
        return handler;
    }

    private static void awaitRevision(FileSource<?> source, long revision) {
        await().until(() ->
                source.version() != null && source.version().revision().equals(Revision.of(revision)));
    }

    private static void awaitEvents(RecordingHandler handler, String... revisions) {
        await().untilAsserted(() -> assertThat(handler.revisions()).containsExactly(revisions));
    }

    private static <T> PullResult<T> ask(FileSource<T> source, FakeRequest request) throws Exception {
        return source.provider().getSnapshot(request).toCompletableFuture().join();
    }

    private static <T> SnapshotEnvelope<T> pull(FileSource<T> source) throws Exception {
        return (SnapshotEnvelope<T>) ask(source, new FakeRequest(source.topic(), null));
    }

    private static <T> SnapshotEnvelope<T> pullUnchecked(FileSource<T> source) {
        try {
            return pull(source);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private static boolean threadOf(FileSource<?> source) {
        return threadNamed("statesync-file-" + source.topic());
    }

    private static long jdkWatchThreads() {
        return Thread.getAllStackTraces().values().stream()
                .filter(stack -> Stream.of(stack)
                        .anyMatch(frame -> frame.getClassName().startsWith("sun.nio.fs.LinuxWatchService")))
                .count();
    }

    private static boolean threadNamed(String name) {
        return Thread.getAllStackTraces().keySet().stream()
                .anyMatch(thread -> thread.isAlive() && thread.getName().equals(name));
    }
}
