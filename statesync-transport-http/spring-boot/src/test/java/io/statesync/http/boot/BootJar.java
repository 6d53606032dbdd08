package io.statesync.http.boot;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import org.springframework.boot.loader.tools.Library;
import org.springframework.boot.loader.tools.LibraryScope;
import org.springframework.boot.loader.tools.Repackager;

/** A jar as Spring Boot's plugins make it: the application's classes, and its libraries as jars inside. */
final class BootJar {
    private static final Path CLASSES = Path.of("target", "classes").toAbsolutePath();
    private static final Path TEST_CLASSES = Path.of("target", "test-classes").toAbsolutePath();

    private BootJar() {}

    /** Makes it, of the class path of the tests. */
    static Path make(Path folder) throws IOException {
        List<Library> libraries = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
            Path path = Path.of(entry).toAbsolutePath();
            if (Files.exists(path) && !path.equals(CLASSES) && !path.equals(TEST_CLASSES)) {
                // A module of ours is a folder, unless it was packaged in this build.
                Path jar =
                        Files.isDirectory(path) ? jar(path, folder.resolve("lib" + libraries.size() + ".jar")) : path;
                libraries.add(new Library(jar.toFile(), LibraryScope.COMPILE));
            }
        }
        Repackager repackager =
                new Repackager(jar(CLASSES, folder.resolve("classes.jar")).toFile());
        repackager.setMainClass(StateApplication.class.getName());
        Path made = folder.resolve("application.jar");
        repackager.repackage(made.toFile(), callback -> {
            for (Library library : libraries) {
                callback.library(library);
            }
        });
        return made;
    }

    private static Path jar(Path classes, Path jar) throws IOException {
        try (Stream<Path> files = Files.walk(classes);
                JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
            for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
                String name = classes.relativize(file).toString().replace(File.separatorChar, '/');
                out.putNextEntry(new JarEntry(name));
                Files.copy(file, out);
            }
        }
        return jar;
    }
}
