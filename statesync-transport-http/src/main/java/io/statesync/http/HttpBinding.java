package io.statesync.http;

import io.statesync.InvalidationSubscriber;
import io.statesync.SnapshotProvider;
import io.statesync.StateCodec;
import io.statesync.StateProposer;
import io.statesync.WritableBinding;
import io.statesync.internal.Texts;
import org.jspecify.annotations.Nullable;

/** A topic over a client's connection. */
final class HttpBinding<T extends @Nullable Object> implements WritableBinding<T> {
    private final HttpStateClient client;
    private final String topic;
    private final StateCodec<T> codec;

    HttpBinding(HttpStateClient client, String topic, StateCodec<T> codec) {
        this.client = client;
        this.topic = topic;
        this.codec = codec;
    }

    @Override
    public InvalidationSubscriber subscriber() {
        return handler -> client.subscriptions.subscribe(topic, codec, handler);
    }

    @Override
    public SnapshotProvider<T> provider() {
        return request -> {
            if (!request.topic().equals(topic)) {
                throw new IllegalArgumentException("a binding to topic " + Texts.quote(topic) + " was asked for topic "
                        + Texts.quote(request.topic()));
            }
            return client.pulls.pull(request, codec);
        };
    }

    @Override
    public String toString() {
        return "topic " + Texts.quote(topic) + " of " + client;
    }

    @Override
    public StateProposer<T> proposer() {
        return proposal -> client.proposals.propose(topic, codec, proposal);
    }
}
