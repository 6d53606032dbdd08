/** State over a message broker, by Jakarta Messaging: invalidations, snapshots by request and reply, and proposals. */
@NullMarked
package io.statesync.jms;

import org.jspecify.annotations.NullMarked;
