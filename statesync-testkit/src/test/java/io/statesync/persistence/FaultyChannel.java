package io.statesync.persistence;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;

/** An open file or folder of a {@link FaultyDisk}. Reads and writes are short as they may be: some bytes at a time. */
final class FaultyChannel extends FileChannel {
    private static final int AT_ONCE = 200;

    private final FaultyDisk disk;
    private final String name;
    private final Object node;
    private int position;

    FaultyChannel(FaultyDisk disk, String name, Object node) {
        this.disk = disk;
        this.name = name;
        this.node = node;
    }

    private FaultyDisk.Content content() throws IOException {
        if (node instanceof FaultyDisk.Content content) {
            return content;
        }
        throw new IOException("is a folder: " + name);
    }

    @Override
    public int read(ByteBuffer to) throws IOException {
        return disk.perform("read " + name, () -> {
            byte[] bytes = content().seen;
            int length = Math.min(Math.min(bytes.length - position, to.remaining()), AT_ONCE);
            if (length <= 0) {
                return to.hasRemaining() ? -1 : 0;
            }
            to.put(bytes, position, length);
            position += length;
            return length;
        });
    }

    @Override
    public int write(ByteBuffer from) throws IOException {
        return (int) write(new ByteBuffer[] {from}, 0, 1);
    }

    @Override
    public long write(ByteBuffer[] from, int offset, int length) throws IOException {
        return disk.perform("write " + name, () -> {
            for (int i = offset; i < offset + length; i++) {
                if (from[i].hasRemaining()) {
                    return (long) disk.append(content(), from[i], AT_ONCE);
                }
            }
            return 0L;
        });
    }

    @Override
    public long size() throws IOException {
        return disk.perform("size " + name, () -> (long) content().seen.length);
    }

    @Override
    public void force(boolean metaData) throws IOException {
        disk.perform("force " + name, () -> {
            FaultyDisk.force(node);
            return null;
        });
    }

    @Override
    public FileLock lock(long start, long length, boolean shared) throws IOException {
        return disk.perform("lock " + name, () -> new FileLock(this, start, length, shared) {
            @Override
            public boolean isValid() {
                return isOpen();
            }

            @Override
            public void release() {
                throw new UnsupportedOperationException();
            }
        });
    }

    @Override
    protected void implCloseChannel() throws IOException {
        disk.perform("close " + name, () -> null);
    }

    @Override
    public long position() {
        return position;
    }

    @Override
    public FileChannel position(long next) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long read(ByteBuffer[] to, int offset, int length) {
        throw new UnsupportedOperationException();
    }

    @Override
    public FileChannel truncate(long size) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long transferTo(long start, long count, WritableByteChannel target) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long transferFrom(ReadableByteChannel source, long start, long count) {
        throw new UnsupportedOperationException();
    }

    @Override
    public int read(ByteBuffer to, long start) {
        throw new UnsupportedOperationException();
    }

    @Override
    public int write(ByteBuffer from, long start) {
        throw new UnsupportedOperationException();
    }

    @Override
    public MappedByteBuffer map(MapMode mode, long start, long size) {
        throw new UnsupportedOperationException();
    }

    /** There is one process, and what else it opens is not locked. */
    @Override
    public FileLock tryLock(long start, long length, boolean shared) throws IOException {
        return lock(start, length, shared);
    }
}
