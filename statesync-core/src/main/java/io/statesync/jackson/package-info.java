/**
 * States as JSON, CBOR and Smile by Jackson's data binding. For who keeps state or sends it across a network and brings no
 * codec of their own: the only package that needs {@code jackson-databind}, which is an optional dependency here and comes
 * with the modules that need it.
 */
@NullMarked
package io.statesync.jackson;

import org.jspecify.annotations.NullMarked;
