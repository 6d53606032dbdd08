/** What the tests of the library's own transports share: not exported. */
@NullMarked
package io.statesync.testkit.internal;

import org.jspecify.annotations.NullMarked;
