/**
 * The wire protocol of Zuno, version 1: a servlet for its browser and Node clients, and a client for its servers.
 *
 * <p>Nothing here returns or takes null unless it says so.
 */
@NullMarked
package io.statesync.http.zuno;

import org.jspecify.annotations.NullMarked;
