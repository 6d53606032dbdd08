/**
 * Ready appliers: into a reference, into a map, into several places at once. For those whose state has one of these
 * shapes; whatever else takes a snapshot is a lambda of its own, and needs {@link io.statesync.SnapshotApplier} alone.
 *
 * <p>Nothing here returns or takes null unless it says so.
 */
@NullMarked
package io.statesync.apply;

import org.jspecify.annotations.NullMarked;
