/** What the packages of this module share and nobody else sees: not exported. */
@NullMarked
package io.statesync.persistence.internal;

import org.jspecify.annotations.NullMarked;
