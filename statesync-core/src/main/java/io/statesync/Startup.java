package io.statesync;

/** What a start does when its source is not there (contract B1 to B3). */
public enum Startup {
    /** It fails, is rolled back, and may be tried again. The default without a cache. */
    FAIL_FAST,
    /** It succeeds, on the cached state or on none, and goes on trying. The default with a cache. */
    KEEP_TRYING
}
