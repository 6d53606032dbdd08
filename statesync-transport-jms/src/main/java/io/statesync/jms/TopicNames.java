package io.statesync.jms;

import io.statesync.internal.Checks;
import io.statesync.internal.Texts;
import org.jspecify.annotations.Nullable;

/**
 * Which topics can be spoken of over a broker. Half a surrogate pair is no Unicode: a broker that passes a message from one
 * protocol to another fails at it, and what it has for that consumer waits behind it.
 */
final class TopicNames {
    private TopicNames() {}

    /** A topic that may be used; fails otherwise. */
    static String checked(@Nullable String topic) {
        String given = Checks.notBlank("topic", topic);
        if (!isWellFormed(given)) {
            throw new IllegalArgumentException(
                    "topic must be Unicode, and has half a surrogate pair: " + Texts.quote(given));
        }
        return given;
    }

    static boolean isWellFormed(String topic) {
        return topic.codePoints().noneMatch(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE);
    }
}
