package io.statesync.docs;

import io.statesync.InvalidationHandler;
import io.statesync.InvalidationSubscriber;
import io.statesync.PullRequest;
import io.statesync.PullResult;
import io.statesync.SnapshotEnvelope;
import io.statesync.SnapshotProvider;
import io.statesync.StateBinding;
import io.statesync.Subscription;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Function;

// snippet: IpcBinding
/** A topic's transport over our IPC: events from a link, snapshots by a call that blocks. */
final class IpcBinding<T> implements StateBinding<T> {
    private final Ipc ipc;
    private final Function<String, T> decoder;
    private final Executor executor;

    IpcBinding(Ipc ipc, Function<String, T> decoder, Executor executor) {
        this.ipc = ipc;
        this.decoder = decoder;
        this.executor = executor;
    }

    @Override
    public InvalidationSubscriber subscriber() {
        return this::subscribe;
    }

    @Override
    public SnapshotProvider<T> provider() {
        return SnapshotProvider.blocking(this::fetch, executor);
    }
    // end

    // snippet: IpcSubscribe
    private CompletionStage<Subscription> subscribe(InvalidationHandler handler) throws IOException {
        Ipc.Link link = ipc.open();
        link.onMessage(message -> handler.event(message.topic(), message.revision(), message.epoch()));
        link.onLost(handler::disconnected);
        link.onReopen(handler::reconnected);
        return CompletableFuture.completedFuture(link::close);
    }
    // end

    // snippet: IpcFetch
    private PullResult<T> fetch(PullRequest request) throws IOException {
        Ipc.Reply reply = ipc.fetch(request.topic());
        T data = reply.json() == null ? null : decoder.apply(reply.json());
        return SnapshotEnvelope.parse(reply.revision(), reply.epoch(), data);
    }
    // end
}
