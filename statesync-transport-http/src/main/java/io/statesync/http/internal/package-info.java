/** What both sides of the wire share; not exported. */
@NullMarked
package io.statesync.http.internal;

import org.jspecify.annotations.NullMarked;
