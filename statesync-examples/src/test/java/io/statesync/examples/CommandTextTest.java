package io.statesync.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class CommandTextTest {

    @Test
    void ofAJarOfAnyNameItIsThatJar() {
        assertThat(CommandText.of("lib/tool-1.0.jar", "watch", "http://127.0.0.1:1/state", "settings"))
                .isEqualTo("java -jar lib/tool-1.0.jar watch http://127.0.0.1:1/state settings");
    }

    @Test
    void ofAClassPathItIsMavenWhichTakesSingleQuotes() {
        assertThat(CommandText.of("classes" + File.pathSeparator + "a.jar", "watch", "url", "my settings"))
                .isEqualTo("mvn -q -pl statesync-examples -am compile exec:java"
                        + " -Dexec.args=\"watch url 'my settings'\"");
    }

    @Test
    void ofMavensOwnJarItIsMaven() {
        assertThat(CommandText.of("/usr/share/maven/boot/plexus-classworlds-2.9.0.jar", "watch", "url", "settings"))
                .isEqualTo("mvn -q -pl statesync-examples -am compile exec:java -Dexec.args=\"watch url settings\"");
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "its quotes are double")
    void whatTheShellWouldSplitIsQuoted() {
        assertThat(CommandText.of("/my tools/it's.jar", "watch", "url", "my settings"))
                .isEqualTo("java -jar '/my tools/it'\\''s.jar' watch url 'my settings'");
    }

    @Test
    @EnabledOnOs(OS.WINDOWS)
    void onWindowsQuotesAreDouble() {
        assertThat(CommandText.of("C:\\my tools\\a.jar", "watch", "url", "settings"))
                .isEqualTo("java -jar \"C:\\my tools\\a.jar\" watch url settings");
    }
}
