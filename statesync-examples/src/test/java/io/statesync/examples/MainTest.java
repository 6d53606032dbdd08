package io.statesync.examples;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class MainTest {

    @Test
    void succeeds() {
        assertThat(new CommandLine(new Main()).execute()).isZero();
    }
}
