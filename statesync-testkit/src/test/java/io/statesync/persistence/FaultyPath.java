package io.statesync.persistence;

import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A path of names on a {@link FaultyDisk}, absolute or not; without dots, links and roots of its own. */
record FaultyPath(FaultyFileSystem fileSystem, boolean isAbsolute, List<String> names) implements Path {
    private FaultyPath with(boolean absolute, List<String> others) {
        return new FaultyPath(fileSystem, absolute, List.copyOf(others));
    }

    @Override
    public FileSystem getFileSystem() {
        return fileSystem;
    }

    @Override
    public @Nullable Path getRoot() {
        return isAbsolute ? with(true, List.of()) : null;
    }

    @Override
    public @Nullable Path getFileName() {
        return names.isEmpty() ? null : getName(names.size() - 1);
    }

    @Override
    public @Nullable Path getParent() {
        return names.isEmpty() ? null : with(isAbsolute, names.subList(0, names.size() - 1));
    }

    @Override
    public int getNameCount() {
        return names.size();
    }

    @Override
    public Path getName(int index) {
        return with(false, List.of(names.get(index)));
    }

    @Override
    public Path subpath(int from, int to) {
        return with(false, names.subList(from, to));
    }

    @Override
    public boolean startsWith(Path other) {
        List<String> others = ((FaultyPath) other).names;
        return others.size() <= names.size() && names.subList(0, others.size()).equals(others);
    }

    @Override
    public boolean endsWith(Path other) {
        List<String> others = ((FaultyPath) other).names;
        int start = names.size() - others.size();
        return start >= 0 && names.subList(start, names.size()).equals(others);
    }

    @Override
    public Path normalize() {
        return this;
    }

    @Override
    public Path resolve(Path other) {
        List<String> all = new ArrayList<>(names);
        all.addAll(((FaultyPath) other).names);
        return other.isAbsolute() ? other : with(isAbsolute, all);
    }

    @Override
    public Path relativize(Path other) {
        return with(false, ((FaultyPath) other).names.subList(names.size(), other.getNameCount()));
    }

    @Override
    public URI toUri() {
        throw new UnsupportedOperationException();
    }

    @Override
    public Path toAbsolutePath() {
        return with(true, names);
    }

    @Override
    public Path toRealPath(LinkOption... options) {
        return toAbsolutePath();
    }

    @Override
    public WatchKey register(WatchService watcher, WatchEvent.Kind<?>[] events, WatchEvent.Modifier... modifiers) {
        throw new UnsupportedOperationException();
    }

    @Override
    public int compareTo(Path other) {
        return toString().compareTo(other.toString());
    }

    @Override
    public String toString() {
        return (isAbsolute ? "/" : "") + String.join("/", names);
    }
}
