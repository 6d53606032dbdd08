package io.statesync.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

@DisplayName("WHATWG HTML 9.2.6: the decoder of server-sent events")
class SseDecoderTest {
    private final RecordingSink heard = new RecordingSink();
    private final SseDecoder decoder = new SseDecoder(heard, 1000, 2000, "");

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] bytes(int... values) {
        byte[] out = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            out[i] = (byte) values[i];
        }
        return out;
    }

    private List<String> decode(byte[]... reads) throws IOException {
        for (byte[] read : reads) {
            decoder.feed(ByteBuffer.wrap(read).asReadOnlyBuffer());
        }
        return heard.log;
    }

    private List<String> decode(String... reads) throws IOException {
        for (String read : reads) {
            decode(utf8(read));
        }
        return heard.log;
    }

    private static String event(String type, String data, String id) {
        return RecordingSink.line(new SseEvent(type, data, id));
    }

    private static String message(String data) {
        return event("message", data, "");
    }

    @Nested
    class Examples {
        @Test
        void linesOfDataAreJoined() throws IOException {
            assertThat(decode("data: YHOO\ndata: +2\ndata: 10\n\n")).containsExactly(message("YHOO\n+2\n10"));
        }

        @Test
        void commentsIdsAndFieldsWithoutAColon() throws IOException {
            assertThat(
                            decode(
                                    ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n"))
                    .containsExactly(
                            "comment:test stream",
                            event("message", "first event", "1"),
                            event("message", "second event", ""));
            assertThat(decode("\n")).last().isEqualTo(event("message", " third event", ""));
        }

        @Test
        void emptyDataIsDispatchedAndTheLastBlockWithoutABlankLineIsNot() throws IOException {
            assertThat(decode("data\n\ndata\ndata\n\ndata:")).containsExactly(message(""), message("\n"));
        }

        @Test
        void oneSpaceAfterTheColonIsDropped() throws IOException {
            assertThat(decode("data:test\n\ndata: test\n\ndata:  test\n\ndata:\ttest\n\n"))
                    .containsExactly(message("test"), message("test"), message(" test"), message("\ttest"));
        }
    }

    @Nested
    class Lines {
        @Test
        void endWithCrLfOrBoth() throws IOException {
            assertThat(decode("data: a\rdata: b\r\ndata: c\n\r\n")).containsExactly(message("a\nb\nc"));
        }

        @Test
        void aCrlfMayBeSplitBetweenReads() throws IOException {
            assertThat(decode("data: a\r", "\n", "\r", "\ndata: b\r", "\r", "\n"))
                    .containsExactly(message("a"), message("b"));
        }

        @Test
        void anEventIsToldAtItsCrAlready() throws IOException {
            assertThat(decode("data: a\r\r")).containsExactly(message("a"));
        }

        @Test
        void aLineFeedAfterACrlfIsALineOfItsOwn() throws IOException {
            assertThat(decode("data: a\r\n\ndata: b\r\r\n")).containsExactly(message("a"), message("b"));
        }

        @Test
        void otherLineSeparatorsAreText() throws IOException {
            assertThat(decode("data: a\u2028b\u0085c\u000bd\n\n")).containsExactly(message("a\u2028b\u0085c\u000bd"));
        }
    }

    @Nested
    class Boms {
        private final byte[] bom = bytes(0xEF, 0xBB, 0xBF);

        @Test
        void oneAtTheBeginningIsDropped() throws IOException {
            assertThat(decode(bom, utf8("data: a\n\n"))).containsExactly(message("a"));
        }

        @Test
        void itMayBeSplitBetweenReads() throws IOException {
            assertThat(decode(bytes(0xEF), bytes(0xBB), bytes(0xBF), utf8("data: a\n\n")))
                    .containsExactly(message("a"));
        }

        @Test
        void aSecondOneBelongsToTheFieldsName() throws IOException {
            assertThat(decode(bom, bom, utf8("data: a\n\ndata: b\n\n"))).containsExactly(message("b"));
        }

        @Test
        void oneLaterBelongsToTheLine() throws IOException {
            assertThat(decode("data: a\n\n\uFEFFdata: b\n\ndata: \uFEFFc\n\n"))
                    .containsExactly(message("a"), message("\uFEFFc"));
        }

        @Test
        void halfOfOneIsPartOfTheLine() throws IOException {
            assertThat(decode(bytes(0xEF), bytes(0xBB), utf8("data: a\n\n:b\n")))
                    .containsExactly("comment:b");
        }
    }

    @Nested
    class Fields {
        @Test
        void anEventNamesItsTypeForOnce() throws IOException {
            assertThat(decode("event: a\nevent: b\ndata: 1\n\ndata: 2\n\nevent:\ndata: 3\n\n"))
                    .containsExactly(event("b", "1", ""), message("2"), message("3"));
        }

        @Test
        void aTypeWithoutDataIsForgotten() throws IOException {
            assertThat(decode("event: a\n\ndata: 1\n\n")).containsExactly(message("1"));
        }

        @Test
        void anIdHoldsForLaterEvents() throws IOException {
            assertThat(decode("id: 7\ndata: 1\n\ndata: 2\n\nid: 8\n\ndata: 3\n\n"))
                    .containsExactly(
                            event("message", "1", "7"), event("message", "2", "7"), event("message", "3", "8"));
        }

        @Test
        void anIdOfABlockWithoutDataIsKept() throws IOException {
            decode("id: 9\n\n");
            assertThat(heard.log).isEmpty();
            assertThat(decoder.lastEventId()).isEqualTo("9");
        }

        @Test
        void anIdOfAnUnfinishedBlockIsNot() throws IOException {
            decode("id: 9\n\nid: 10\ndata: x\n");
            assertThat(decoder.lastEventId()).isEqualTo("9");
        }

        @Test
        void anIdWithNulIsIgnored() throws IOException {
            assertThat(decode("id: 1\ndata: a\n\nid: 2\0003\ndata: b\n\n"))
                    .containsExactly(event("message", "a", "1"), event("message", "b", "1"));
        }

        @Test
        void theIdOfTheStreamBeforeHoldsUntilThereIsAnother() throws IOException {
            SseDecoder next = new SseDecoder(heard, 1000, 1000, "41");
            next.feed(ByteBuffer.wrap(utf8("data: a\n\nid\ndata: b\n\n")));
            assertThat(heard.log).containsExactly(event("message", "a", "41"), message("b"));
        }

        @Test
        void retryIsAsciiDigitsOnly() throws IOException {
            assertThat(
                            decode(
                                    "retry: 1500\nretry:007\nretry: 1.5\nretry: -1\nretry: 10 \nretry\nretry:\nretry: \u0661\nretry: 0\n"))
                    .containsExactly("retry:1500", "retry:7", "retry:0");
        }

        @Test
        void aRetryBeyondALongIsTheLongest() throws IOException {
            assertThat(decode("retry: 99999999999999999999999\n")).containsExactly("retry:" + Long.MAX_VALUE);
        }

        @Test
        void unknownOnesAndThoseInOtherCaseAreIgnored() throws IOException {
            assertThat(decode("Data: a\n data: b\ndata : c\ndatas: d\ndat: e\nfoo\n\n"))
                    .isEmpty();
        }

        @Test
        void aColonInTheValueBelongsToIt() throws IOException {
            assertThat(decode("data::a:b\n\n")).containsExactly(message(":a:b"));
        }

        @Test
        void dataMayHoldNul() throws IOException {
            assertThat(decode("data: a\000b\n\n")).containsExactly(message("a\000b"));
        }

        @Test
        void commentsAreToldWithoutOneSpace() throws IOException {
            assertThat(decode(":\n: a\n:  b\n:c:d\n"))
                    .containsExactly("comment:", "comment:a", "comment: b", "comment:c:d");
        }

        @Test
        void aCommentEndsNoEvent() throws IOException {
            assertThat(decode("data: a\n:x\ndata: b\n\n")).containsExactly("comment:x", message("a\nb"));
        }
    }

    @Nested
    class Encoding {
        private List<String> data(int... values) throws IOException {
            return decode(utf8("data: "), bytes(values), utf8("\n\n"));
        }

        @Test
        void charactersMayBeSplitBetweenReads() throws IOException {
            byte[] all = utf8("data: ä€😀\n\n");
            for (byte b : all) {
                decode(new byte[] {b});
            }
            assertThat(heard.log).containsExactly(message("ä€😀"));
        }

        @Test
        void eachMaximalPartOfNoCharacterIsReplacedOnce() throws IOException {
            assertThat(data(0xE2, 0x82)).last().isEqualTo(message("\uFFFD"));
            assertThat(data(0xF0, 0x9F, 0x98, 'a')).last().isEqualTo(message("\uFFFDa"));
            assertThat(data(0xC0, 0x80)).last().isEqualTo(message("\uFFFD\uFFFD"));
            assertThat(data(0xE0, 0x80, 0x80)).last().isEqualTo(message("\uFFFD\uFFFD\uFFFD"));
            assertThat(data(0xF5, 0x80)).last().isEqualTo(message("\uFFFD\uFFFD"));
            assertThat(data(0xF4, 0x90, 0x80, 0x80)).last().isEqualTo(message("\uFFFD\uFFFD\uFFFD\uFFFD"));
        }

        @Test
        void aSurrogateIsThreeErrors() throws IOException {
            assertThat(data(0xED, 0xA0, 0x80, 'x')).containsExactly(message("\uFFFD\uFFFD\uFFFDx"));
        }

        @Test
        void aReplacementCharacterIsACharacter() throws IOException {
            assertThat(decode("data: \uFFFD€a\n\n")).containsExactly(message("\uFFFD€a"));
        }

        @Test
        void aLineEndEndsABrokenCharacter() throws IOException {
            assertThat(data(0xE2, '\n', 'd', 'a', 't', 'a', ':', 'b')).containsExactly(message("\uFFFD\nb"));
        }
    }

    @Nested
    class Limits {
        @Test
        void aLineAtTheLimitPasses() throws IOException {
            assertThat(decode("data: " + "x".repeat(994) + "\n\n")).containsExactly(message("x".repeat(994)));
        }

        @Test
        void aLineBeyondItFailsBeforeItsEnd() {
            assertThatThrownBy(() -> decode("data: " + "x".repeat(500), "x".repeat(495)))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("maxLineBytes=1000");
        }

        @Test
        void aLineBeyondItInOneReadFails() {
            assertThatThrownBy(() -> decode(":" + "x".repeat(1000) + "\n")).hasMessageContaining("maxLineBytes=1000");
        }

        @Test
        void dataAtTheLimitPasses() throws IOException {
            String half = "data:" + "x".repeat(995) + "\n";
            assertThat(decode(half + half + "data:1234567\n\n")).hasSize(1);
        }

        @Test
        void dataBeyondItFailsAndCountsLineFeeds() {
            String half = "data:" + "x".repeat(995) + "\n";
            assertThatThrownBy(() -> decode(half + half + "data:123456789\n"))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("maxDataBytes=2000");
        }

        @Test
        void eachEventHasTheLimitToItself() throws IOException {
            String event = "data:" + "x".repeat(900) + "\ndata:" + "x".repeat(900) + "\n\n";
            assertThat(decode(event + event + event)).hasSize(3);
        }
    }
}
