package io.statesync.http.zuno;

import io.statesync.SnapshotEnvelope;
import io.statesync.StateCodec;
import io.statesync.internal.Texts;
import java.io.IOException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How the states of a room's stores are written and read. */
final class Served {
    private static final Logger log = LoggerFactory.getLogger("io.statesync.http.zuno");

    private final String prefix;
    private final Function<? super String, ? extends @Nullable StateCodec<?>> codecs;

    /**
     * The stores under a prefix.
     *
     * @param codecs the codec of a topic; null for one that is not served
     */
    Served(String prefix, Function<? super String, ? extends @Nullable StateCodec<?>> codecs) {
        this.prefix = prefix;
        this.codecs = codecs;
    }

    /** The whole topic of a key. */
    String topic(String key) {
        return prefix + key;
    }

    /** The codec of a key's states; null if the key is not served, or has none, which is reported. */
    @SuppressWarnings("unchecked") // who names the codec of a topic names that of its type
    @Nullable
    StateCodec<@Nullable Object> codec(String key) {
        try {
            return (StateCodec<@Nullable Object>) codecs.apply(topic(key));
        } catch (Throwable t) { // the user's code
            log.error("no codec could be had topic={}", Texts.quote(topic(key)), t);
            return null;
        }
    }

    /** A state as JSON; null if it is not served, has no number, or cannot be written, which is reported. */
    byte @Nullable [] json(String key, SnapshotEnvelope<?> snapshot) {
        StateCodec<@Nullable Object> codec = codec(key);
        if (codec == null) {
            return null;
        }
        if (Numbers.of(snapshot.version(null)) < 0) {
            log.error(
                    "a state is not sent, since its version is no number below 2^53 topic={} version={}",
                    Texts.quote(topic(key)),
                    snapshot.version(null));
            return null;
        }
        try {
            return codec.encode(snapshot.data());
        } catch (IOException | RuntimeException e) {
            log.error(
                    "a state cannot be encoded topic={} version={}",
                    Texts.quote(topic(key)),
                    snapshot.version(null),
                    e);
            return null;
        }
    }
}
