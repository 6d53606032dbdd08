/** Programs to run and to copy from; {@link io.statesync.examples.Main} is the way in. */
@NullMarked
package io.statesync.examples;

import org.jspecify.annotations.NullMarked;
