package io.statesync.http;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;

/** A decoder that follows the specification step by step, of the whole stream at once. */
final class SseModel {
    private SseModel() {}

    static byte[] join(List<byte[]> parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        parts.forEach(out::writeBytes);
        return out.toByteArray();
    }

    static List<String> decode(byte[] stream) {
        String text = utf8(stream);
        if (text.startsWith("\uFEFF")) {
            text = text.substring(1);
        }
        List<String> log = new ArrayList<>();
        String data = "";
        String type = "";
        String id = "";
        for (String line : wholeLines(text)) {
            if (line.isEmpty()) {
                if (!data.isEmpty()) {
                    String dispatched = type.isEmpty() ? "message" : type;
                    log.add(RecordingSink.line(new SseEvent(dispatched, data.substring(0, data.length() - 1), id)));
                }
                data = "";
                type = "";
                continue;
            }
            int colon = line.indexOf(':');
            String name = colon < 0 ? line : line.substring(0, colon);
            String value = colon < 0 ? "" : line.substring(colon + 1);
            value = value.startsWith(" ") ? value.substring(1) : value;
            if (colon == 0) {
                log.add("comment:" + value);
                continue;
            }
            switch (name) {
                case "data" -> data = data + value + "\n";
                case "event" -> type = value;
                case "id" -> id = value.contains("\0") ? id : value;
                case "retry" -> {
                    if (value.matches("[0-9]+")) {
                        log.add("retry:" + Long.parseLong(value));
                    }
                }
                default -> {}
            }
        }
        return log;
    }

    /** The lines that have an end. */
    private static List<String> wholeLines(String text) {
        String unified = text.replace("\r\n", "\n").replace('\r', '\n');
        List<String> lines = new ArrayList<>(List.of(unified.split("\n", -1)));
        lines.remove(lines.size() - 1);
        return lines;
    }

    /** The decoder of the Encoding standard, 8.1.1. */
    static String utf8(byte[] bytes) {
        StringBuilder out = new StringBuilder();
        int point = 0;
        int seen = 0;
        int needed = 0;
        int lower = 0x80;
        int upper = 0xBF;
        for (int i = 0; i < bytes.length; i++) {
            int b = bytes[i] & 0xFF;
            if (needed == 0) {
                if (b <= 0x7F) {
                    out.append((char) b);
                } else if (b >= 0xC2 && b <= 0xDF) {
                    needed = 1;
                    point = b & 0x1F;
                } else if (b >= 0xE0 && b <= 0xEF) {
                    lower = b == 0xE0 ? 0xA0 : 0x80;
                    upper = b == 0xED ? 0x9F : 0xBF;
                    needed = 2;
                    point = b & 0xF;
                } else if (b >= 0xF0 && b <= 0xF4) {
                    lower = b == 0xF0 ? 0x90 : 0x80;
                    upper = b == 0xF4 ? 0x8F : 0xBF;
                    needed = 3;
                    point = b & 0x7;
                } else {
                    out.append('\uFFFD');
                }
                continue;
            }
            boolean inRange = b >= lower && b <= upper;
            lower = 0x80;
            upper = 0xBF;
            if (!inRange) {
                needed = 0;
                seen = 0;
                i--;
                out.append('\uFFFD');
                continue;
            }
            point = (point << 6) | (b & 0x3F);
            seen++;
            if (seen == needed) {
                out.appendCodePoint(point);
                needed = 0;
                seen = 0;
            }
        }
        return needed > 0 ? out.append('\uFFFD').toString() : out.toString();
    }
}
