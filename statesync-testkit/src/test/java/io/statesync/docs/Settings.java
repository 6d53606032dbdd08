package io.statesync.docs;

/** The state of the snippets. */
record Settings(String theme) {
    static Settings parse(String json) {
        return new Settings(json);
    }
}
