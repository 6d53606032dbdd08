package io.statesync.docs;

import io.statesync.Revision;
import io.statesync.StateVersion;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What the snippets connect to: it stands for a socket, a pipe or a broker, and for the source behind it. */
final class Ipc {
    private final List<Link> links = new CopyOnWriteArrayList<>();
    private volatile boolean broken;
    private volatile Reply state = new Reply("0", "0", "{}");

    /** What the source sends when its state has moved. */
    record Message(String topic, String revision, String epoch) {}

    /** What the source answers when it is asked for its state. */
    record Reply(String revision, String epoch, @Nullable String json) {}

    /** An open connection, which comes back by itself after it was lost. */
    final class Link {
        private volatile Consumer<Message> onMessage = message -> {};
        private volatile Runnable onLost = () -> {};
        private volatile Runnable onReopen = () -> {};

        void onMessage(Consumer<Message> listener) {
            onMessage = listener;
        }

        void onLost(Runnable listener) {
            onLost = listener;
        }

        void onReopen(Runnable listener) {
            onReopen = listener;
        }

        void close() {
            links.remove(this);
        }
    }

    Link open() throws IOException {
        checkConnected();
        Link link = new Link();
        links.add(link);
        return link;
    }

    Reply fetch(String topic) throws IOException {
        checkConnected();
        return state;
    }

    private void checkConnected() throws IOException {
        if (broken) {
            throw new IOException("not connected");
        }
    }

    /** A write: the next revision, which is announced and returned. */
    Revision save(String json) {
        Revision next = Revision.parse(state.revision()).next();
        put(StateVersion.of(next), json);
        announce(StateVersion.of(next));
        return next;
    }

    void put(StateVersion version, @Nullable String json) {
        state = new Reply(version.revision().toString(), version.epoch().toString(), json);
    }

    void announce(StateVersion version) {
        if (!broken) {
            Message message = new Message(
                    "settings", version.revision().toString(), version.epoch().toString());
            links.forEach(link -> link.onMessage.accept(message));
        }
    }

    void breakConnections() {
        broken = true;
        links.forEach(link -> link.onLost.run());
    }

    void heal() {
        broken = false;
        links.forEach(link -> link.onReopen.run());
    }
}
