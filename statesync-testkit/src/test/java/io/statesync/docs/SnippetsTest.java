package io.statesync.docs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * The pages' code compiles: each Java block of README.md and docs/*.md is a copy of a region of a test in this
 * package, here or in the module of a transport, or of the application on Spring Boot.
 *
 * <p>A region begins with a line {@code // snippet: Name} and ends with {@code // end}. A page names it in a comment
 * {@code <!-- snippet: Name -->} on the line before the block; {@code <!-- no snippet: reason -->} excuses a block.
 */
class SnippetsTest {
    private static final Pattern REGION = Pattern.compile("(?m)^ *// snippet: (\\w+)\\n((?:.*\\n)*?) *// end$");
    private static final Pattern BLOCK =
            Pattern.compile("(?m)^(?:<!-- (no )?snippet: ([^\\n]+?) -->\\n)?```java\\n((?:.*\\n)*?)```$");
    private static final Pattern LINK = Pattern.compile("]\\(([^)#:\\s]+)(?:#[^)]*)?\\)");

    private static final List<String> FOLDERS = List.of(
            "statesync-testkit/src/test/java/io/statesync/docs",
            "statesync-transport-http/src/test/java/io/statesync/docs",
            "statesync-transport-jms/src/test/java/io/statesync/docs",
            "statesync-transport-http/spring-boot/src/main/java/io/statesync/http/boot");

    private static final Map<String, String> regions = new TreeMap<>();
    private static final List<Path> pages = new ArrayList<>();

    @BeforeAll
    static void read() throws IOException {
        Path root = Path.of("").toAbsolutePath();
        while (!Files.exists(root.resolve("README.md"))) {
            root = root.getParent();
        }
        for (String folder : FOLDERS) {
            for (Path source : list(root.resolve(folder), ".java")) {
                readRegions(Files.readString(source, UTF_8));
            }
        }
        pages.add(root.resolve("README.md"));
        pages.addAll(list(root.resolve("docs"), ".md"));
    }

    private static void readRegions(String source) {
        Matcher region = REGION.matcher(source);
        while (region.find()) {
            String before = regions.put(region.group(1), unindented(region.group(2)));
            assertThat(before).as("region %s twice", region.group(1)).isNull();
        }
    }

    /** Without the indentation that all lines share; stripIndent counts a last line without text as well. */
    private static String unindented(String lines) {
        return lines.stripTrailing().stripIndent() + "\n";
    }

    private static List<Path> list(Path folder, String suffix) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(suffix))
                    .sorted()
                    .toList();
        }
    }

    /** A Java block of a page. */
    private record Block(String where, String name, boolean excused, String code) {}

    private static List<Block> blocks(Path page) {
        try {
            String text = Files.readString(page, UTF_8);
            List<Block> blocks = new ArrayList<>();
            Matcher block = BLOCK.matcher(text);
            while (block.find()) {
                long line = text.substring(0, block.start()).lines().count() + 1;
                blocks.add(new Block(
                        page.getFileName() + ":" + line, block.group(2), block.group(1) != null, block.group(3)));
            }
            return blocks;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<Block> allBlocks() {
        return pages.stream().flatMap(page -> blocks(page).stream()).toList();
    }

    @Test
    void everyJavaBlockIsARegionOfATest() {
        assertThat(allBlocks()).isNotEmpty().allSatisfy(block -> {
            if (!block.excused()) {
                assertThat(block.name())
                        .as("%s: no snippet is named", block.where())
                        .isNotNull();
                assertThat(regions).as("%s", block.where()).containsKey(block.name());
                assertThat(block.code())
                        .as("%s: snippet %s", block.where(), block.name())
                        .isEqualTo(regions.get(block.name()));
            }
        });
    }

    @Test
    void everyRegionIsOnAPage() {
        TreeSet<String> unused = new TreeSet<>(regions.keySet());
        allBlocks().forEach(block -> unused.remove(String.valueOf(block.name())));
        assertThat(unused).isEmpty();
    }

    @Test
    void everyLinkLeadsSomewhere() throws IOException {
        for (Path page : pages) {
            Matcher link = LINK.matcher(Files.readString(page, UTF_8));
            while (link.find()) {
                assertThat(page.resolveSibling(link.group(1)))
                        .as("%s links to %s", page.getFileName(), link.group(1))
                        .exists();
            }
        }
    }

    @Test
    void everyPageIsInTheIndex() throws IOException {
        Path index = pages.get(0).resolveSibling("docs").resolve("README.md");
        String text = Files.readString(index, UTF_8);
        assertThat(pages.subList(1, pages.size()))
                .allSatisfy(page -> assertThat(text)
                        .contains(page.equals(index) ? "" : page.getFileName().toString()));
    }
}
