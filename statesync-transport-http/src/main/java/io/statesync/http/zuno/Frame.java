package io.statesync.http.zuno;

import io.statesync.StateVersion;

/**
 * An event as it is sent: made once, whatever the number of readers.
 *
 * @param key the store's
 * @param bytes the whole event; empty if there is nothing to be said of it
 */
@SuppressWarnings("ArrayRecordComponent") // shared on purpose, and never compared
record Frame(long id, String key, StateVersion version, byte[] bytes) {
    static final byte[] NOTHING = {};
}
