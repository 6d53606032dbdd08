/** The code of the pages about HTTP. */
package io.statesync.docs;
