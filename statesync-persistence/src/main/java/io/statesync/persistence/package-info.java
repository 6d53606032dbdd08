/**
 * The last known good state, kept where it outlives the process. Needed by whoever wants to start with it at once, with or
 * without its source.
 *
 * <p>Nothing here returns or takes null unless it says so.
 */
@NullMarked
package io.statesync.persistence;

import org.jspecify.annotations.NullMarked;
