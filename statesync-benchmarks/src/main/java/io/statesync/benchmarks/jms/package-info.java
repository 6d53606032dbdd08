/** Measurements of the transport over JMS: programs, each with a broker in the same JVM that is spoken to over TCP. */
package io.statesync.benchmarks.jms;
