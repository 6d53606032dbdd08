package io.statesync.persistence;

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
import io.statesync.internal.DefaultExecutor;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A source whose state is what others save to a folder: processes that share a {@link FileStorage}'s folder follow one
 * another through it.
 *
 * <p>A pull is answered with the newest generation of the topic's entry that can be used: whole, not expired, migrated and
 * valid. If that is not the newest that is there, subscribers hear of a malformed one, once for each file that is. If none
 * can be used, the pull fails with an {@link IOException} that says why.
 *
 * <p>The folder is watched, and looked at every {@code pollInterval} besides, for what the watch misses. An event is sent
 * when another entry is the newest; entries that follow each other quickly may share one. A subscription begins with the
 * event of the entry that is there. While the folder is gone, or cannot be reached, subscribers are disconnected.
 *
 * <p>It owns nothing that has to be closed. As long as there are subscriptions, one daemon thread watches a folder for all
 * sources of this process that follow it; the JDK may have another one for its watch. Handlers are called on that thread, so
 * they must not wait; pulls run on the {@code executor}. Safe for use from any thread.
 *
 * @param <T> the type of the state
 */
public final class FolderSource<T extends @Nullable Object> implements StateBinding<T> {
    private static final Logger log = LoggerFactory.getLogger("io.statesync.persistence");

    private final FileStorage storage;
    private final String topic;
    private final EntryReader<T> reader;
    private final long pollNanos;
    private final Executor executor;
    private final InstantSource clock;
    private final Runnable onCleared;
    private final boolean watching;
    private final SnapshotProvider<T> provider;

    private final Object lock = new Object();
    private @Nullable EntryFollower follower; // guarded by lock; there while there are feeds
    private final List<Feed> feeds = new CopyOnWriteArrayList<>(); // changed under lock
    private final Map<Path, EntryFollower.Stamp> reported = new HashMap<>(); // guarded by itself

    private FolderSource(Builder<T> b) {
        storage = b.storage;
        topic = b.topic;
        reader = new EntryReader<>(b.storage, b.topic, b.format);
        pollNanos = b.pollInterval.toNanos();
        executor = b.executor;
        clock = b.clock;
        onCleared = b.onCleared;
        watching = b.watching;
        provider = SnapshotProvider.blocking(this::fetch, executor);
    }

    /** A source with the defaults of {@link Builder}. */
    public static <T extends @Nullable Object> FolderSource<T> of(
            FileStorage storage, String topic, SnapshotFormat<T> format) {
        return FolderSource.<T>builder(storage, topic, format).build();
    }

    /**
     * A builder for a source of a topic.
     *
     * @param storage the folder
     * @param topic the topic that is followed, and the only one that may be pulled
     * @param format how entries are read
     * @throws IllegalArgumentException if the topic is null or blank
     */
    public static <T extends @Nullable Object> Builder<T> builder(
            FileStorage storage, String topic, SnapshotFormat<T> format) {
        return new Builder<>(storage, topic, format);
    }

    /** The topic. */
    public String topic() {
        return topic;
    }

    /** The folder, as an absolute path without links. */
    public Path folder() {
        return storage.folder();
    }

    @Override
    public InvalidationSubscriber subscriber() {
        return this::subscribe;
    }

    @Override
    public SnapshotProvider<T> provider() {
        return provider;
    }

    private PullResult<T> fetch(PullRequest request) throws IOException {
        return reader.answer(
                request, clock.instant(), (stamp, problem) -> report(storage.newest(topic), stamp, problem));
    }

    private CompletionStage<Subscription> subscribe(InvalidationHandler handler) {
        Feed feed = new Feed(Objects.requireNonNull(handler, "handler"));
        synchronized (lock) {
            EntryFollower looking = follower;
            if (looking == null) {
                looking = new EntryFollower(storage, topic, pollNanos, watching, new Following());
            }
            feeds.add(feed);
            try {
                FolderWatcher.look(looking);
            } catch (Throwable t) { // there may be no thread to be had
                feeds.remove(feed);
                throw t;
            }
            follower = looking;
        }
        return CompletableFuture.completedFuture(feed);
    }

    private void remove(Feed feed) {
        synchronized (lock) {
            EntryFollower looking = follower;
            if (feeds.remove(feed) && feeds.isEmpty() && looking != null) {
                follower = null;
                looking.close();
                FolderWatcher.leave(looking);
            }
        }
    }

    /** What is wrong with a file, once for each that is there. */
    private void report(Path file, EntryFollower.@Nullable Stamp stamp, Throwable problem) {
        synchronized (reported) {
            if (stamp != null && stamp.equals(reported.put(file, stamp))) {
                return;
            }
        }
        if (feeds.isEmpty()) {
            log.warn(
                    "entry cannot be used, the generation before is tried topic={} file={} error={}",
                    topic,
                    file,
                    problem.toString());
        }
        tellAll(feed -> feed.handler.malformed(file.toString(), problem));
    }

    private void tellAll(Consumer<Feed> call) {
        for (Feed feed : feeds) {
            feed.tell(call);
        }
    }

    private void clearedOnExecutor() {
        try {
            onCleared.run();
        } catch (Throwable t) { // the user's hook
            log.error("onCleared threw topic={} folder={}", topic, folder(), t);
        }
    }

    /** One subscription. */
    private final class Feed implements Subscription {
        private final InvalidationHandler handler;
        private volatile boolean open = true;
        private boolean linked = true; // of the watching thread
        private boolean isNew = true; // of the watching thread; until its first event

        Feed(InvalidationHandler handler) {
            this.handler = handler;
        }

        void tell(Consumer<Feed> call) {
            if (open) {
                boolean interrupted = Thread.currentThread().isInterrupted();
                try {
                    call.accept(this);
                } catch (Throwable t) { // an engine's handler throws nothing
                    log.error("a subscriber was not told, and will be of what comes next topic={}", topic, t);
                } finally {
                    if (!interrupted) {
                        Thread.interrupted(); // left by the handler, it would reach others
                    }
                }
            }
        }

        void version(InvalidationEvent event) {
            isNew = false;
            tell(feed -> handler.event(event));
        }

        void linked(boolean now) {
            if (linked != now) {
                linked = now;
                tell(feed -> {
                    if (now) {
                        handler.reconnected();
                    } else {
                        handler.disconnected();
                    }
                });
            }
        }

        @Override
        public void close() {
            open = false;
            remove(this);
        }
    }

    /** What the follower sees, told to the subscribers. */
    private final class Following implements EntryFollower.Sight {
        private boolean reachable = true; // of the watching thread

        @Override
        public void version(StateVersion version) {
            InvalidationEvent event = event(version);
            feeds.forEach(feed -> feed.version(event));
        }

        private InvalidationEvent event(StateVersion version) {
            return new InvalidationEvent(topic, version.revision(), version.epoch(), null, clock.millis());
        }

        @Override
        public void looked(@Nullable StateVersion version) {
            for (Feed feed : feeds) {
                if (feed.isNew && version != null) {
                    feed.version(event(version));
                }
            }
        }

        @Override
        public void problem(Path file, EntryFollower.Stamp stamp, IOException problem) {
            report(file, stamp, problem);
        }

        @Override
        public void cleared() {
            log.info("entry was cleared topic={} folder={}", topic, folder());
            try {
                executor.execute(FolderSource.this::clearedOnExecutor);
            } catch (Throwable t) { // whatever it throws, the hook does not run
                log.error("onCleared was refused by the executor topic={} folder={}", topic, folder(), t);
            }
        }

        @Override
        public void reached(@Nullable Exception problem) {
            boolean now = problem == null;
            if (reachable != now) {
                reachable = now;
                if (problem != null) {
                    log.warn(
                            "folder cannot be reached topic={} folder={} error={}",
                            topic,
                            folder(),
                            problem.toString());
                } else {
                    log.info("folder can be reached again topic={} folder={}", topic, folder());
                }
            }
            feeds.forEach(feed -> feed.linked(now));
        }
    }

    /**
     * The options of a {@link FolderSource}.
     *
     * <table>
     * <caption>Defaults</caption>
     * <tr><th>option</th><th>default</th></tr>
     * <tr><td>pollInterval</td><td>1 s</td></tr>
     * <tr><td>executor</td><td>the pool of daemon threads that engines share</td></tr>
     * <tr><td>onCleared</td><td>nothing</td></tr>
     * <tr><td>clock</td><td>the system's</td></tr>
     * </table>
     *
     * <p>Not safe for use from several threads at once.
     *
     * @param <T> the type of the state
     */
    public static final class Builder<T extends @Nullable Object> {
        private final FileStorage storage;
        private final String topic;
        private final SnapshotFormat<T> format;
        private Duration pollInterval = Duration.ofSeconds(1);
        private Executor executor = DefaultExecutor.SHARED;
        private Runnable onCleared = () -> {};
        private InstantSource clock = InstantSource.system();
        private boolean watching = true;

        private Builder(FileStorage storage, String topic, SnapshotFormat<T> format) {
            this.storage = Objects.requireNonNull(storage, "storage");
            this.topic = Checks.notBlank("topic", topic);
            this.format = Objects.requireNonNull(format, "format");
        }

        /** How often the folder is looked at in any case. */
        public Builder<T> pollInterval(Duration pollInterval) {
            this.pollInterval = Checks.positive("pollInterval", pollInterval);
            return this;
        }

        /** What pulls, which read files, and {@code onCleared} run on. */
        public Builder<T> executor(Executor executor) {
            this.executor = Objects.requireNonNull(executor, "executor");
            return this;
        }

        /**
         * What hears that the topic was cleared: its entry was seen, while there are subscriptions, and then is gone. Run
         * once for each clear, on the executor; what it throws is logged. A clear that a save follows at once may not be
         * noticed. What replicas hold, they keep.
         */
        public Builder<T> onCleared(Runnable onCleared) {
            this.onCleared = Objects.requireNonNull(onCleared, "onCleared");
            return this;
        }

        /** What tells whether an entry has expired, and the times of events. */
        public Builder<T> clock(InstantSource clock) {
            this.clock = Objects.requireNonNull(clock, "clock");
            return this;
        }

        /** Leaves only the poll interval, as on a file system that cannot be watched. */
        Builder<T> withoutWatch() {
            this.watching = false;
            return this;
        }

        /** The source. Nothing is read or watched before the first pull or subscription. */
        public FolderSource<T> build() {
            return new FolderSource<>(this);
        }
    }
}
