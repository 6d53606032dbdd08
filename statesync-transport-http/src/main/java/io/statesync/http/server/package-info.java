/**
 * The source's side of state across a network: a Jakarta servlet over stores. Needed by whoever serves state; who only
 * follows needs {@code io.statesync.http}, and no servlet API.
 *
 * <p>Nothing here returns or takes null unless it says so.
 */
@NullMarked
package io.statesync.http.server;

import org.jspecify.annotations.NullMarked;
