package io.statesync.examples;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** The library's log, off while a program says itself what fails. It stays on where somebody asked for a level. */
final class LibraryLog implements AutoCloseable {
    private final Logger logger = (Logger) LoggerFactory.getLogger("io.statesync");
    private final @Nullable Level before = logger.getLevel();

    private LibraryLog() {
        if (System.getProperty("statesync.log.level") == null) {
            logger.setLevel(Level.OFF);
        }
    }

    /** From now until it is closed. */
    static LibraryLog off() {
        return new LibraryLog();
    }

    /** As it was. */
    @Override
    public void close() {
        logger.setLevel(before);
    }
}
