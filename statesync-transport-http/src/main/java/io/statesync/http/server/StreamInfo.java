package io.statesync.http.server;

import io.statesync.StateVersion;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Who follows what.
 *
 * @param name names the stream among those of this server; it is not its id, which is a secret of the client's
 * @param remoteAddress where the client is, as the container says
 * @param user who the client is, as the container says; null if it does not know
 * @param userAgent what the client says that it is; null if it says nothing
 * @param since when the stream was made
 * @param connected whether somebody is connected
 * @param blocked whether events wait for a client that takes nothing
 * @param lastEventId the id of the last event that the client says to have seen when it connected; null if it said nothing
 * @param topics what it follows, in no order
 */
public record StreamInfo(
        String name,
        @Nullable String remoteAddress,
        @Nullable String user,
        @Nullable String userAgent,
        Instant since,
        boolean connected,
        boolean blocked,
        @Nullable String lastEventId,
        List<TopicInfo> topics) {

    /**
     * A topic of a stream.
     *
     * @param sent the version that was sent last; null if none was
     * @param acknowledged the newest version that a pull took; null if none did. What comes with the stream itself is not
     *     acknowledged: {@code sent} says how far that is
     */
    public record TopicInfo(
            String topic,
            @Nullable StateVersion sent,
            @Nullable StateVersion acknowledged) {}
}
