package io.statesync.conformance;

import static io.statesync.conformance.Scenario.millis;
import static io.statesync.conformance.Scenario.text;

import io.statesync.Backoff;
import io.statesync.InvalidationEvent;
import io.statesync.InvalidationHandler;
import io.statesync.NotModified;
import io.statesync.PullResult;
import io.statesync.RetryPolicy;
import io.statesync.Revision;
import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.SnapshotEnvelope;
import io.statesync.Startup;
import io.statesync.StateSync;
import io.statesync.StateVersion;
import io.statesync.Subscription;
import io.statesync.SyncError;
import io.statesync.Throttling;
import io.statesync.testkit.VirtualTime;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import tools.jackson.databind.JsonNode;

/** Runs one scenario on a real engine in virtual time and records the effects of each step. */
public final class ScenarioRunner {
    private static final Duration NEVER = Duration.ofDays(36_500);

    private final VirtualTime time = new VirtualTime();
    private final JsonNode options;
    private final List<String> effects = new ArrayList<>();
    private final Deque<CompletableFuture<PullResult<String>>> pulls = new ArrayDeque<>();
    private final List<CompletableFuture<Void>> awaits = new ArrayList<>();
    private CompletableFuture<Subscription> subscribing;
    private InvalidationHandler subscribed;
    private InvalidationHandler handler;
    private CompletableFuture<Void> applying;
    private String shouldRefresh = "true";
    private boolean hooksThrow;
    private boolean failNextApply;
    private boolean applyingCached;
    private int starts;
    private int refreshes;
    private final RevisionSync<String> sync;

    public ScenarioRunner(JsonNode options) {
        this.options = options;
        this.sync = StateSync.createRevisionSync(build());
    }

    public RevisionSync<String> sync() {
        return sync;
    }

    private RevisionSyncOptions<String> build() {
        RevisionSyncOptions.Builder<String> builder = RevisionSyncOptions.<String>builder(text(options, "topic"))
                .subscriber(this::subscribe)
                .provider(request -> {
                    effects.add("getSnapshot");
                    CompletableFuture<PullResult<String>> answer = new CompletableFuture<>();
                    pulls.add(answer);
                    return answer;
                })
                .asyncApplier(this::apply)
                .onError(this::error)
                .shouldRefresh(event -> {
                    if (shouldRefresh.equals("throws")) {
                        throw new IllegalStateException("shouldRefresh");
                    }
                    return shouldRefresh.equals("true");
                })
                .executor(StateSync.directExecutor())
                .time(time)
                .subscribeTimeout(NEVER)
                .cacheTimeout(NEVER)
                .slowApplyAfter(NEVER)
                .startup("keepTrying".equals(text(options, "startup")) ? Startup.KEEP_TRYING : Startup.FAIL_FAST);
        Duration timeout = millis(options, "snapshotTimeoutMs");
        builder.pullTimeout(timeout == null ? NEVER : timeout);
        if (options.has("throttling")) {
            builder.throttling(throttling(options.get("throttling")));
        }
        if (options.has("retry")) {
            JsonNode retry = options.get("retry");
            builder.retry(new RetryPolicy(retry.get("maxAttempts").asInt(), backoff(retry)));
        }
        builder.catchUp(Backoff.standard().withoutJitter());
        if (options.has("catchUp")) {
            builder.catchUp(backoff(options.get("catchUp")));
            Duration giveUp = millis(options.get("catchUp"), "giveUpAfterMs");
            if (giveUp != null) {
                builder.giveUpAfter(giveUp);
            }
        }
        if (options.has("resyncMs")) {
            builder.resyncInterval(millis(options, "resyncMs"));
        }
        if (options.has("cached")) {
            builder.cache(topic -> load(text(options, "cached"), text(options, "cachedEpoch")));
        }
        return builder.build();
    }

    private static Throttling throttling(JsonNode node) {
        Throttling.Builder builder = Throttling.builder();
        if (node.has("debounceMs")) {
            builder.debounce(millis(node, "debounceMs"));
        }
        if (node.has("maxWaitMs")) {
            builder.maxWait(millis(node, "maxWaitMs"));
        }
        if (node.has("throttleMs")) {
            builder.throttle(millis(node, "throttleMs"));
        }
        if (node.has("leading") && !node.get("leading").asBoolean()) {
            builder.leading(false);
        }
        return builder.build();
    }

    private static Backoff backoff(JsonNode node) {
        Duration initial = node.has("initialDelayMs") ? millis(node, "initialDelayMs") : Duration.ofMillis(100);
        double multiplier = node.has("multiplier") ? node.get("multiplier").asDouble() : 2;
        Duration max = node.has("maxDelayMs") ? millis(node, "maxDelayMs") : Duration.ofSeconds(30);
        return Backoff.exponential(initial, multiplier, max.compareTo(initial) < 0 ? initial : max)
                .withoutJitter();
    }

    private CompletionStage<SnapshotEnvelope<String>> load(String cached, String epoch) throws IOException {
        effects.add("load");
        if (cached.equals("fails")) {
            throw new IOException("the cache cannot be read");
        }
        applyingCached = !cached.equals("empty");
        return CompletableFuture.completedFuture(
                cached.equals("empty") ? null : SnapshotEnvelope.parse(cached, epoch, "cached"));
    }

    private CompletionStage<Subscription> subscribe(InvalidationHandler newHandler) {
        effects.add("subscribe");
        CompletableFuture<Subscription> future = new CompletableFuture<>();
        handler = newHandler;
        if ("manual".equals(text(options, "subscribe"))) {
            subscribing = future;
        } else {
            completeSubscribe(future);
        }
        return future;
    }

    private void completeSubscribe(CompletableFuture<Subscription> future) {
        subscribed = handler;
        InvalidationHandler mine = handler;
        future.complete(() -> {
            effects.add("unsubscribe");
            if (subscribed == mine) {
                subscribed = null;
            }
        });
    }

    private CompletionStage<?> apply(SnapshotEnvelope<String> snapshot) {
        effects.add("apply:" + snapshot.revision());
        boolean cached = applyingCached;
        applyingCached = false;
        if (failNextApply) {
            failNextApply = false;
            return CompletableFuture.failedFuture(new IllegalStateException("apply"));
        }
        if (cached || !"manual".equals(text(options, "apply"))) {
            return CompletableFuture.completedFuture(null);
        }
        applying = new CompletableFuture<>();
        return applying;
    }

    private void error(SyncError error) {
        effects.add("error:" + error.phase()
                + (error.willRetry()
                        ? ":retry:" + error.attempt() + ":" + error.nextDelay().toMillis()
                        : ""));
        if (hooksThrow) {
            throw new IllegalStateException("hook");
        }
    }

    /** Does one step and returns its effects. */
    public List<String> step(JsonNode step) {
        effects.clear();
        perform(step);
        return List.copyOf(effects);
    }

    private void perform(JsonNode step) {
        switch (text(step, "do")) {
            case "start" -> record(sync.start(), "started", "startFailed", ++starts);
            case "stop" -> sync.stop();
            case "refresh" -> record(sync.refresh(), "refreshed", "refreshFailed", ++refreshes);
            case "refreshIfOlder" ->
                record(sync.refreshIfOlderThan(millis(step, "ms")), "refreshed", "refreshFailed", ++refreshes);
            case "await" -> await(text(step, "revision"), text(step, "epoch"));
            case "cancelAwait" -> awaits.get(step.get("n").asInt() - 1).cancel(false);
            case "shouldRefresh" -> shouldRefresh = text(step, "answer");
            case "hooksThrow" -> hooksThrow = true;
            case "failNextApply" -> failNextApply = true;
            case "advance" -> time.advance(millis(step, "ms"));
            case "subscribed", "subscribeFails" ->
                answerSubscribe(text(step, "do").equals("subscribed"));
            case "snapshot", "nullSnapshot", "notModified", "snapshotFails" -> answerPull(step);
            case "applied", "applyFails" -> answerApply(text(step, "do").equals("applied"));
            default -> transport(step);
        }
    }

    private void record(CompletableFuture<Void> future, String done, String failed, int n) {
        var unused = future.whenComplete((nothing, error) -> effects.add((error == null ? done : failed) + ":" + n));
    }

    private void await(String revision, String epoch) {
        CompletableFuture<Void> future = epoch == null
                ? sync.awaitRevision(Revision.parse(revision))
                : sync.awaitVersion(StateVersion.of(Revision.parse(epoch), Revision.parse(revision)));
        awaits.add(future);
        record(future, "reached", "awaitFailed", awaits.size());
    }

    private void answerSubscribe(boolean success) {
        CompletableFuture<Subscription> future = subscribing;
        if (future == null) {
            return;
        }
        subscribing = null;
        if (success) {
            completeSubscribe(future);
        } else {
            future.completeExceptionally(new IOException("subscribe"));
        }
    }

    private void answerPull(JsonNode step) {
        CompletableFuture<PullResult<String>> pull = pulls.poll();
        if (pull == null) {
            return;
        }
        switch (text(step, "do")) {
            case "nullSnapshot" -> pull.complete(null);
            case "notModified" -> pull.complete(NotModified.instance());
            case "snapshotFails" -> pull.completeExceptionally(new IOException("pull"));
            default -> answerSnapshot(pull, step);
        }
    }

    private static void answerSnapshot(CompletableFuture<PullResult<String>> pull, JsonNode step) {
        SnapshotEnvelope<String> snapshot;
        try {
            snapshot = SnapshotEnvelope.parse(text(step, "revision"), text(step, "epoch"), "data");
        } catch (RuntimeException malformed) {
            pull.completeExceptionally(malformed);
            return;
        }
        pull.complete(snapshot);
    }

    private void answerApply(boolean success) {
        CompletableFuture<Void> pending = applying;
        if (pending == null) {
            return;
        }
        applying = null;
        if (success) {
            pending.complete(null);
        } else {
            pending.completeExceptionally(new IllegalStateException("apply"));
        }
    }

    private void transport(JsonNode step) {
        if (subscribed == null) {
            return;
        }
        switch (text(step, "do")) {
            case "event" -> event(step);
            case "malformed" -> subscribed.malformed("?", new IOException("unreadable"));
            case "push" -> subscribed.snapshot(text(step, "revision"), text(step, "epoch"), "pushed");
            case "reconnected" -> subscribed.reconnected();
            case "disconnected" -> subscribed.disconnected();
            default -> throw new IllegalArgumentException("unknown step: " + step);
        }
    }

    /** Delivers an event as text, or as a typed one every other time where the text is well-formed. */
    private void event(JsonNode step) {
        String topic = text(step, "topic");
        String revision = text(step, "revision");
        String epoch = text(step, "epoch");
        if (revision == null || revision.hashCode() % 2 == 0) {
            subscribed.event(topic, revision, epoch);
            return;
        }
        try {
            InvalidationEvent typed = new InvalidationEvent(
                    topic, Revision.parse(revision), epoch == null ? null : Revision.parse(epoch), null, null);
            subscribed.event(typed);
        } catch (io.statesync.ProtocolException malformed) {
            subscribed.event(topic, revision, epoch);
        }
    }
}
