package io.statesync.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;

class SseDecoderPropertyTest {
    private static final List<String> PARTS = List.of(
            "data",
            "data:",
            "data: ",
            "event: e",
            "id: 1",
            "id:",
            "retry: 5",
            "retry: x",
            ":",
            ": c",
            " ",
            "\n",
            "\r",
            "\r\n",
            "\n\n",
            "\r\r",
            "\r\n\r\n",
            "ä",
            "€",
            "😀",
            "\0",
            "x",
            "\uFEFF",
            "\uFFFD");

    @Provide
    Arbitrary<byte[]> streams() {
        Arbitrary<byte[]> known = Arbitraries.of(PARTS).map(part -> part.getBytes(StandardCharsets.UTF_8));
        Arbitrary<byte[]> any = Arbitraries.bytes().array(byte[].class).ofMaxSize(4);
        return Arbitraries.frequencyOf(Tuple.of(8, known), Tuple.of(1, any))
                .list()
                .ofMaxSize(60)
                .map(SseModel::join);
    }

    @Provide
    Arbitrary<List<Integer>> cuts() {
        return Arbitraries.integers().between(1, 7).list().ofMinSize(1).ofMaxSize(20);
    }

    private static List<String> decode(byte[] stream, List<Integer> cuts) throws IOException {
        RecordingSink heard = new RecordingSink();
        SseDecoder decoder = new SseDecoder(heard, 1 << 20, 1 << 20, "");
        int at = 0;
        for (int i = 0; at < stream.length; i++) {
            int length = Math.min(cuts.get(i % cuts.size()), stream.length - at);
            decoder.feed(ByteBuffer.wrap(stream, at, length));
            at += length;
        }
        return heard.log;
    }

    @Property(tries = 2000)
    void anySplitOfTheBytesGivesWhatTheModelSays(@ForAll("streams") byte[] stream, @ForAll("cuts") List<Integer> cuts)
            throws IOException {
        List<String> expected = SseModel.decode(stream);
        assertThat(decode(stream, List.of(Math.max(1, stream.length)))).isEqualTo(expected);
        assertThat(decode(stream, cuts)).isEqualTo(expected);
    }

    @Property(tries = 2000)
    void utf8IsDecodedAsTheStandardSays(@ForAll byte[] bytes) {
        assertThat(Utf8.decode(bytes, 0, bytes.length)).isEqualTo(SseModel.utf8(bytes));
    }
}
