package io.statesync.examples;

import java.io.File;
import java.util.Arrays;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Command lines that run this program, to be copied into a terminal. */
final class CommandText {
    private static final Pattern PLAIN = Pattern.compile("[\\w./:@%+=,-]+");
    private static final Pattern MAVEN = Pattern.compile("plexus-classworlds[^/\\\\]*$"); // what runs exec:java
    private static final boolean WINDOWS = File.separatorChar == '\\';

    private CommandText() {}

    /**
     * The one that runs it with other arguments as it was run itself.
     *
     * @param classPath what it was run with; that of {@code java -jar} is the jar alone
     */
    static String of(String classPath, String... arguments) {
        boolean isJar = classPath.endsWith(".jar") && !classPath.contains(File.pathSeparator);
        if (isJar && !MAVEN.matcher(classPath).find()) {
            String quote = WINDOWS ? "\"" : "'";
            return "java -jar " + quoted(classPath, quote) + " " + joined(arguments, quote);
        }
        // The terminal takes the double quotes, Maven the single ones.
        return "mvn -q -pl statesync-examples -am compile exec:java -Dexec.args=\"" + joined(arguments, "'") + "\"";
    }

    private static String joined(String[] words, String quote) {
        return Arrays.stream(words).map(word -> quoted(word, quote)).collect(Collectors.joining(" "));
    }

    private static String quoted(String word, String quote) {
        boolean plain = PLAIN.matcher(WINDOWS ? word.replace('\\', '/') : word).matches();
        return plain ? word : quote + word.replace("'", quote.equals("'") ? "'\\''" : "'") + quote;
    }
}
