package io.statesync.benchmarks;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** Folders for what is measured on a disk: in {@code -Dstatesync.benchmarks.folder}, by default beside the jar. */
final class Folders {
    private Folders() {}

    static Path make(String prefix) throws IOException {
        String given = System.getProperty("statesync.benchmarks.folder");
        return Files.createTempDirectory(given == null ? besideTheJar() : Path.of(given), prefix);
    }

    private static Path besideTheJar() throws IOException {
        try {
            Path jar = Path.of(Folders.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
            return jar.resolveSibling("");
        } catch (URISyntaxException e) {
            throw new IOException(e);
        }
    }

    /** Deletes a folder and the files in it. */
    static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
    }
}
