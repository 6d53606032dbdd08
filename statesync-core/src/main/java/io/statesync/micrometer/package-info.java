/**
 * The status of engines as Micrometer meters. For who watches an application with Micrometer: the only package that needs
 * {@code micrometer-core}, which is an optional dependency.
 */
@NullMarked
package io.statesync.micrometer;

import org.jspecify.annotations.NullMarked;
