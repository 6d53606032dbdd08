/** An application on Spring Boot that serves state: the one that docs/http.md shows. */
@NullMarked
package io.statesync.http.boot;

import org.jspecify.annotations.NullMarked;
