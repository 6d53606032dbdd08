/**
 * For those who test against statesync or extend it: virtual time, scripted fakes, and contract tests that an
 * implementation of a subscriber, provider or applier extends.
 */
@NullMarked
package io.statesync.testkit;

import org.jspecify.annotations.NullMarked;
