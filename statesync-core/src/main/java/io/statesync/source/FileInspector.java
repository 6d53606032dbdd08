package io.statesync.source;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The judge of what a file holds: each look finds new state, a problem, or nothing new. Used by one thread.
 *
 * <p>Content is compared by its digest. Reading is spared only where nothing hints at a change and the file's time is so
 * old that a later save must have changed it. Content that cannot be decoded, an empty file and a missing one are
 * doubted first, since a save may pass through each of them: they are believed when they have stayed so for the settle
 * time, or when the file has been changing without ever being good for {@value #MAX_SETTLE_TIMES} times as long.
 *
 * @param <T> the type of the state
 */
final class FileInspector<T extends @Nullable Object> {
    private static final int MAX_SETTLE_TIMES = 10;
    private static final int MAX_READS = 5;

    /** Longer than the coarsest time stamps of file systems in use. */
    private static final long TIME_GRANULARITY_MS = 3_000;

    private final Path file;
    private final FileSource.Decoder<T> decoder;
    private final long settleNanos;
    private final InstantSource clock;
    private final MessageDigest sha256 = sha256();

    private @Nullable Stamp stamp;
    private long readAtMs;
    private @Nullable String good;
    private @Nullable Doubt doubt;

    FileInspector(Path file, FileSource.Decoder<T> decoder, long settleNanos, InstantSource clock) {
        this.file = file;
        this.decoder = decoder;
        this.settleNanos = settleNanos;
        this.clock = clock;
    }

    /** What a look found. */
    sealed interface Finding<T extends @Nullable Object> {}

    /** Content that differs from the last good one and could be decoded. */
    record NewState<T extends @Nullable Object>(T data) implements Finding<T> {}

    /** The last good content again, after something else. */
    record GoodAgain<T extends @Nullable Object>() implements Finding<T> {}

    /** A file without usable content; found once for each content. */
    record Problem<T extends @Nullable Object>(Throwable error) implements Finding<T> {}

    /** Nothing to tell, or nothing yet. */
    record Nothing<T extends @Nullable Object>() implements Finding<T> {}

    private record Stamp(
            FileTime modified, long size, @Nullable Object key) {}

    /** Something that is no good state, since when it has been there, and since when the file has been without one. */
    private record Doubt(
            String content,
            long since,
            long withoutStateSince,
            boolean told,
            @Nullable Throwable error) {

        Doubt because(Throwable reason) {
            return new Doubt(content, since, withoutStateSince, told, reason);
        }

        Doubt asTold() {
            return new Doubt(content, since, withoutStateSince, true, error);
        }
    }

    /**
     * Looks at the file.
     *
     * @param touched whether it is to be read even if its time and size are those of the last look
     * @param now a monotonic time in nanoseconds
     */
    Finding<T> look(boolean touched, long now) {
        boolean pending = doubt != null && !doubt.told();
        Stamp before = stamp;
        stamp = stamp();
        if (!touched && !pending && stamp != null && stamp.equals(before) && isOlderThanLastRead(stamp)) {
            return new Nothing<>();
        }
        readAtMs = clock.millis();
        byte[] bytes;
        try {
            bytes = read();
        } catch (IOException | RuntimeException | OutOfMemoryError e) {
            doubt(e.toString(), now);
            return verdict(e, now);
        }
        return judge(bytes, now);
    }

    /**
     * Reads the file, again if it was written to meanwhile: what was read may begin with the old content and go on with the
     * new. A file that is written to all the time is taken as it comes.
     */
    private byte[] read() throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        Stamp after = stamp();
        for (int again = 0; again < MAX_READS && !Objects.equals(after, stamp); again++) {
            stamp = after;
            bytes = Files.readAllBytes(file);
            after = stamp();
        }
        return bytes;
    }

    /** How long until a doubt is to be settled; {@link Long#MAX_VALUE} without one. */
    long nanosUntilSettled(long now) {
        if (doubt == null || doubt.told()) {
            return Long.MAX_VALUE;
        }
        return Math.max(0, Math.min(doubt.since() - now + settleNanos, doubt.withoutStateSince() - now + maxNanos()));
    }

    /** Whether the last look found the last good content. */
    boolean isGood() {
        return good != null && doubt == null;
    }

    /** Whether this is the digest of the last good content. */
    boolean isGood(String digest) {
        return digest.equals(good);
    }

    /** The file has been given this content, which is good. */
    void wrote(byte[] content) {
        good = digest(content);
        doubt = null;
    }

    String digest(byte[] content) {
        return HexFormat.of().formatHex(sha256.digest(content));
    }

    private Finding<T> judge(byte[] bytes, long now) {
        String content = digest(bytes);
        if (content.equals(good)) {
            boolean again = doubt != null;
            doubt = null;
            return again ? new GoodAgain<>() : new Nothing<>();
        }
        Doubt current = doubt(content, now);
        if (current.told() || (bytes.length == 0 && nanosUntilSettled(now) > 0)) {
            return new Nothing<>();
        }
        if (current.error() != null) {
            return verdict(current.error(), now);
        }
        T data;
        try {
            data = decoder.decode(bytes);
        } catch (Throwable t) { // whatever the decoder fails with is the verdict on this content
            return verdict(t, now);
        }
        good = content;
        doubt = null;
        return new NewState<>(data);
    }

    /** The doubt about this content: the one that is there, or a new one. */
    private Doubt doubt(String content, long now) {
        Doubt last = doubt;
        if (last != null && last.content().equals(content)) {
            return last;
        }
        long withoutState = last == null || last.told() ? now : last.withoutStateSince();
        Doubt next = new Doubt(content, now, withoutState, false, null);
        doubt = next;
        return next;
    }

    private Finding<T> verdict(Throwable error, long now) {
        Doubt current = doubt;
        if (current == null || current.told()) {
            return new Nothing<>();
        }
        boolean settled = nanosUntilSettled(now) == 0;
        doubt = settled ? current.because(error).asTold() : current.because(error);
        return settled ? new Problem<>(error) : new Nothing<>();
    }

    private long maxNanos() {
        return settleNanos > Long.MAX_VALUE / MAX_SETTLE_TIMES ? Long.MAX_VALUE : settleNanos * MAX_SETTLE_TIMES;
    }

    private boolean isOlderThanLastRead(Stamp seen) {
        return seen.modified().toMillis() < readAtMs - TIME_GRANULARITY_MS;
    }

    private @Nullable Stamp stamp() {
        try {
            BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
            return new Stamp(attributes.lastModifiedTime(), attributes.size(), attributes.fileKey());
        } catch (IOException | RuntimeException e) {
            return null; // reading the file fails as well, and that is reported
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
