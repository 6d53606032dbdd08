package io.statesync.http;

/**
 * An event of a stream of server-sent events, as the WHATWG's HTML specification (section 9.2.6) dispatches it.
 *
 * @param type the event's type; {@code message} if the stream named none
 * @param data the lines of its data, joined by line feeds
 * @param lastEventId the last id that the stream gave, in this event or before; empty if it gave none
 */
public record SseEvent(String type, String data, String lastEventId) {}
