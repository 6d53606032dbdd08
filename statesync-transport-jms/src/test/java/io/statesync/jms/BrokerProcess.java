package io.statesync.jms;

import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.testkit.internal.Ports;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A broker in a process of its own, which can be killed and started again on the same port. */
final class BrokerProcess implements AutoCloseable {
    private final int port;
    private final int peer;
    private Process process;

    BrokerProcess() throws Exception {
        this(Ports.free(), Broker.ALONE);
    }

    BrokerProcess(int port, int peer) throws Exception {
        this.port = port;
        this.peer = peer;
        start();
    }

    int port() {
        return port;
    }

    void start() throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                BrokerMain.class.getName(),
                String.valueOf(port)));
        if (peer != Broker.ALONE) {
            command.add(String.valueOf(peer));
        }
        process = new ProcessBuilder(command).redirectError(Redirect.DISCARD).start();
        BufferedReader said =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        String line = said.readLine();
        while (line != null && !line.startsWith("READY")) {
            line = said.readLine();
        }
        assertThat(line).as("what the broker's process says").isEqualTo("READY " + port);
    }

    /** As kill -9 does. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    @Override
    public void close() throws Exception {
        kill();
    }
}
