package io.statesync.http.server;

/** What a client may do. */
public enum Access {
    /** It may. */
    ALLOWED,
    /** It may not. Of a topic that one may not read it is not said that it exists. */
    DENIED,
    /** It has to say who it is: the request is answered 401. */
    UNAUTHENTICATED
}
