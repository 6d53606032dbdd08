package io.statesync.examples;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class LibraryLogTest {
    private final Logger logger = (Logger) LoggerFactory.getLogger("io.statesync");

    @Test
    void isOffUntilItIsClosedAndThenAsItWas() {
        Level before = logger.getLevel();
        LibraryLog log = LibraryLog.off();
        assertThat(logger.isErrorEnabled()).isFalse();

        log.close();

        assertThat(logger.getLevel()).isEqualTo(before);
    }

    @Test
    void anErrorAndItsCauseAreOneLineAndTwoParts() {
        ConsoleAppender<?> appender =
                (ConsoleAppender<?>) ((Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME)).getAppender("CONSOLE");
        PatternLayoutEncoder encoder = (PatternLayoutEncoder) appender.getEncoder();
        Throwable error = new IOException("the file does not exist", new IllegalStateException("the cause"));

        String line = encoder.getLayout().doLayout(new LoggingEvent("", logger, Level.ERROR, "failed", error, null));

        assertThat(line)
                .endsWith("io.statesync - failed java.io.IOException: the file does not exist;"
                        + " Caused by: java.lang.IllegalStateException: the cause" + System.lineSeparator());
    }
}
