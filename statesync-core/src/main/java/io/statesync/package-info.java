/**
 * What an application touches: {@link io.statesync.StateSync#createRevisionSync}, its options, and the three interfaces
 * that a transport of one's own implements, {@link io.statesync.InvalidationSubscriber},
 * {@link io.statesync.SnapshotProvider} and {@link io.statesync.SnapshotApplier}.
 *
 * <p>Nothing here returns or takes null unless it says so.
 */
@NullMarked
package io.statesync;

import org.jspecify.annotations.NullMarked;
