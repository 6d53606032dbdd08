/** Measurements of the transport over HTTP: programs, each with a server on the loopback interface. */
package io.statesync.benchmarks.http;
