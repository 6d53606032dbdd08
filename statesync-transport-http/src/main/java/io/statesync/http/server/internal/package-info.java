/** How answers are written to a servlet container. Not for use from outside. */
@NullMarked
package io.statesync.http.server.internal;

import org.jspecify.annotations.NullMarked;
