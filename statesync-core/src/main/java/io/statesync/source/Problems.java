package io.statesync.source;

import java.nio.file.Path;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The hook that hears of a file's problems. */
record Problems(Path file, BiConsumer<? super Path, ? super Throwable> onError) {
    private static final Logger log = LoggerFactory.getLogger("io.statesync.source");

    void tell(Throwable error) {
        try {
            onError.accept(file, error);
        } catch (RuntimeException | Error e) {
            log.error("onError failed file={}", file, e);
        }
    }

    /** The hook where the options name none. The type only: a decoder's message may quote the content. */
    static void log(Path file, Throwable error) {
        log.warn(
                "file is not usable, the last good state is kept file={} error={}",
                file,
                error.getClass().getName());
    }
}
