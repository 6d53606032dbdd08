/**
 * The engine behind {@link io.statesync.RevisionSync}. Not exported: only {@link io.statesync.StateSync} uses it.
 *
 * <p>One lock guards all state of an engine. Whoever holds it decides, and puts what has to happen outside into the
 * {@link io.statesync.engine.Outbox}; user code never runs under it. docs/CONCURRENCY.md has the states and the callback
 * points.
 */
@NullMarked
package io.statesync.engine;

import org.jspecify.annotations.NullMarked;
