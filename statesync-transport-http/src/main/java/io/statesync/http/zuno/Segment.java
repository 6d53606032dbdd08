package io.statesync.http.zuno;

import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Events that follow one another, as they are sent to a reader that has all before them.
 *
 * @param from the id after which they come
 * @param to the id up to which nothing more is to be sent
 */
@SuppressWarnings("ArrayRecordComponent") // shared on purpose, and never compared
record Segment(long from, long to, List<Frame> frames, Set<String> keys, byte[] bytes) {
    static Segment of(long from, long to, List<Frame> frames) {
        Set<String> keys = frames.stream().map(Frame::key).collect(Collectors.toUnmodifiableSet());
        return new Segment(from, to, List.copyOf(frames), keys, join(frames, frame -> true));
    }

    /** The bytes of some of them. */
    byte[] only(Predicate<Frame> which) {
        return join(frames, which);
    }

    private static byte[] join(List<Frame> frames, Predicate<Frame> which) {
        if (frames.size() == 1) {
            return which.test(frames.get(0)) ? frames.get(0).bytes() : Frame.NOTHING;
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        frames.stream().filter(which).forEach(frame -> out.writeBytes(frame.bytes()));
        return out.toByteArray();
    }
}
