package io.statesync.persistence;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A disk in memory that counts what is done to it, and fails or loses its power when told to.
 *
 * <p>It has two states: what programs see, and what is durable. A file's content becomes durable by a force of the file;
 * names by a force of their folder. Until then a power cut may lose them: all, or any of them, as {@link #restart} is told.
 */
final class FaultyDisk {
    /** What a fault does. */
    enum Fault {
        /** The operation does nothing and fails. */
        FAILS,
        /** The operation is done, and fails. */
        FAILS_AFTERWARDS,
        /** A write writes one byte, and those after it fail; another operation fails. */
        FULL,
        /** The power is cut before the operation: nothing else happens until {@link #restart}. */
        POWER_CUT
    }

    /** A file's bytes. */
    static final class Content {
        byte[] seen = new byte[0];
        byte[] durable = new byte[0];
    }

    /** A folder's names, with a {@link Content} or a {@link Folder} each. */
    static final class Folder {
        private Map<String, Object> seen = new TreeMap<>();
        private Map<String, Object> durable = new TreeMap<>();
        private final List<Change> unforced = new ArrayList<>();
    }

    /** A name's change: gone if {@code from} alone is given, there if {@code to} alone is, else renamed. */
    private record Change(
            @Nullable String from,
            @Nullable String to,
            @Nullable Object node) {
        void applyTo(Map<String, Object> names) {
            if (from != null) {
                names.remove(from);
            }
            if (to != null) {
                names.put(to, node);
            }
        }
    }

    /** Thrown by all operations once the power is cut; no code under test catches it. */
    static final class PowerCut extends Error {
        private static final long serialVersionUID = 1L;
    }

    private final Folder root = new Folder();
    private final List<String> operations = new ArrayList<>();
    private Fault fault = Fault.FAILS;
    private int faultAt = Integer.MAX_VALUE;
    private int room = Integer.MAX_VALUE;
    private boolean off;

    /** The operations since the last {@link #arm}, by name. */
    List<String> operations() {
        return List.copyOf(operations);
    }

    /** From now on, operation number {@code at}, from 0, has this fault; {@code Integer.MAX_VALUE} for none. */
    void arm(Fault next, int at) {
        operations.clear();
        fault = next;
        faultAt = at;
        room = Integer.MAX_VALUE;
    }

    /**
     * The power is back. What was not forced is lost, but for the changes of names in each folder whose bits are set in
     * {@code survivors}, and for so many bytes of each content.
     */
    void restart(int survivors, int bytes) {
        restart(root, survivors, bytes);
        off = false;
        arm(Fault.FAILS, Integer.MAX_VALUE);
    }

    private static void restart(Folder folder, int survivors, int bytes) {
        for (int i = 0; i < folder.unforced.size(); i++) {
            if ((survivors & (1 << i)) != 0) {
                folder.unforced.get(i).applyTo(folder.durable);
            }
        }
        folder.unforced.clear();
        folder.seen = new TreeMap<>(folder.durable);
        for (Object node : folder.durable.values()) {
            if (node instanceof Folder inner) {
                restart(inner, survivors, bytes);
            } else if (node instanceof Content content && !Arrays.equals(content.seen, content.durable)) {
                content.durable = Arrays.copyOf(content.seen, Math.min(bytes, content.seen.length));
                content.seen = content.durable;
            }
        }
    }

    /** How many changes of names a power cut now could lose, in the folder that has most of them. */
    int unforced() {
        return unforced(root);
    }

    private static int unforced(Folder folder) {
        int most = folder.unforced.size();
        for (Object node : folder.seen.values()) {
            most = node instanceof Folder inner ? Math.max(most, unforced(inner)) : most;
        }
        return most;
    }

    /** Something done to the disk. */
    interface Operation<T> {
        T run() throws IOException;
    }

    synchronized <T> T perform(String name, Operation<T> operation) throws IOException {
        if (off) {
            throw new PowerCut();
        }
        boolean here = operations.size() == faultAt;
        operations.add(name);
        if (!here) {
            return operation.run();
        }
        if (fault == Fault.POWER_CUT) {
            off = true;
            throw new PowerCut();
        }
        if (fault == Fault.FULL && name.startsWith("write ")) {
            room = 1;
            return operation.run();
        }
        if (fault == Fault.FAILS_AFTERWARDS) {
            operation.run();
        }
        throw new IOException("made to fail: " + name);
    }

    /** Adds what is left in a buffer to a file: at most so many bytes, and as many as there is room for. */
    int append(Content content, ByteBuffer from, int most) throws IOException {
        int length = Math.min(Math.min(from.remaining(), most), room);
        if (length == 0 && from.hasRemaining()) {
            throw new IOException("no space left");
        }
        int before = content.seen.length;
        byte[] seen = Arrays.copyOf(content.seen, before + length);
        from.get(seen, before, length);
        content.seen = seen;
        room -= length;
        return length;
    }

    @Nullable
    Object find(List<String> path) {
        Object node = root;
        for (String name : path) {
            node = node instanceof Folder folder ? folder.seen.get(name) : null;
        }
        return node;
    }

    private Folder folderOf(List<String> path) throws IOException {
        if (!path.isEmpty() && find(path.subList(0, path.size() - 1)) instanceof Folder folder) {
            return folder;
        }
        throw new NoSuchFileException(String.join("/", path));
    }

    private static String name(List<String> path) {
        return path.get(path.size() - 1);
    }

    private static void change(Folder folder, Change change) {
        change.applyTo(folder.seen);
        folder.unforced.add(change);
    }

    <T> T create(List<String> path, T node) throws IOException {
        Folder folder = folderOf(path);
        if (folder.seen.containsKey(name(path))) {
            throw new FileAlreadyExistsException(String.join("/", path));
        }
        change(folder, new Change(null, name(path), node));
        return node;
    }

    void delete(List<String> path) throws IOException {
        Folder folder = folderOf(path);
        if (!folder.seen.containsKey(name(path))) {
            throw new NoSuchFileException(String.join("/", path));
        }
        change(folder, new Change(name(path), null, null));
    }

    /** Within a folder, in place of what is there. */
    void move(List<String> from, List<String> to) throws IOException {
        Folder folder = folderOf(from);
        Object node = folder.seen.get(name(from));
        if (node == null || folder != folderOf(to)) {
            throw new NoSuchFileException(String.join("/", from));
        }
        change(folder, new Change(name(from), name(to), node));
    }

    static void force(Object node) {
        if (node instanceof Content content) {
            content.durable = content.seen;
        } else if (node instanceof Folder folder) {
            folder.durable = new TreeMap<>(folder.seen);
            folder.unforced.clear();
        }
    }

    static List<String> names(Folder folder) {
        return List.copyOf(folder.seen.keySet());
    }
}
