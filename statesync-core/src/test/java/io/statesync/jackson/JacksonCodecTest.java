package io.statesync.jackson;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import tools.jackson.core.type.TypeReference;

class JacksonCodecTest {
    record Settings(String theme, int size, List<String> plugins) {}

    @Test
    void aRecordComesBack() throws IOException {
        JacksonCodec<Settings> codec = JacksonCodec.json(Settings.class);
        Settings settings = new Settings("dark", 12, List.of("git"));
        byte[] bytes = codec.encode(settings);
        assertThat(new String(bytes, UTF_8)).isEqualTo("{\"theme\":\"dark\",\"size\":12,\"plugins\":[\"git\"]}");
        assertThat(codec.decode(bytes)).isEqualTo(settings);
        assertThat(codec.name()).isEqualTo("json");
    }

    @Test
    void aTypeWithParametersComesBack() throws IOException {
        JacksonCodec<Map<String, List<Integer>>> codec = JacksonCodec.json(new TypeReference<>() {});
        Map<String, List<Integer>> state = Map.of("a", List.of(1, 2));
        assertThat(codec.decode(codec.encode(state))).isEqualTo(state);
    }

    @Test
    void whatIsNoStateIsAnIOExceptionThatDoesNotQuoteIt() {
        JacksonCodec<Settings> codec = JacksonCodec.json(Settings.class);
        assertThatThrownBy(() -> codec.decode("{\"size\": \"secret\"}".getBytes(UTF_8)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("Settings")
                .hasMessageNotContaining("secret");
        assertThatThrownBy(() -> codec.decode("{".getBytes(UTF_8))).isInstanceOf(IOException.class);
    }

    @Test
    void aTypeNamedInTheDataIsNotMade() {
        JacksonCodec<Object> codec = JacksonCodec.json(Object.class);
        assertThat(decoded(codec, "{\"@class\": \"java.io.File\", \"path\": \"/\"}"))
                .isInstanceOf(Map.class);
        assertThat(decoded(codec, "[\"java.io.File\", \"/\"]")).isEqualTo(List.of("java.io.File", "/"));
    }

    private static Object decoded(JacksonCodec<Object> codec, String json) {
        try {
            return codec.decode(json.getBytes(UTF_8));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
