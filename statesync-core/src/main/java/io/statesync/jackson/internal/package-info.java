/** Shared with the modules that read states by Jackson; not for others. */
@NullMarked
package io.statesync.jackson.internal;

import org.jspecify.annotations.NullMarked;
