/** What sources share, here and in the library's other modules: not exported to anybody else. */
@NullMarked
package io.statesync.source.internal;

import org.jspecify.annotations.NullMarked;
