package io.statesync.examples;

import io.statesync.StateSync;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import tools.jackson.databind.json.JsonMapper;

/** A placeholder for the way into the examples. */
@Command(name = "statesync", mixinStandardHelpOptions = true, description = "Examples of statesync.")
public final class Main implements Callable<Integer> {

    @Override
    public Integer call() {
        System.out.println(JsonMapper.shared().writeValueAsString(Map.of("engine", StateSync.class.getSimpleName())));
        return 0;
    }

    /**
     * Runs a command.
     *
     * @param args the command line
     */
    public static void main(String... args) {
        int status = new CommandLine(new Main()).execute(args);
        // In Maven's exec:java, exit would end Maven itself.
        if (status != 0) {
            System.exit(status);
        }
    }
}
