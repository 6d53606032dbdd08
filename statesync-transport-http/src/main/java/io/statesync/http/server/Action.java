package io.statesync.http.server;

/** What a client asks to do with a topic. */
public enum Action {
    /** To pull it, or to follow it. */
    READ,
    /** To propose a state. */
    WRITE,
    /** To make a topic by proposing its first state; asked for after {@link #WRITE}, and only where clients can do that. */
    CREATE
}
