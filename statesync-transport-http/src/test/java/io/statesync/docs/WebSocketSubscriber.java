package io.statesync.docs;

import io.statesync.Backoff;
import io.statesync.InvalidationHandler;
import io.statesync.InvalidationSubscriber;
import io.statesync.Subscription;
import io.statesync.TimeSource;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadLocalRandom;

// snippet: webSocketSubscriber
/** Hears of a topic by messages such as "42 7", revision and epoch; the first one comes as soon as it is connected. */
record WebSocketSubscriber(HttpClient http, URI uri, String topic) implements InvalidationSubscriber {
    @Override
    public CompletionStage<Subscription> subscribe(InvalidationHandler handler) {
        Link link = new Link(handler);
        link.connect();
        return link.subscribed;
    }

    private final class Link implements WebSocket.Listener, Subscription {
        private final InvalidationHandler handler;
        private final CompletableFuture<Subscription> subscribed = new CompletableFuture<>();
        private final StringBuilder text =
                new StringBuilder(); // of one connection, as failures: there is one at a time
        private int failures;
        private volatile WebSocket socket;
        private volatile boolean closed;

        Link(InvalidationHandler handler) {
            this.handler = handler;
        }

        void connect() {
            if (!closed) {
                CompletionStage<WebSocket> opening = http.newWebSocketBuilder()
                        .connectTimeout(Duration.ofSeconds(10))
                        .buildAsync(uri, this);
                opening.whenComplete((open, failure) -> {
                    if (failure != null) {
                        lost(failure);
                    }
                });
            }
        }

        private void lost(Throwable why) {
            if (closed || subscribed.completeExceptionally(why)) {
                return; // the first time it is the engine that tries again
            }
            handler.disconnected();
            Duration pause = Backoff.standard().delayAfter(++failures, ThreadLocalRandom.current());
            TimeSource.system().schedule(this::connect, pause);
        }

        @Override
        public void onOpen(WebSocket open) {
            socket = open;
            text.setLength(0);
            if (closed) {
                open.abort();
            } else {
                open.request(1);
            }
        }

        @Override
        public CompletionStage<?> onText(WebSocket open, CharSequence part, boolean last) {
            text.append(part);
            if (last && !closed) {
                if (failures > 0) {
                    failures = 0;
                    handler.resumed(); // and the message says what was missed
                }
                String[] version = text.toString().split(" ", 2);
                handler.event(topic, version[0], version.length < 2 ? null : version[1]);
                subscribed.complete(this);
                text.setLength(0);
            }
            open.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onClose(WebSocket open, int status, String reason) {
            lost(new IOException("closed by the server: " + status + " " + reason));
            return null;
        }

        @Override
        public void onError(WebSocket open, Throwable error) {
            lost(error);
        }

        @Override
        public void close() {
            closed = true;
            WebSocket open = socket;
            if (open != null) {
                open.abort();
            }
        }
    }
}
// end
