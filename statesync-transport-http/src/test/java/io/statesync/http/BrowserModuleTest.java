package io.statesync.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

/** The module for browsers, as far as it can be looked at without one; the inspector's test runs it in one. */
class BrowserModuleTest {
    private static final int LIMIT = 4096;

    @Test
    void isUnder4KilobytesGzipped() throws IOException {
        ByteArrayOutputStream compressed = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(compressed)) {
            gzip.write(module());
        }

        assertThat(compressed.size()).isLessThan(LIMIT);
    }

    @Test
    void dependsOnNoOtherModule() throws IOException {
        assertThat(new String(module(), UTF_8))
                .doesNotContainPattern("\\bimport\\b")
                .contains("export function connect(");
    }

    private static byte[] module() throws IOException {
        try (InputStream in = Objects.requireNonNull(
                BrowserModuleTest.class.getResourceAsStream("/META-INF/resources/statesync/statesync.js"))) {
            return in.readAllBytes();
        }
    }
}
