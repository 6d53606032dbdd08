package io.statesync.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** What a client of an event stream told, one line each. */
class RecordingListener implements SseClient.Listener {
    final BlockingQueue<String> log = new LinkedBlockingQueue<>();
    final BlockingQueue<Throwable> errors = new LinkedBlockingQueue<>();

    String next() throws InterruptedException {
        return log.poll(20, TimeUnit.SECONDS);
    }

    void expect(String... lines) throws InterruptedException {
        for (String line : lines) {
            assertThat(next()).isEqualTo(line);
        }
    }

    Throwable error() throws InterruptedException {
        return errors.poll(20, TimeUnit.SECONDS);
    }

    @Override
    public void onOpen() {
        log.add("open");
    }

    @Override
    public void onEvent(SseEvent event) {
        log.add(event.type() + " " + event.data() + " " + event.lastEventId());
    }

    @Override
    public void onComment(String text) {
        log.add("comment " + text);
    }

    @Override
    public void onError(Throwable error, Duration nextAttemptIn) {
        errors.add(error);
        log.add("error " + nextAttemptIn);
    }

    @Override
    public void onClosed() {
        log.add("closed");
    }
}
