package io.statesync.source;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.statesync.FakeRequest;
import io.statesync.NotSentException;
import io.statesync.Proposal;
import io.statesync.Revision;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateVersion;
import io.statesync.WriteResult;
import io.statesync.WriteResult.Accepted;
import io.statesync.WriteResult.Conflict;
import io.statesync.WriteResult.Rejected;
import io.statesync.WriteResult.Unknown;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class FileAuthorityTest {
    private static final String TOPIC = "number";
    private static final Duration LONG = Duration.ofHours(1);
    private static final Duration SHORT = Duration.ofMillis(20);

    @TempDir
    Path folder;

    private final List<FileAuthority<?>> opened = new CopyOnWriteArrayList<>();
    private Path file;

    @BeforeEach
    void writeFile() throws IOException {
        file = folder.resolve("number.txt");
        Files.writeString(file, "1");
    }

    @AfterEach
    void closeAll() {
        opened.forEach(FileAuthority::close);
    }

    // ---- writing ----

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void acceptedProposalIsTheFilesContentAndTheNextRevision(boolean watching) throws Exception {
        FileSource.Builder<Integer> source = source().pollInterval(LONG);
        FileAuthority<Integer> authority =
                open((watching ? source : source.withoutWatch()).writable(FileAuthorityTest::encode));
        RecordingHandler handler = subscribe(authority);

        StateVersion second = accepted(propose(authority, authority.version(), 22, "a"));
        assertThat(Files.readString(file)).isEqualTo("22");
        StateVersion third = accepted(propose(authority, second, 333, "b"));

        assertThat(second.revision()).isEqualTo(Revision.of(2));
        assertThat(third.revision()).isEqualTo(Revision.of(3));
        assertThat(Files.readString(file)).isEqualTo("333");
        assertThat(authority.version()).isEqualTo(third);
        assertThat(pull(authority)).isEqualTo(SnapshotEnvelope.of(third, 333));
        assertThat(get(authority.snapshot())).isEqualTo(pull(authority));
        await().untilAsserted(() -> assertThat(handler.revisions()).endsWith("3"));
        assertThat(handler.events.get(handler.events.size() - 1).sourceId()).isEqualTo("tester");
        assertThat(leftBehind()).isEmpty();
    }

    @Test
    void echoOfItsOwnSaveIsNoRevision() throws Exception {
        FileAuthority<Integer> authority = open();
        RecordingHandler handler = subscribe(authority);

        StateVersion written = accepted(propose(authority, null, 2, null));
        Files.writeString(file, "2");
        Files.writeString(file, "3");
        awaitRevision(authority, written.revision().bits() + 1);

        assertThat(pull(authority).data()).isEqualTo(3);
        await().untilAsserted(() -> assertThat(handler.revisions()).endsWith("3"));
        assertThat(authority.problem()).isNull();
    }

    @Test
    void eventIsSentOnlyAfterAPullSeesItsRevision() throws Exception {
        FileAuthority<Integer> authority = open();
        List<Integer> seen = new CopyOnWriteArrayList<>();
        subscribe(
                authority,
                new RecordingHandler(event -> seen.add(pullUnchecked(authority).data())));

        for (int n = 2; n < 6; n++) {
            int written = n;
            accepted(propose(authority, null, n, null));
            await().until(() -> seen.contains(written));
        }
    }

    @Test
    void stateIsWhatTheDecoderMakesOfTheContent() throws Exception {
        FileAuthority<String> authority = FileSource.<String>builder(
                        TOPIC, file, bytes -> new String(bytes, UTF_8).strip())
                .writable(text -> (text + "\n").getBytes(UTF_8))
                .open();
        opened.add(authority);

        accepted(get(authority.propose(Proposal.of(null, " padded "))));

        assertThat(pull(authority).data()).isEqualTo("padded");
        assertThat(Files.readString(file)).isEqualTo(" padded \n");
    }

    @Test
    void subscriberThatIsHeldUpHoldsUpNoWriterAndMayWriteItself() throws Exception {
        FileAuthority<Integer> authority = open();
        CountDownLatch release = new CountDownLatch(1);
        CompletableFuture<WriteResult<Integer>> fromInside = new CompletableFuture<>();
        subscribe(authority, new RecordingHandler(event -> await(release)));
        subscribe(authority, new RecordingHandler(event -> {
            if (!fromInside.isDone()) {
                fromInside.complete(proposeUnchecked(authority, 100));
            }
        }));

        accepted(propose(authority, null, 2, null));
        accepted(fromInside.get(30, TimeUnit.SECONDS));
        accepted(propose(authority, null, 3, null));

        release.countDown();
    }

    @Test
    void answerIsGivenOnAThreadThatMayBlock() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        FileAuthority<Integer> authority = open(source().withoutWatch().writable(state -> {
            await(asked);
            return encode(state);
        }));
        CountDownLatch release = new CountDownLatch(1);
        CompletableFuture<Void> blocked = authority
                .propose(proposal(null, 2, null))
                .thenAccept(answer -> await(release))
                .toCompletableFuture();
        asked.countDown(); // before that the answer would be given here

        accepted(propose(authority, null, 3, null));

        release.countDown();
        blocked.get(30, TimeUnit.SECONDS);
    }

    // ---- conflicts ----

    @Test
    void editorsSaveThatWasNotNoticedYetBecomesARevisionFirst() throws Exception {
        FileAuthority<Integer> authority =
                open(source().withoutWatch().pollInterval(LONG).writable(FileAuthorityTest::encode));
        StateVersion base = authority.version();

        Files.writeString(file, "7");
        WriteResult<Integer> answer = propose(authority, base, 2, "id");

        assertThat(conflict(answer).data()).isEqualTo(7);
        assertThat(conflict(answer).revision()).isEqualTo(Revision.of(2));
        assertThat(Files.readString(file)).isEqualTo("7");
        accepted(propose(authority, authority.version(), 2, "id"));
    }

    @Test
    void editorsSaveWhileTheNewContentIsWrittenIsNotOverwritten() throws Exception {
        AtomicInteger saves = new AtomicInteger();
        FileAuthority<Integer> authority = open(source().withoutWatch()
                .pollInterval(LONG)
                .writable(FileAuthorityTest::encode)
                .replacer(path -> new FileReplacer(path) {
                    @Override
                    void write(Path temporary, byte[] content) throws IOException {
                        super.write(temporary, content);
                        if (saves.incrementAndGet() == 1) {
                            Files.writeString(file, "7");
                        }
                    }
                }));

        assertThat(conflict(propose(authority, authority.version(), 2, null)).data())
                .isEqualTo(7);
        assertThat(Files.readString(file)).isEqualTo("7");
        assertThat(leftBehind()).isEmpty();
    }

    @Test
    void proposalWithoutABaseIsWrittenOverAnEditorsSave() throws Exception {
        FileAuthority<Integer> authority =
                open(source().withoutWatch().pollInterval(LONG).writable(FileAuthorityTest::encode));

        Files.writeString(file, "7");

        assertThat(accepted(propose(authority, null, 2, null)).revision()).isEqualTo(Revision.of(3));
    }

    @ParameterizedTest
    @ValueSource(strings = {"{ half", "", "deleted"})
    void fileWithoutGoodContentIsNotOverwrittenAndNothingIsSentUntilItIsGood(String content) throws Exception {
        FileAuthority<Integer> authority = open(source().settleTime(SHORT).writable(FileAuthorityTest::encode));
        StateVersion base = authority.version();
        boolean deleted = content.equals("deleted");
        if (deleted) {
            Files.delete(file);
        } else {
            Files.writeString(file, content);
        }

        Proposal<Integer> based = new Proposal<>(base, 2, null, "id");
        assertThat(failure(authority, based)).isInstanceOf(NotSentException.class);
        await().until(() -> authority.problem() != null);
        assertThat(failure(authority, based))
                .isInstanceOf(NotSentException.class)
                .hasCause(authority.problem());
        assertThat(failure(authority, 2)).isInstanceOf(NotSentException.class);
        assertThat(file).satisfies(path -> {
            if (deleted) {
                assertThat(path).doesNotExist();
            } else {
                assertThat(path).hasContent(content);
            }
        });

        Files.writeString(file, "1");
        assertThat(accepted(propose(authority, base, 2, "id")).revision()).isEqualTo(Revision.of(2));
        assertThat(authority.problem()).isNull();
    }

    @Test
    void withoutAnyGoodStateAProposalIsNotSent() throws Exception {
        Files.delete(file);
        FileAuthority<Integer> authority = open(source().settleTime(SHORT).writable(FileAuthorityTest::encode));

        assertThat(failure(authority, 2))
                .isInstanceOf(NotSentException.class)
                .hasRootCauseInstanceOf(NoSuchFileException.class);
        assertThat(authority.snapshot().toCompletableFuture())
                .failsWithin(30, TimeUnit.SECONDS)
                .withThrowableThat()
                .havingCause()
                .withMessageContaining("does not exist");
        assertThat(file).doesNotExist();
    }

    // ---- refusals ----

    @Test
    void valueThatIsNotValidIsRejectedAndNotWritten() throws Exception {
        FileAuthority<Integer> authority =
                open(source().writable(FileAuthorityTest::encode).validator(n -> {
                    if (n < 0) {
                        throw new IllegalArgumentException("negative");
                    }
                }));

        assertThat(propose(authority, null, -1, "id")).isEqualTo(new Rejected<>("negative"));
        assertThat(propose(authority, null, 5, "id")).as("the same id").isEqualTo(new Rejected<>("negative"));
        assertThat(Files.readString(file)).isEqualTo("1");
        assertThat(authority.version().revision()).isEqualTo(Revision.of(1));
    }

    @Test
    void valueThatCannotBeEncodedIsRejected() throws Exception {
        FileAuthority<Integer> authority = open(source().writable(n -> {
            if (n == 2) {
                throw new StackOverflowError();
            }
            return encode(n);
        }));

        assertThat(propose(authority, null, 2, null)).isEqualTo(new Rejected<>(StackOverflowError.class.getName()));
        accepted(propose(authority, null, 3, null));
    }

    @Test
    void valueWhoseEncodedFormCannotBeDecodedIsRejectedAndTheFileStaysGood() throws Exception {
        FileAuthority<Integer> authority = open(source().writable(n -> ("<" + n + ">").getBytes(UTF_8)));

        assertThat(propose(authority, null, 2, null)).isInstanceOf(Rejected.class);
        assertThat(Files.readString(file)).isEqualTo("1");
        assertThat(authority.problem()).isNull();
    }

    // ---- asked again ----

    @Test
    void sameIdGetsTheSameAnswerAlsoAfterTheClose() throws Exception {
        FileAuthority<Integer> authority = open();
        StateVersion base = authority.version();
        StateVersion first = accepted(propose(authority, base, 2, "id"));
        accepted(propose(authority, first, 3, "other"));

        assertThat(accepted(propose(authority, base, 2, "id"))).isEqualTo(first);
        authority.close();
        assertThat(accepted(propose(authority, base, 2, "id"))).isEqualTo(first);
        assertThat(propose(authority, base, 2, "new")).isInstanceOf(Rejected.class);

        assertThat(Files.readString(file)).isEqualTo("3");
        assertThat(get(authority.snapshot()).data()).isEqualTo(3);
    }

    @Test
    void answersBeyondTheWindowAreForgotten() throws Exception {
        FileAuthority<Integer> authority =
                open(source().writable(FileAuthorityTest::encode).proposalWindow(1));
        StateVersion base = authority.version();
        StateVersion first = accepted(propose(authority, base, 2, "first"));
        accepted(propose(authority, first, 3, "second"));

        assertThat(propose(authority, base, 2, "first")).isInstanceOf(Conflict.class);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> source().writable(FileAuthorityTest::encode).proposalWindow(-1))
                .withMessageContaining("proposalWindow");
    }

    // ---- failures of the file system ----

    @Test
    void contentThatCannotBeWrittenIsNotSentAndLeavesNothingBehind() throws Exception {
        AtomicInteger writes = new AtomicInteger();
        FileAuthority<Integer> authority = open(writable(path -> new FileReplacer(path) {
            @Override
            void write(Path temporary, byte[] content) throws IOException {
                if (writes.incrementAndGet() == 1) {
                    Files.write(temporary, new byte[] {content[0]});
                    throw new FileSystemException(temporary.toString(), null, "No space left on device");
                }
                super.write(temporary, content);
            }
        }));

        assertThat(failure(authority, 22))
                .isInstanceOf(NotSentException.class)
                .hasMessageContaining(file.toString())
                .cause()
                .hasMessageContaining("No space left");
        assertThat(Files.readString(file)).isEqualTo("1");
        assertThat(leftBehind()).isEmpty();

        accepted(propose(authority, authority.version(), 22, null));
    }

    @Test
    void moveThatFailedWithoutEffectIsNotSent() throws Exception {
        AtomicInteger moves = new AtomicInteger();
        FileAuthority<Integer> authority = open(writable(path -> new FileReplacer(path) {
            @Override
            void replace(Prepared prepared) throws IOException {
                if (moves.incrementAndGet() == 1) {
                    throw new IOException("moved nothing");
                }
                super.replace(prepared);
            }
        }));

        assertThat(failure(authority, 2)).isInstanceOf(NotSentException.class);
        assertThat(authority.version().revision()).isEqualTo(Revision.of(1));
        assertThat(leftBehind()).isEmpty();

        accepted(propose(authority, authority.version(), 2, null));
    }

    @Test
    void moveThatFailedAndWasDoneAllTheSameIsAccepted() throws Exception {
        FileAuthority<Integer> authority = open(writable(path -> new FileReplacer(path) {
            @Override
            void replace(Prepared prepared) throws IOException {
                super.replace(prepared);
                throw new IOException("moved and failed");
            }
        }));
        StateVersion base = authority.version();

        StateVersion written = accepted(propose(authority, base, 2, "id"));

        assertThat(pull(authority)).isEqualTo(SnapshotEnvelope.of(written, 2));
        assertThat(accepted(propose(authority, base, 2, "id"))).isEqualTo(written);
    }

    @Test
    void moveThatFailedWhileAnEditorSavedIsAConflict() throws Exception {
        FileAuthority<Integer> authority = open(writable(path -> new FileReplacer(path) {
            @Override
            void replace(Prepared prepared) throws IOException {
                Files.writeString(file, "7");
                throw new IOException("moved nothing");
            }
        }));

        assertThat(conflict(propose(authority, authority.version(), 2, null)).data())
                .isEqualTo(7);
    }

    @Test
    void moveAfterWhichTheFileCannotBeReadIsUnknownUntilItCan() throws Exception {
        Path aside = folder.resolve("aside");
        FileAuthority<Integer> authority = open(writable(path -> new FileReplacer(path) {
            @Override
            void replace(Prepared prepared) throws IOException {
                Files.move(prepared.temporary(), aside);
                Files.delete(file);
                throw new IOException("who knows");
            }
        }));
        StateVersion base = authority.version();

        assertThat(propose(authority, base, 2, "id")).isInstanceOf(Unknown.class);
        assertThat(propose(authority, base, 2, "id")).as("asked again").isInstanceOf(Unknown.class);
        assertThat(failure(authority, new Proposal<>(base, 3, null, "other"))).isInstanceOf(NotSentException.class);
        Files.move(aside, file);

        StateVersion written = accepted(propose(authority, base, 2, "id"));
        assertThat(pull(authority)).isEqualTo(SnapshotEnvelope.of(written, 2));
        assertThat(accepted(propose(authority, base, 2, "id"))).isEqualTo(written);
    }

    @Test
    void writeInDoubtThatWasNotDoneIsDecidedAnew() throws Exception {
        AtomicInteger moves = new AtomicInteger();
        FileAuthority<Integer> authority = open(writable(path -> new FileReplacer(path) {
            @Override
            void replace(Prepared prepared) throws IOException {
                if (moves.incrementAndGet() == 1) {
                    Files.delete(file);
                    throw new IOException("who knows");
                }
                super.replace(prepared);
            }
        }));
        StateVersion base = authority.version();

        assertThat(propose(authority, base, 2, "id")).isInstanceOf(Unknown.class);
        Files.writeString(file, "1");

        assertThat(accepted(propose(authority, base, 2, "id")).revision()).isEqualTo(Revision.of(2));
        assertThat(Files.readString(file)).isEqualTo("2");
    }

    @Test
    void folderThatIsGoneTakesNothingAndItsReturnIsFollowed() throws Exception {
        Path nested = Files.createDirectory(folder.resolve("nested"));
        file = Files.writeString(nested.resolve("number.txt"), "1");
        FileAuthority<Integer> authority =
                open(source().pollInterval(SHORT).settleTime(SHORT).writable(FileAuthorityTest::encode));
        Files.delete(file);
        Files.delete(nested);

        assertThat(failure(authority, 2)).isInstanceOf(NotSentException.class);

        Files.createDirectory(nested);
        Files.writeString(file, "1");
        accepted(propose(authority, authority.version(), 2, null));
    }

    // ---- permissions and links ----

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "no such permissions")
    void permissionsAreKept() throws Exception {
        FileAuthority<Integer> authority = open();
        for (String permissions : List.of("rw-r-----", "rwxrw-r--")) {
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));

            accepted(propose(authority, null, permissions.hashCode(), null));

            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                    .isEqualTo(permissions);
        }
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "no such owners")
    void ownerAndGroupAreKeptIfTheProcessMayGiveFilesAway() throws Exception {
        PosixFileAttributeView view = Files.getFileAttributeView(file, PosixFileAttributeView.class);
        UserPrincipalLookupService names = file.getFileSystem().getUserPrincipalLookupService();
        try {
            view.setOwner(names.lookupPrincipalByName("1234"));
            view.setGroup(names.lookupPrincipalByGroupName("1234"));
        } catch (FileSystemException e) {
            Assumptions.abort("only root may: " + e);
        }

        accepted(propose(open(), null, 2, null));

        PosixFileAttributes kept = view.readAttributes();
        assertThat(List.of(kept.owner().getName(), kept.group().getName())).containsExactly("1234", "1234");
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "no such permissions")
    void readOnlyFileIsNotReplaced() throws Exception {
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--r--r--"));
        Assumptions.assumeFalse(Files.isWritable(file), "root may write everything");
        FileAuthority<Integer> authority = open();

        assertThat(failure(authority, 2)).hasCauseInstanceOf(AccessDeniedException.class);
        assertThat(Files.readString(file)).isEqualTo("1");
    }

    @Test
    void linkStaysAndItsTargetIsWritten() throws Exception {
        Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
        Path target = Files.writeString(elsewhere.resolve("target.txt"), "1");
        Files.delete(file);
        Files.createSymbolicLink(file, Path.of("elsewhere", "target.txt"));
        FileAuthority<Integer> authority = open();

        accepted(propose(authority, authority.version(), 2, null));

        assertThat(file).isSymbolicLink().hasContent("2");
        assertThat(target).isRegularFile().hasContent("2");
        try (Stream<Path> names = Files.list(elsewhere)) {
            assertThat(names).containsExactly(target);
        }
    }

    // ---- closing ----

    @Test
    void closeAnswersEveryProposal() throws Exception {
        CountDownLatch encoding = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        FileAuthority<Integer> authority = open(source().writable(n -> {
            encoding.countDown();
            await(release);
            return encode(n);
        }));
        List<CompletableFuture<WriteResult<Integer>>> answers = Stream.iterate(2, n -> n + 1)
                .limit(20)
                .map(n -> authority.propose(proposal(null, n, "id" + n)).toCompletableFuture())
                .toList();
        encoding.await();
        CompletableFuture<Void> closing = Background.run(() -> {
            authority.close();
            return null;
        });
        await().until(authority.closed::get);
        release.countDown();
        closing.get(30, TimeUnit.SECONDS);

        for (CompletableFuture<WriteResult<Integer>> answer : answers) {
            assertThat(answer.get(30, TimeUnit.SECONDS)).isInstanceOf(Rejected.class);
        }
        assertThat(Files.readString(file)).isEqualTo("1");
        assertThat(leftBehind()).isEmpty();
    }

    @Test
    void interruptedCloseLeavesNoProposalWithoutAnAnswer() throws Exception {
        CountDownLatch encoding = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        FileAuthority<Integer> authority = open(source().writable(n -> {
            encoding.countDown();
            await(release);
            return encode(n);
        }));
        var underWay = authority.propose(proposal(null, 2, "first")).toCompletableFuture();
        var waiting = authority.propose(proposal(null, 3, "second")).toCompletableFuture();
        encoding.await();

        Thread.currentThread().interrupt();
        authority.close();

        assertThat(Thread.interrupted()).isTrue();
        assertThat(underWay.get(30, TimeUnit.SECONDS)).isInstanceOf(Unknown.class);
        assertThat(waiting.get(30, TimeUnit.SECONDS)).isInstanceOf(Rejected.class);
        assertThat(propose(authority, null, 2, "first")).as("asked again").isInstanceOf(Unknown.class);
        release.countDown();
        await().untilAsserted(
                        () -> assertThat(propose(authority, null, 2, "first")).isInstanceOf(Rejected.class));
    }

    @Test
    void closeFromInsideTheEncoderAnswersToo() throws Exception {
        CompletableFuture<FileAuthority<Integer>> self = new CompletableFuture<>();
        FileAuthority<Integer> authority = open(source().writable(n -> {
            self.join().close();
            return encode(n);
        }));
        self.complete(authority);
        var first = authority.propose(proposal(null, 2, null)).toCompletableFuture();
        var second = authority.propose(proposal(null, 3, null)).toCompletableFuture();

        assertThat(first.get(30, TimeUnit.SECONDS)).isInstanceOf(Rejected.class);
        assertThat(second.get(30, TimeUnit.SECONDS)).isInstanceOf(Rejected.class);
        assertThat(Files.readString(file)).isEqualTo("1");
    }

    // ---- parts ----

    private static ConditionFactory await() {
        return Awaitility.await().atMost(Duration.ofSeconds(60)).pollInterval(Duration.ofMillis(5));
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static Integer decode(byte[] content) {
        return Integer.valueOf(new String(content, UTF_8));
    }

    private static byte[] encode(int n) {
        return Integer.toString(n).getBytes(UTF_8);
    }

    private FileSource.Builder<Integer> source() {
        return FileSource.builder(TOPIC, file, FileAuthorityTest::decode);
    }

    private FileAuthority.Builder<Integer> writable(Function<Path, FileReplacer> replacer) {
        return source().writable(FileAuthorityTest::encode).replacer(replacer);
    }

    private FileAuthority<Integer> open() throws IOException {
        FileAuthority<Integer> authority =
                FileAuthority.open(TOPIC, file, FileAuthorityTest::decode, FileAuthorityTest::encode);
        opened.add(authority);
        return authority;
    }

    private FileAuthority<Integer> open(FileAuthority.Builder<Integer> builder) throws IOException {
        FileAuthority<Integer> authority = builder.open();
        opened.add(authority);
        return authority;
    }

    private static Proposal<Integer> proposal(StateVersion base, int value, String id) {
        return new Proposal<>(base, value, "tester", id);
    }

    private static <V> V get(CompletionStage<V> stage) throws Exception {
        return stage.toCompletableFuture().get(30, TimeUnit.SECONDS);
    }

    private static WriteResult<Integer> propose(
            FileAuthority<Integer> authority, StateVersion base, int value, String id) throws Exception {
        return get(authority.propose(proposal(base, value, id)));
    }

    private static WriteResult<Integer> proposeUnchecked(FileAuthority<Integer> authority, int value) {
        try {
            return propose(authority, null, value, null);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private static Throwable failure(FileAuthority<Integer> authority, int value) throws Exception {
        return failure(authority, new Proposal<>(authority.version(), value, null, "fails"));
    }

    private static Throwable failure(FileAuthority<Integer> authority, Proposal<Integer> proposal) throws Exception {
        try {
            throw new AssertionError("an answer: "
                    + authority.propose(proposal).toCompletableFuture().get(30, TimeUnit.SECONDS));
        } catch (ExecutionException e) {
            return e.getCause();
        }
    }

    private static StateVersion accepted(WriteResult<?> answer) {
        assertThat(answer).isInstanceOf(Accepted.class);
        return ((Accepted<?>) answer).version();
    }

    private static <T> SnapshotEnvelope<T> conflict(WriteResult<T> answer) {
        assertThat(answer).isInstanceOf(Conflict.class);
        return ((Conflict<T>) answer).current();
    }

    private static RecordingHandler subscribe(FileSource<?> source) throws Exception {
        return subscribe(source, new RecordingHandler());
    }

    private static RecordingHandler subscribe(FileSource<?> source, RecordingHandler handler) throws Exception {
        get(source.subscriber().subscribe(handler));
        return handler;
    }

    private static void awaitRevision(FileSource<?> source, long revision) {
        await().until(() -> source.version().revision().equals(Revision.of(revision)));
    }

    @SuppressWarnings("unchecked")
    private static <T> SnapshotEnvelope<T> pull(FileSource<T> source) throws Exception {
        return (SnapshotEnvelope<T>) get(source.provider().getSnapshot(new FakeRequest(source.topic(), null)));
    }

    private static <T> SnapshotEnvelope<T> pullUnchecked(FileSource<T> source) {
        try {
            return pull(source);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private List<Path> leftBehind() throws IOException {
        try (Stream<Path> names = Files.list(folder)) {
            return names.filter(name -> name.getFileName().toString().endsWith(".tmp"))
                    .toList();
        }
    }
}
