package io.statesync.persistence;

import com.github.luben.zstd.ZstdInputStream;
import com.github.luben.zstd.ZstdOutputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/** Compression by streams of a library. */
record StreamCompression(String name, Compressing compressing, Decompressing decompressing) implements Compression {
    static final Compression GZIP = new StreamCompression("gzip", GZIPOutputStream::new, GZIPInputStream::new);

    /** A stream that compresses into another. */
    interface Compressing {
        OutputStream into(OutputStream out) throws IOException;
    }

    /** A stream that makes the bytes of another again. */
    interface Decompressing {
        InputStream from(InputStream in) throws IOException;
    }

    static Compression zstd() {
        try {
            return Zstd.INSTANCE;
        } catch (LinkageError e) {
            throw new IllegalStateException("compression zstd needs com.github.luben:zstd-jni", e);
        }
    }

    /** Loaded only when it is asked for, since its library is optional. */
    private static final class Zstd {
        static final Compression INSTANCE = make();

        private static Compression make() {
            com.github.luben.zstd.util.Native.load();
            return new StreamCompression("zstd", ZstdOutputStream::new, ZstdInputStream::new);
        }
    }

    @Override
    public byte[] compress(byte[] bytes) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream(Math.max(64, bytes.length / 4));
        try (OutputStream stream = compressing.into(out)) {
            stream.write(bytes);
        }
        return out.toByteArray();
    }

    @Override
    public byte[] decompress(byte[] compressed, int size) throws IOException {
        try (InputStream in = decompressing.from(new ByteArrayInputStream(compressed))) {
            byte[] bytes = in.readNBytes(size);
            if (bytes.length < size) {
                throw new DamagedEntryException("only " + bytes.length + " bytes come out, and should be " + size);
            }
            if (in.read() >= 0) {
                throw new DamagedEntryException("more than " + size + " bytes come out");
            }
            return bytes;
        }
    }
}
