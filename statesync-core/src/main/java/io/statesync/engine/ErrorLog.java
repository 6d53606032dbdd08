package io.statesync.engine;

import io.statesync.SyncError;

/** Writes reports to the log: what will be retried as a warning at attempts 1, 2, 4, 8, and so on; the rest as errors. */
final class ErrorLog {
    private ErrorLog() {}

    static void log(SyncError e) {
        if (!e.willRetry()) {
            Logs.ERROR.error(
                    "failed phase={} attempt={} local={} event={} snapshot={} topic={} instance={}",
                    e.phase(),
                    e.attempt(),
                    e.localVersion(),
                    e.eventVersion(),
                    e.snapshotVersion(),
                    e.topic(),
                    e.instance(),
                    e.error());
        } else if (Integer.bitCount(e.attempt()) == 1) {
            Logs.ERROR.warn(
                    "will retry phase={} attempt={} nextDelay={} local={} topic={} instance={} error={}",
                    e.phase(),
                    e.attempt(),
                    e.nextDelay(),
                    e.localVersion(),
                    e.topic(),
                    e.instance(),
                    String.valueOf(e.error()));
        }
    }
}
