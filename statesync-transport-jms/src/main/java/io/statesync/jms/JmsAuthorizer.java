package io.statesync.jms;

import org.jspecify.annotations.Nullable;

/**
 * Decides who may read and write which topic. Asked for each request, on a session's thread, so it should be quick: of a
 * proposal first whether its topic may be read, then whether it may be written. Who may not read hears that there is no such
 * topic.
 *
 * <p>Events are the broker's to guard: who may consume the destination of events hears of all topics.
 */
@FunctionalInterface
public interface JmsAuthorizer {
    /** What a client asks to do with a topic. */
    enum Action {
        /** To pull it. */
        READ,
        /** To propose a state. */
        WRITE
    }

    /**
     * Decides.
     *
     * @param user who sent the request, as the broker says ({@code JMSXUserID}); null if it does not
     * @param topic the topic as the client named it; it need not exist
     * @throws Exception counts as no, and is logged
     */
    boolean allows(@Nullable String user, String topic, Action action) throws Exception;

    /** Whoever may send requests may read, and nobody may write: the default. */
    static JmsAuthorizer readOnly() {
        return (user, topic, action) -> action == Action.READ;
    }

    /** Whoever may send requests may do everything: the broker decides who that is. */
    static JmsAuthorizer allowAll() {
        return (user, topic, action) -> true;
    }
}
