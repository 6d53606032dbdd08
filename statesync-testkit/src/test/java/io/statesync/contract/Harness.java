package io.statesync.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.AsyncSnapshotApplier;
import io.statesync.Backoff;
import io.statesync.InvalidationHandler;
import io.statesync.InvalidationSubscriber;
import io.statesync.PullRequest;
import io.statesync.PullResult;
import io.statesync.Revision;
import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.SnapshotEnvelope;
import io.statesync.SnapshotProvider;
import io.statesync.StateSync;
import io.statesync.StateVersion;
import io.statesync.Subscription;
import io.statesync.SyncError;
import io.statesync.testkit.VirtualTime;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;

/**
 * A real engine in virtual time, on a direct executor unless a test chooses another, with a source that the test plays:
 * it delivers the events and answers each pull by hand. Subscribing succeeds at once and applies are recorded, unless a
 * test replaces {@link #onSubscribe} or {@link #onApply}.
 */
public final class Harness {
    public static final String TOPIC = "settings";

    public final VirtualTime time = new VirtualTime();
    public final List<Pull> pulls = new CopyOnWriteArrayList<>();
    public final List<InvalidationHandler> handlers = new CopyOnWriteArrayList<>();
    public final List<SnapshotEnvelope<String>> applied = new CopyOnWriteArrayList<>();
    public final List<SyncError> errors = new CopyOnWriteArrayList<>();
    public volatile int unsubscribed;
    public volatile InvalidationSubscriber onSubscribe =
            handler -> CompletableFuture.completedFuture(this::countUnsubscribed);
    public volatile SnapshotProvider<String> onPull = request -> {
        Pull pull = new Pull(request);
        pulls.add(pull);
        return pull.answer;
    };
    public volatile AsyncSnapshotApplier<String> onApply = snapshot -> {
        applied.add(snapshot);
        return CompletableFuture.completedFuture(null);
    };
    public final RevisionSync<String> sync;

    /** The future of the last {@link #start}. */
    public CompletableFuture<Void> started = new CompletableFuture<>();

    /** A pull that the engine began. */
    public record Pull(PullRequest request, CompletableFuture<PullResult<String>> answer) {
        Pull(PullRequest request) {
            this(request, new CompletableFuture<>());
        }
    }

    /** An engine with the contract's defaults, but for the jitter, which is off. */
    public Harness() {
        this(builder -> builder);
    }

    /** An engine with further options. */
    public Harness(UnaryOperator<RevisionSyncOptions.Builder<String>> options) {
        sync = StateSync.createRevisionSync(options.apply(RevisionSyncOptions.<String>builder(TOPIC)
                        .subscriber(this::subscribe)
                        .provider(request -> onPull.getSnapshot(request))
                        .asyncApplier(snapshot -> onApply.apply(snapshot))
                        .onError(errors::add)
                        .executor(StateSync.directExecutor())
                        .catchUp(Backoff.standard().withoutJitter())
                        .time(time))
                .build());
    }

    private CompletionStage<Subscription> subscribe(InvalidationHandler handler) throws Exception {
        handlers.add(handler);
        return onSubscribe.subscribe(handler);
    }

    private synchronized void countUnsubscribed() {
        unsubscribed++;
    }

    public void start() {
        started = sync.start();
    }

    /** Starts the engine on a source that is at {@code revision}. */
    public Harness startedAt(String revision) {
        start();
        answer(revision);
        assertThat(started).isCompleted();
        return this;
    }

    /** The newest subscription's handler. */
    public InvalidationHandler transport() {
        return handlers.get(handlers.size() - 1);
    }

    public void event(String revision) {
        transport().event(TOPIC, revision);
    }

    /** The oldest pull without an answer. */
    public Pull open() {
        return pulls.stream()
                .filter(pull -> !pull.answer().isDone())
                .findFirst()
                .orElseThrow(() -> new AssertionError("no pull waits for an answer"));
    }

    public void answer(String revision) {
        open().answer().complete(snapshot(revision));
    }

    public void answer(String revision, String epoch) {
        open().answer().complete(SnapshotEnvelope.parse(revision, epoch, "data " + revision));
    }

    public void failPull(Throwable error) {
        open().answer().completeExceptionally(error);
    }

    public void advance(Duration duration) {
        time.advance(duration);
    }

    /** The revisions applied, in order. */
    public List<String> revisions() {
        return applied.stream().map(snapshot -> snapshot.revision().toString()).toList();
    }

    /** What a future has failed with by now. */
    public static Throwable failureOf(CompletableFuture<?> future) {
        assertThat(future).isCompletedExceptionally();
        return future.handle((nothing, error) -> error).join();
    }

    public static SnapshotEnvelope<String> snapshot(String revision) {
        return SnapshotEnvelope.parse(revision, null, "data " + revision);
    }

    public static StateVersion version(String revision) {
        return StateVersion.of(Revision.parse(revision));
    }
}
