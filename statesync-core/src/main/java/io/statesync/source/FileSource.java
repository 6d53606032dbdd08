package io.statesync.source;

import io.statesync.InvalidationEvent;
import io.statesync.InvalidationHandler;
import io.statesync.InvalidationSubscriber;
import io.statesync.PullRequest;
import io.statesync.PullResult;
import io.statesync.SnapshotProvider;
import io.statesync.StateBinding;
import io.statesync.StateVersion;
import io.statesync.Subscription;
import io.statesync.internal.Checks;
import io.statesync.internal.FolderWatch;
import io.statesync.internal.FolderWatch.Signal;
import io.statesync.source.FileInspector.Finding;
import io.statesync.source.FileInspector.GoodAgain;
import io.statesync.source.FileInspector.NewState;
import io.statesync.source.FileInspector.Problem;
import io.statesync.source.internal.Feeds;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A source whose state is the content of a file: every change that can be decoded becomes the next revision.
 *
 * <p>However the file is saved, in place, by a rename, or deleted and written anew, its content decides: the same content
 * is no new revision. The folder is watched, and the file is looked at every {@code pollInterval} besides, for what the
 * watch misses. Saves that follow each other quickly may become one revision; the last one always becomes one.
 *
 * <p>A file that is missing, unreadable or not decodable is a <em>problem</em>: pulls go on being answered with the last
 * good state. Since a save may pass through such a state, a problem counts only after it has lasted for {@code
 * settleTime}; then it is told to {@code onError}, once for each distinct content. An empty file is decoded only after it
 * has stayed empty that long. Before the first good state every pull fails with an {@link IOException} that says why.
 *
 * <p>Revisions count from 1 in an epoch of the source's own, the clock's milliseconds when it was opened, and later than
 * that of any other source opened in this JVM: to replicas, a restarted source is newer than all that they saw of the one
 * before (contract X1).
 *
 * <p>Any number of engines may subscribe. An event is sent only after a pull would see its revision. Pulls and
 * subscriptions are answered at once, on the caller's thread. One daemon thread reads, decodes, sends events and calls
 * {@code onError}; the JDK may have another one for its watch. {@link #close()} ends both.
 *
 * @param <T> the type of the state; immutable, since every puller gets the same object
 */
public sealed class FileSource<T extends @Nullable Object> implements StateBinding<T>, AutoCloseable
        permits FileAuthority {
    private static final Logger log = LoggerFactory.getLogger("io.statesync.source");
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(10);

    private final String topic;
    private final Path file;
    private final long pollNanos;
    private final InstantSource clock;
    private final Problems problems;
    final FileInspector<T> inspector; // of the thread
    final FolderWatch watch;
    private final StateVersion beforeFirst;
    private final Thread thread;

    private final Feeds subscribers;
    final AtomicBoolean closed = new AtomicBoolean();
    private final CountDownLatch firstVerdict = new CountDownLatch(1);
    private volatile @Nullable Stored<T> stored; // written by the thread only
    private volatile @Nullable Throwable problem; // written by the thread only

    FileSource(Builder<T> b, FolderWatch watch, Executor deliverOn) {
        this.topic = b.topic;
        this.file = b.file;
        this.watch = watch;
        this.pollNanos = b.pollInterval.toNanos();
        this.clock = b.clock != null ? b.clock : InstantSource.system();
        this.problems = new Problems(file, b.onError);
        this.inspector = new FileInspector<>(file, b.decoder, b.settleTime.toNanos(), clock);
        this.beforeFirst = StateVersion.ofUnsigned(Epochs.next(topic, clock), 0);
        this.subscribers = new Feeds(this::newestEvent, deliverOn);
        this.thread = new Thread(null, this::run, "statesync-file-" + topic, 0, false);
        this.thread.setDaemon(true);
    }

    /** Makes a file's content a state. */
    @FunctionalInterface
    public interface Decoder<T extends @Nullable Object> {
        /**
         * Decodes content that differs from the last one that was decoded. Called on the source's thread.
         *
         * @throws Exception if the content is not a valid state
         */
        T decode(byte[] content) throws Exception;
    }

    /**
     * Opens a source with the defaults of {@link Builder}.
     *
     * @throws IOException as {@link Builder#open()} does
     */
    public static <T extends @Nullable Object> FileSource<T> open(String topic, Path file, Decoder<T> decoder)
            throws IOException {
        return FileSource.<T>builder(topic, file, decoder).open();
    }

    /**
     * A builder for a source of a topic.
     *
     * @param topic the topic of its events, and the only one that may be pulled
     * @param file the file; it need not exist yet, but its folder has to
     * @throws IllegalArgumentException if the topic is null or blank
     */
    public static <T extends @Nullable Object> Builder<T> builder(String topic, Path file, Decoder<T> decoder) {
        return new Builder<>(topic, file, decoder);
    }

    /** The topic. */
    public String topic() {
        return topic;
    }

    /** The file, as an absolute path. */
    public Path file() {
        return file;
    }

    /** The version that pulls are answered with; null before the first good state. */
    public @Nullable StateVersion version() {
        Stored<T> now = stored;
        return now == null ? null : now.version();
    }

    /**
     * What is wrong with the file: what {@code onError} was last told, until the file is good again; null for nothing. A
     * {@link NoSuchFileException} for a missing file, another {@link IOException} for an unreadable one, else what the
     * decoder threw.
     */
    public @Nullable Throwable problem() {
        return problem;
    }

    @Override
    public InvalidationSubscriber subscriber() {
        return this::subscribe;
    }

    @Override
    public SnapshotProvider<T> provider() {
        return this::pull;
    }

    /**
     * Ends the source: its threads end, subscribers hear that they are disconnected, later pulls and subscriptions fail.
     * Waits for a decoder or hook under way, at most 10 s; not when called from inside it. An interrupt ends the wait and
     * stays set. Idempotent.
     */
    @Override
    public void close() {
        boolean first = closed.compareAndSet(false, true);
        watch.close();
        if (Thread.currentThread() != thread) {
            joinThread();
            ended();
        }
        if (first) {
            subscribers.disconnect();
        }
    }

    private void joinThread() {
        try {
            thread.join(CLOSE_TIMEOUT.toMillis());
            if (thread.isAlive()) {
                log.warn("file source's thread is held up by a decoder or a hook topic={} file={}", topic, file);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private CompletionStage<Subscription> subscribe(InvalidationHandler handler) throws Exception {
        Subscription subscription = subscribers.add(handler);
        if (closed.get()) {
            subscription.close();
            throw closedFailure();
        }
        return CompletableFuture.completedFuture(subscription);
    }

    private CompletionStage<PullResult<T>> pull(PullRequest request) throws IOException {
        if (closed.get()) {
            throw closedFailure();
        }
        return CompletableFuture.completedFuture(current().answer(request));
    }

    /**
     * What pulls are answered with.
     *
     * @throws IOException if there is no good state yet
     */
    final Stored<T> current() throws IOException {
        Stored<T> now = stored;
        if (now == null) {
            Throwable reason = problem;
            throw new IOException(
                    "no valid content yet: " + file + (reason instanceof NoSuchFileException ? " does not exist" : ""),
                    reason);
        }
        return now;
    }

    private @Nullable InvalidationEvent newestEvent() {
        Stored<T> now = stored;
        return now == null ? null : now.event();
    }

    private IllegalStateException closedFailure() {
        return new IllegalStateException("file source is closed: " + file);
    }

    private void run() {
        try {
            Signal signal = Signal.ANY;
            while (signal != Signal.CLOSED && !closed.get()) {
                look(signal == Signal.ANY || signal == Signal.FILE);
                boolean more = work();
                signal = watch.await(more ? 0 : Math.min(pollNanos, inspector.nanosUntilSettled(System.nanoTime())));
            }
        } finally {
            firstVerdict.countDown();
            ended();
        }
    }

    /** Does other work of the thread between two looks; says whether there is more. */
    boolean work() {
        return false;
    }

    /** The thread has ended, or is given up. */
    void ended() {}

    final void look(boolean touched) {
        try {
            take(inspector.look(touched, System.nanoTime()));
        } catch (RuntimeException | Error e) {
            log.error("file source failed and goes on topic={} file={}", topic, file, e);
            take(new Problem<>(e));
        }
    }

    private void take(Finding<T> finding) {
        if (closed.get()) {
            return;
        }
        if (finding instanceof NewState<T> state) {
            publish(state.data(), null);
        } else if (finding instanceof GoodAgain<T>) {
            problem = null;
            log.debug("file is good again topic={} file={} version={}", topic, file, version());
        } else if (finding instanceof Problem<T> found) {
            problem = found.error();
            problems.tell(found.error());
            firstVerdict.countDown();
        }
    }

    /** Makes data the next revision, and sends its event. */
    StateVersion publish(T data, @Nullable String sourceId) {
        Stored<T> last = stored;
        StateVersion version = StateVersion.of(
                beforeFirst.epoch(),
                (last == null ? beforeFirst : last.version()).revision().next());
        problem = null;
        stored = Stored.of(topic, version, data, sourceId, clock.millis());
        log.debug("file has a new revision topic={} file={} version={}", topic, file, version);
        subscribers.announce();
        firstVerdict.countDown();
        return version;
    }

    /**
     * The options of a {@link FileSource}.
     *
     * <table>
     * <caption>Defaults</caption>
     * <tr><th>option</th><th>default</th></tr>
     * <tr><td>pollInterval</td><td>1 s</td></tr>
     * <tr><td>settleTime</td><td>250 ms</td></tr>
     * <tr><td>onError</td><td>a warning in the log, with the error's type</td></tr>
     * <tr><td>clock</td><td>the system's</td></tr>
     * </table>
     *
     * <p>Not safe for use from several threads at once.
     *
     * @param <T> the type of the state
     */
    public static final class Builder<T extends @Nullable Object> {
        private final String topic;
        private final Path file;
        final Decoder<T> decoder;
        private Duration pollInterval = Duration.ofSeconds(1);
        private Duration settleTime = Duration.ofMillis(250);
        private BiConsumer<? super Path, ? super Throwable> onError = Problems::log;
        private @Nullable InstantSource clock;
        private boolean watching = true;

        private Builder(@Nullable String topic, Path file, Decoder<T> decoder) {
            this.topic = Checks.notBlank("topic", topic);
            this.file = Objects.requireNonNull(file, "file").toAbsolutePath();
            this.decoder = Objects.requireNonNull(decoder, "decoder");
        }

        /** How often the file is looked at in any case. */
        public Builder<T> pollInterval(Duration pollInterval) {
            this.pollInterval = Checks.positive("pollInterval", pollInterval);
            return this;
        }

        /**
         * How long a file that is missing, unreadable, empty or not decodable has to stay as it is until that is believed;
         * at most ten times as long if it keeps changing.
         */
        public Builder<T> settleTime(Duration settleTime) {
            this.settleTime = Checks.positive("settleTime", settleTime);
            return this;
        }

        /**
         * What hears of problems, once for each distinct content, with the file and the error. Runs on the source's thread,
         * so it should be quick; what it throws is logged.
         */
        public Builder<T> onError(BiConsumer<? super Path, ? super Throwable> onError) {
            this.onError = Objects.requireNonNull(onError, "onError");
            return this;
        }

        /** Where epochs and the times of events come from. */
        public Builder<T> clock(InstantSource clock) {
            this.clock = Objects.requireNonNull(clock, "clock");
            return this;
        }

        /**
         * Makes it a source that can also be written.
         *
         * @param encoder the decoder's inverse
         */
        public FileAuthority.Builder<T> writable(FileAuthority.Encoder<? super T> encoder) {
            return new FileAuthority.Builder<>(this, encoder);
        }

        /** Leaves only the poll interval, as on a file system that cannot be watched. */
        Builder<T> withoutWatch() {
            this.watching = false;
            return this;
        }

        /**
         * Opens the source and reads the file. When this returns, either there is a good state or the problem was told,
         * which takes as long as it has to settle.
         *
         * @throws IOException if the folder does not exist, or the file is a folder itself
         */
        public FileSource<T> open() throws IOException {
            return open(watch -> new FileSource<>(this, watch, Runnable::run));
        }

        <S extends FileSource<T>> S open(Function<FolderWatch, S> constructor) throws IOException {
            FolderWatch watch = FolderWatch.ofFile(file, watching, log);
            S source = constructor.apply(watch);
            FileSource<T> opened = source;
            opened.thread.start();
            try {
                opened.firstVerdict.await();
            } catch (InterruptedException e) {
                source.close();
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted while opening " + file);
            }
            return source;
        }
    }
}
