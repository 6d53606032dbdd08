/** Measurements of the engine. For those who change the engine; docs/benchmarks.md says how to read the figures. */
@NullMarked
package io.statesync.benchmarks;

import org.jspecify.annotations.NullMarked;
