package io.statesync.http.server;

import io.statesync.StateCodec;
import io.statesync.source.Authority;
import org.jspecify.annotations.Nullable;

/** A topic's source, and how its states are written. */
record Served<T extends @Nullable Object>(Authority<T> authority, StateCodec<T> codec) {}
