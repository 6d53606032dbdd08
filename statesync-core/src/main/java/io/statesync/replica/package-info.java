/**
 * The writing side: a value that one reads, observes and sets, and that is the same as the source's. Needed by whoever
 * shows or edits shared state.
 *
 * <p>Nothing here returns or takes null unless it says so.
 */
@NullMarked
package io.statesync.replica;

import org.jspecify.annotations.NullMarked;
