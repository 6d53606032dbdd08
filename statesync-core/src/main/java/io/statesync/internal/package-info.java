/** What the library's own packages share and nobody else sees: not exported. */
@NullMarked
package io.statesync.internal;

import org.jspecify.annotations.NullMarked;
