package io.statesync.http;

import java.util.ArrayList;
import java.util.List;

/** What a decoder told, one line each. */
final class RecordingSink implements SseDecoder.Sink {
    final List<String> log = new ArrayList<>();

    static String line(SseEvent event) {
        return "event:" + event;
    }

    @Override
    public void event(SseEvent event) {
        log.add(line(event));
    }

    @Override
    public void comment(String text) {
        log.add("comment:" + text);
    }

    @Override
    public void retry(long millis) {
        log.add("retry:" + millis);
    }
}
