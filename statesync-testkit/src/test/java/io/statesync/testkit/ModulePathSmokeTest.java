package io.statesync.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.statesync.StateSync;
import io.statesync.persistence.PersistentCache;
import java.io.File;
import java.io.StringWriter;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.json.JsonMapper;

/**
 * Compiles a tiny module that requires ours and runs it in a JVM of its own. All other tests run on the class path, where
 * nobody notices a missing {@code requires} or {@code exports}. What is optional is left out here: the compiler needs the
 * annotations of JSpecify, the running program does not.
 */
class ModulePathSmokeTest {

    @TempDir
    Path folder;

    @Test
    void runsOnTheModulePath() throws Exception {
        assertThat(compile("io.statesync.Revision.MAX.isAbove(io.statesync.Revision.ZERO)"))
                .isEmpty();
        assertThat(run(modulePath())).contains("module io.statesync.core says true");
    }

    @Test
    void persistenceRunsOnTheModulePathWithoutWhatIsOptional() throws Exception {
        String expression = "io.statesync.persistence.PersistentCache.in(new io.statesync.persistence.MemoryStorage(),"
                + " io.statesync.jackson.JacksonCodec.json(String.class)).load(\"settings\").join() == null";
        assertThat(compile("io.statesync.persistence", persistencePath(), expression))
                .isEmpty();
        assertThat(run(persistencePath())).contains("module io.statesync.core says true");
    }

    private static String persistencePath() {
        return modulePath()
                + File.pathSeparator
                + Stream.of(PersistentCache.class, JsonMapper.class, JsonFactory.class, JsonProperty.class)
                        .map(ModulePathSmokeTest::locationOf)
                        .collect(Collectors.joining(File.pathSeparator));
    }

    /** Runs what was compiled; returns what it printed. */
    private String run(String modulePath) throws Exception {
        Process java = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--module-path",
                        modulePath + File.pathSeparator + folder.resolve("classes"),
                        "--module",
                        "consumer/consumer.Main")
                .redirectErrorStream(true)
                .start();
        String output = new String(java.getInputStream().readAllBytes(), UTF_8);

        assertThat(java.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(java.exitValue()).as(output).isZero();
        return output;
    }

    @Test
    void exportsTheAppliers() throws Exception {
        assertThat(compile("io.statesync.apply.Appliers.into(new java.util.HashMap<String, String>()) != null"))
                .isEmpty();
    }

    @Test
    void hidesTheEngine() throws Exception {
        assertThat(compile("io.statesync.engine.Engines.create(null) == null"))
                .contains("package io.statesync.engine is not visible")
                .contains("does not export it");
    }

    private String compile(String expression) throws Exception {
        return compile("io.statesync.core", modulePath(), expression);
    }

    /** Returns what the compiler says, which is nothing if all is well. */
    private String compile(String module, String modulePath, String expression) throws Exception {
        Path moduleInfo = Files.writeString(
                folder.resolve("module-info.java"), "module consumer { requires " + module + "; }", UTF_8);
        Path main = Files.writeString(
                Files.createDirectories(folder.resolve("consumer")).resolve("Main.java"),
                """
                package consumer;

                class Main {
                    public static void main(String[] args) {
                        boolean answer = %s;
                        System.out.println(io.statesync.StateSync.class.getModule() + " says " + answer);
                    }
                }
                """.formatted(expression),
                UTF_8);
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        try (var files = compiler.getStandardFileManager(null, null, UTF_8)) {
            var messages = new StringWriter();
            compiler.getTask(
                            messages,
                            files,
                            null,
                            List.of(
                                    "--module-path",
                                    modulePath + File.pathSeparator + locationOf(Nullable.class),
                                    // In place of the class path of this test.
                                    "--class-path",
                                    folder.toString(),
                                    "-d",
                                    folder.resolve("classes").toString()),
                            null,
                            files.getJavaFileObjects(moduleInfo, main))
                    .call();
            return messages.toString();
        }
    }

    private static String modulePath() {
        return Stream.of(StateSync.class, Logger.class)
                .map(ModulePathSmokeTest::locationOf)
                .collect(Collectors.joining(File.pathSeparator));
    }

    /** Returns the jar or the folder of classes that a class of the test class path comes from. */
    private static String locationOf(Class<?> type) {
        try {
            return Path.of(type.getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toURI())
                    .toString();
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }
}
