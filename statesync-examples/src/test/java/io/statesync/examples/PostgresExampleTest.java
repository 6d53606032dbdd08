package io.statesync.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(180)
class PostgresExampleTest {
    @Test
    void nodesHearOfEachOtherLoseNothingAndStartWithoutTheDatabase() throws Exception {
        Lines out = new Lines();
        int exit = Main.create().setOut(new PrintWriter(out, true)).execute("postgres");
        assertThat(exit).as(out.toString()).isZero();
        out.await(".*demo +starts a PostgreSQL of its own.*");
        out.await(".*demo +has node A write.*");
        out.await(".*node B +revision 2  \\{\"theme\":\"dark\"}");
        out.await(".*demo +50 of 50 writes are there: none was lost");
        out.await(".*demo +takes the database away, and starts node B again");
        out.await(".*node B +revision \\d+ .*\"counter\":50}, kept, [0-9.]+ s old");
        out.await(".*demo +brings the database back, and has node A write");
        out.await(".*node B +revision \\d+  \\{\"theme\":\"blue\",\"counter\":50}");
    }
}
