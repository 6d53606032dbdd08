/**
 * Sources: what owns a topic's state and counts its revisions. For those who serve state to replicas, in one JVM or
 * behind a transport; a program that only follows a source needs {@link io.statesync} alone.
 *
 * <p>Nothing here returns or takes null unless it says so.
 */
@NullMarked
package io.statesync.source;

import org.jspecify.annotations.NullMarked;
