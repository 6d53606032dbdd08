package io.statesync.http.boot;

/** The state. */
public record Settings(String theme, int pageSize) {}
