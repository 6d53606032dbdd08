package io.statesync.http;

import java.io.IOException;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/** A body in memory, with a maximum size: what is longer fails, or is cut, as soon as that is known. */
final class LimitedBody implements BodySubscriber<byte[]> {
    private final CompletableFuture<byte[]> whole = new CompletableFuture<>();
    private final List<ByteBuffer> parts = new ArrayList<>(); // of the thread that delivers
    private final long limit;
    private final @Nullable String tooLong; // null if it is cut instead
    private Flow.@Nullable Subscription subscription;
    private long length;

    private LimitedBody(long limit, @Nullable String tooLong) {
        this.limit = limit;
        this.tooLong = tooLong;
    }

    /**
     * A body that fails when it is longer.
     *
     * @param tooLong the message then
     */
    static LimitedBody failing(long limit, String tooLong) {
        return new LimitedBody(limit, tooLong);
    }

    /** A body of which no more than the beginning is read. */
    static LimitedBody cut(long limit) {
        return new LimitedBody(limit, null);
    }

    @Override
    public CompletionStage<byte[]> getBody() {
        return whole;
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
        this.subscription = subscription;
        subscription.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
        if (whole.isDone()) {
            return;
        }
        for (ByteBuffer buffer : buffers) {
            length += buffer.remaining();
            parts.add(buffer);
        }
        if (length > limit) {
            stop();
        }
    }

    private void stop() {
        if (subscription != null) {
            subscription.cancel();
        }
        if (tooLong != null) {
            parts.clear();
            whole.completeExceptionally(new IOException(tooLong));
        } else {
            whole.complete(join());
        }
    }

    private byte[] join() {
        byte[] out = new byte[(int) Math.min(length, limit)];
        int at = 0;
        for (ByteBuffer part : parts) {
            int more = Math.min(part.remaining(), out.length - at);
            part.get(out, at, more);
            at += more;
        }
        parts.clear();
        return out;
    }

    @Override
    public void onError(Throwable error) {
        parts.clear();
        whole.completeExceptionally(error);
    }

    @Override
    public void onComplete() {
        if (!whole.isDone()) {
            whole.complete(join());
        }
    }
}
