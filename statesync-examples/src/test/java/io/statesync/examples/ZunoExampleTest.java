package io.statesync.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(180)
class ZunoExampleTest {
    @Test
    void twoClientsCountAndNoUpdateIsLost() throws Exception {
        Lines out = new Lines();
        int exit = Main.create().setOut(new PrintWriter(out, true)).execute("zuno");
        assertThat(exit).as(out.toString()).isZero();
        out.await(".*server +createZuno\\(\\{sseUrl: \"http://127.0.0.1:\\d+/zuno/sse\".*");
        out.await(".*counter +a client shows \\d+, the other \\d+");
        out.await(".*server +counter is 50 after 50 updates of two clients at once");
    }
}
