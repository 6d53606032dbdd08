package io.statesync.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonStyleTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\n  \"a\": 1,\n  \"b\": {\n    \"c\": [1, 2]\n  }\n}\n",
                "{\n    \"a\": [\n        1,\n        2\n    ]\n}",
                "{\n\t\"b\": {},\n\t\"a\": []\n}\n",
                "{\r\n  \"a\": 1,\r\n  \"b\": 2\r\n}\r\n",
                "{\n  \"a\" : 1,\n  \"b\" : \"x: y, z\"\n}\n",
                "{\"a\":1,\"b\":[1,2]}",
                "{\"a\": 1, \"b\": [1, 2]}\n",
                "{\"a\": 0.10, \"b\": 12345678901234567890.12345678901234567890, \"c\": \"\u00e4\"}",
                "[1, 2]",
                "true\n"
            })
    void whatIsWrittenUnchangedLooksAsItDid(String text) throws IOException {
        byte[] content = text.getBytes(UTF_8);

        assertThat(new String(JsonFile.encode(JsonFile.decode(content), JsonStyle.of(content)), UTF_8))
                .isEqualTo(text);
    }

    @Test
    void whatIsAddedIsLaidOutLikeTheRest() throws IOException {
        byte[] content = "{\n    \"b\": 1\n}\n".getBytes(UTF_8);

        byte[] written = JsonFile.encode(Setting.parse("a.c=[1]").in(JsonFile.decode(content)), JsonStyle.of(content));

        assertThat(new String(written, UTF_8))
                .isEqualTo("{\n    \"b\": 1,\n    \"a\": {\n        \"c\": [1]\n    }\n}\n");
    }
}
