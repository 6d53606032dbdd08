package io.statesync.source;

import io.statesync.NotSentException;
import io.statesync.Proposal;
import io.statesync.SnapshotEnvelope;
import io.statesync.StateValidator;
import io.statesync.StateVersion;
import io.statesync.WriteResult;
import io.statesync.WriteResult.Accepted;
import io.statesync.WriteResult.Conflict;
import io.statesync.WriteResult.Rejected;
import io.statesync.WriteResult.Unknown;
import io.statesync.internal.Checks;
import io.statesync.internal.DefaultExecutor;
import io.statesync.internal.FolderWatch;
import io.statesync.internal.Texts;
import io.statesync.source.FileReplacer.Prepared;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A file as an authority: a {@link FileSource} that can also be written, beside whoever edits the file.
 *
 * <p>A proposal is decided on the source's thread, between its looks at the file. The file is read before and again when
 * the new content is on the disk beside it, right before the move that puts it in the file's place: an editor's save
 * becomes a revision first, and the proposal is a conflict. Only a save between that look and the move is overwritten,
 * as by a second editor. The content becomes the next revision at once; the watch's echo of it is none.
 *
 * <p>While the file holds anything but the last good content (it is missing, empty, unreadable or not decodable, perhaps
 * because an editor is saving it), and before the first good state, a proposal on the current version fails with a
 * {@link NotSentException}, also one without a base: what nobody could read is not overwritten. So does one whose content
 * could not be written: a full disk, a folder that may not be written, a file that is read-only.
 * {@link Unknown} is the answer only if the move failed and the file cannot be read after it. A value that the validator
 * refuses, that cannot be encoded, or whose encoded form cannot be decoded is {@link Rejected}.
 *
 * <p>The state at a revision is what the decoder makes of the file's content, also of a proposed value's. The file is
 * replaced by an atomic move: it keeps its permissions, owner and group where the system lets it; a symbolic link stays,
 * and its target is replaced; other hard links to the file keep the old content. Where the folder's file system cannot move
 * atomically, nothing can be written.
 *
 * <p>Subscribers are called on a pool of daemon threads that everything shares, each by itself, and futures are completed
 * there: nobody holds up the source. Answers are remembered for as long as the source is open; a restarted source answers a
 * proposal that is asked again with a conflict, since its epoch is another.
 *
 * @param <T> the type of the state; immutable, since everybody gets the same object
 */
public final class FileAuthority<T extends @Nullable Object> extends FileSource<T> implements Authority<T> {
    private final Decoder<T> decoder;
    private final Encoder<? super T> encoder;
    private final Validation<T> validation;
    private final FileReplacer replacer;

    private final Object lock = new Object();
    private final Queue<Asked<T>> queue = new ArrayDeque<>(); // guarded by lock
    private final Answers<T> answers; // guarded by lock
    private @Nullable Asked<T> underWay; // guarded by lock
    private @Nullable Doubt doubt; // guarded by lock
    private boolean over; // guarded by lock

    private FileAuthority(Builder<T> b, FolderWatch watch) {
        super(b.source, watch, DefaultExecutor.SHARED);
        decoder = b.source.decoder;
        encoder = b.encoder;
        validation = new Validation<>(b.validator);
        replacer = b.replacer.apply(file());
        answers = new Answers<>(b.proposalWindow);
    }

    /** Makes a state a file's content: the inverse of a {@link FileSource.Decoder}. */
    @FunctionalInterface
    public interface Encoder<T extends @Nullable Object> {
        /**
         * Encodes a state that somebody proposes. Called on the source's thread.
         *
         * @throws Exception if it cannot be encoded; the message is the reason that people are given
         */
        byte[] encode(T state) throws Exception;
    }

    /** A proposal and its answer. */
    private record Asked<T extends @Nullable Object>(Proposal<T> proposal, CompletableFuture<WriteResult<T>> answer) {
        void answered(WriteResult<T> result) {
            answer.completeAsync(() -> result, DefaultExecutor.SHARED);
        }

        void failed(Throwable error) {
            DefaultExecutor.SHARED.execute(() -> answer.completeExceptionally(error));
        }
    }

    /** A proposal of which it is not known whether its content was written. */
    private record Doubt(@Nullable String proposalId, String digest, Throwable cause) {}

    /**
     * Opens a file that can be written, with the defaults of both builders.
     *
     * @throws IOException as {@link Builder#open()} does
     */
    public static <T extends @Nullable Object> FileAuthority<T> open(
            String topic, Path file, Decoder<T> decoder, Encoder<? super T> encoder) throws IOException {
        return FileSource.<T>builder(topic, file, decoder).writable(encoder).open();
    }

    @Override
    public CompletionStage<SnapshotEnvelope<T>> snapshot() {
        try {
            return CompletableFuture.completedFuture(current().snapshot());
        } catch (IOException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    /** Asks for a write, as {@link Authority#propose} says. Never waits; cancelling the stage takes nothing back. */
    @Override
    public CompletionStage<WriteResult<T>> propose(Proposal<T> proposal) {
        Asked<T> asked = new Asked<>(Objects.requireNonNull(proposal, "proposal"), new CompletableFuture<>());
        synchronized (lock) {
            if (over) {
                return CompletableFuture.completedFuture(lastAnswer(proposal));
            }
            queue.add(asked);
        }
        watch.wake();
        return asked.answer();
    }

    @Override
    boolean work() {
        Asked<T> asked;
        synchronized (lock) {
            asked = queue.poll();
            underWay = asked;
        }
        if (asked == null) {
            return false;
        }
        try {
            asked.answered(decide(asked.proposal()));
        } catch (NotSentException e) {
            asked.failed(e);
        } catch (Throwable t) { // a defect: what was written by then becomes a revision at the next look
            asked.answered(new Unknown<>(t));
        }
        synchronized (lock) {
            underWay = null;
            return !queue.isEmpty();
        }
    }

    private WriteResult<T> decide(Proposal<T> proposal) throws NotSentException {
        look(true);
        if (inspector.isGood()) {
            settleDoubt();
        }
        WriteResult<T> answer = known(proposal);
        if (answer == null) {
            answer = conflict(proposal);
        }
        if (answer == null) {
            answer = decideAnew(proposal);
            if (!(answer instanceof Conflict) && !(answer instanceof Unknown)) {
                remember(proposal.proposalId(), answer);
            }
        }
        return answer;
    }

    private @Nullable WriteResult<T> known(Proposal<T> proposal) {
        String id = proposal.proposalId();
        synchronized (lock) {
            WriteResult<T> answer = answers.get(id);
            if (answer == null && doubt != null && id != null && id.equals(doubt.proposalId())) {
                return new Unknown<>(doubt.cause());
            }
            return answer;
        }
    }

    /** The file could be read: what was in doubt is a revision by now, or was not written. */
    private void settleDoubt() {
        synchronized (lock) {
            doubt = null;
        }
    }

    private void remember(@Nullable String proposalId, WriteResult<T> answer) {
        synchronized (lock) {
            answers.remember(proposalId, answer);
        }
    }

    /** A conflict with what the last look found; null for none. */
    private @Nullable WriteResult<T> conflict(Proposal<T> proposal) throws NotSentException {
        Stored<T> now;
        try {
            now = current();
        } catch (IOException e) {
            throw new NotSentException("there is no state yet that could be replaced", e);
        }
        StateVersion base = proposal.base();
        if (base != null && !base.equals(now.version())) {
            return new Conflict<>(now.snapshot());
        }
        if (!inspector.isGood()) {
            throw new NotSentException(
                    "the file cannot be read now, and what nobody could read is not overwritten: " + file(), problem());
        }
        return null;
    }

    private WriteResult<T> decideAnew(Proposal<T> proposal) throws NotSentException {
        byte[] content;
        T data;
        try {
            validation.check(proposal.value());
            content = encoder.encode(proposal.value());
            data = decoder.decode(content);
        } catch (Throwable t) { // whatever user code fails with is the verdict on this value
            return new Rejected<>(Texts.reason(t));
        }
        Prepared prepared;
        try {
            prepared = replacer.prepare(content);
        } catch (IOException | RuntimeException e) {
            throw new NotSentException("not written: " + file(), e);
        }
        try {
            look(true);
            WriteResult<T> conflict = closed.get() ? closedAnswer() : conflict(proposal);
            return conflict != null ? conflict : replace(proposal, content, data, prepared);
        } finally {
            replacer.discard(prepared);
        }
    }

    private WriteResult<T> replace(Proposal<T> proposal, byte[] content, T data, Prepared prepared)
            throws NotSentException {
        try {
            replacer.replace(prepared);
        } catch (IOException | RuntimeException e) {
            return afterFailedMove(proposal, inspector.digest(content), e);
        }
        inspector.wrote(content);
        return new Accepted<>(publish(data, proposal.sourceId()));
    }

    private WriteResult<T> afterFailedMove(Proposal<T> proposal, String digest, Exception cause)
            throws NotSentException {
        synchronized (lock) {
            doubt = new Doubt(proposal.proposalId(), digest, cause);
        }
        look(true);
        if (closed.get() || !inspector.isGood()) {
            return new Unknown<>(cause);
        }
        settleDoubt();
        if (inspector.isGood(digest)) {
            return new Accepted<>(Objects.requireNonNull(version()));
        }
        WriteResult<T> conflict = conflict(proposal);
        if (conflict != null) {
            return conflict;
        }
        throw new NotSentException("not written: " + file(), cause);
    }

    /** A new revision also shows whether a write in doubt was done. */
    @Override
    StateVersion publish(T data, @Nullable String sourceId) {
        StateVersion version = super.publish(data, sourceId);
        synchronized (lock) {
            if (doubt != null && inspector.isGood(doubt.digest())) {
                answers.remember(doubt.proposalId(), new Accepted<>(version));
            }
            doubt = null;
        }
        return version;
    }

    private WriteResult<T> lastAnswer(Proposal<T> proposal) {
        WriteResult<T> known = known(proposal);
        if (known != null) {
            return known;
        }
        synchronized (lock) {
            String id = proposal.proposalId();
            boolean undecided = underWay != null
                    && id != null
                    && id.equals(underWay.proposal().proposalId());
            return undecided ? givenUpAnswer() : closedAnswer();
        }
    }

    private WriteResult<T> closedAnswer() {
        return new Rejected<>("the file authority is closed: " + topic());
    }

    private WriteResult<T> givenUpAnswer() {
        return new Unknown<>(new IOException("closed while it was being written: " + file()));
    }

    /** Answers what was not decided: nobody else will. */
    @Override
    void ended() {
        synchronized (lock) {
            over = true;
            for (Asked<T> asked = queue.poll(); asked != null; asked = queue.poll()) {
                asked.answered(lastAnswer(asked.proposal()));
            }
            if (underWay != null) {
                underWay.answered(givenUpAnswer());
            }
        }
    }

    /**
     * The options of a {@link FileAuthority}, beside those of the {@link FileSource.Builder} that it comes from.
     *
     * <table>
     * <caption>Defaults</caption>
     * <tr><th>option</th><th>default</th></tr>
     * <tr><td>validator</td><td>every value is valid</td></tr>
     * <tr><td>proposalWindow</td><td>1,024</td></tr>
     * </table>
     *
     * <p>Not safe for use from several threads at once.
     *
     * @param <T> the type of the state
     */
    public static final class Builder<T extends @Nullable Object> {
        private final FileSource.Builder<T> source;
        private final Encoder<? super T> encoder;
        private StateValidator<? super T> validator = value -> {};
        private int proposalWindow = 1024;
        private Function<Path, FileReplacer> replacer = FileReplacer::new;

        Builder(FileSource.Builder<T> source, Encoder<? super T> encoder) {
            this.source = source;
            this.encoder = Objects.requireNonNull(encoder, "encoder");
        }

        /** Decides which proposed values are taken; called on the source's thread. What an editor saves is not asked about. */
        public Builder<T> validator(StateValidator<? super T> validator) {
            this.validator = Objects.requireNonNull(validator, "validator");
            return this;
        }

        /**
         * How many recent proposals are remembered with their answers, so that one that is asked again is not written again;
         * 0 for none.
         */
        public Builder<T> proposalWindow(int proposalWindow) {
            this.proposalWindow = Checks.notNegative("proposalWindow", proposalWindow);
            return this;
        }

        /** What writes. */
        Builder<T> replacer(Function<Path, FileReplacer> replacer) {
            this.replacer = replacer;
            return this;
        }

        /**
         * Opens the file, as {@link FileSource.Builder#open()} does.
         *
         * @throws IOException if the folder does not exist, or the file is a folder itself
         */
        public FileAuthority<T> open() throws IOException {
            return source.open(watch -> new FileAuthority<>(this, watch));
        }
    }
}
