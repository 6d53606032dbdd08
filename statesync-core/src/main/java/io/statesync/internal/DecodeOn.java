package io.statesync.internal;

import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Where codecs decode. Unless an executor was given, what is small is decoded where it arrived: handing it to another thread
 * would take longer than decoding it.
 */
public record DecodeOn(@Nullable Executor given) {
    private static final int SMALL = 4 * 1024;

    /**
     * The executor for a state.
     *
     * @param length how many bytes there are to decode
     */
    public Executor of(int length) {
        if (given != null) {
            return given;
        }
        return length <= SMALL ? Runnable::run : DefaultExecutor.SHARED;
    }
}
