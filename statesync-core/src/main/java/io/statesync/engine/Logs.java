package io.statesync.engine;

import io.statesync.internal.Quietly;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/** The loggers, whose names are part of the interface, and the facts that each line carries. */
final class Logs {
    /** Start, stop and state changes. */
    static final Logger LIFECYCLE = LoggerFactory.getLogger("io.statesync.lifecycle");

    /** Applied and skipped versions, slow applies. */
    static final Logger APPLY = LoggerFactory.getLogger("io.statesync.apply");

    /** Retries and failures. */
    static final Logger ERROR = LoggerFactory.getLogger("io.statesync.error");

    /** Hooks and listeners that throw or are too slow, and callbacks that may deadlock. */
    static final Logger CALLBACK = LoggerFactory.getLogger("io.statesync.callback");

    private static final String TOPIC = "statesync.topic";
    private static final String INSTANCE = "statesync.instance";

    private Logs() {}

    /** Runs {@code line} with the engine's names in the MDC, and leaves the MDC as it was. Never throws. */
    static void with(Engine<?> engine, Runnable line) {
        Quietly.run(() -> named(engine, line));
    }

    private static void named(Engine<?> engine, Runnable line) {
        String topic = MDC.get(TOPIC);
        String instance = MDC.get(INSTANCE);
        MDC.put(TOPIC, engine.topic());
        MDC.put(INSTANCE, engine.instance());
        try {
            line.run();
        } finally {
            restore(TOPIC, topic);
            restore(INSTANCE, instance);
        }
    }

    @SuppressWarnings("NullAway") // SLF4J is not annotated
    private static void restore(String key, String value) {
        if (value == null) {
            MDC.remove(key);
        } else {
            MDC.put(key, value);
        }
    }
}
