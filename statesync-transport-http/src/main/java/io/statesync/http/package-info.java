/**
 * The client side of state across a network: server-sent events, conditional requests and proposals on the JDK's
 * HttpClient. Needed by whoever follows a source that is in another process.
 *
 * <p>Nothing here returns or takes null unless it says so.
 */
@NullMarked
package io.statesync.http;

import org.jspecify.annotations.NullMarked;
