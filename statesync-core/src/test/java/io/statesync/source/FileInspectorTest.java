package io.statesync.source;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.source.FileInspector.Finding;
import io.statesync.source.FileInspector.GoodAgain;
import io.statesync.source.FileInspector.NewState;
import io.statesync.source.FileInspector.Nothing;
import io.statesync.source.FileInspector.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The judgement of a file in virtual time; the time unit is the nanosecond, and a doubt settles in 100 of them. */
class FileInspectorTest {
    private static final long SETTLE = 100;
    private static final Instant TODAY = Instant.parse("2026-01-01T00:00:00Z");

    @TempDir
    Path folder;

    private final List<String> decoded = new ArrayList<>();
    private Path file;
    private FileInspector<Integer> inspector;
    private long now = -50; // a nanosecond clock may be negative

    @BeforeEach
    void inspect() throws IOException {
        file = folder.resolve("number.txt");
        inspector = new FileInspector<>(file, this::decode, SETTLE, () -> TODAY);
        save("1");
        assertThat(look()).isEqualTo(new NewState<>(1));
    }

    @Test
    void badContentIsAProblemOnceItHasNotChangedForTheSettleTime() throws IOException {
        save("bad");

        assertThat(look()).isEqualTo(new Nothing<>());
        assertThat(inspector.nanosUntilSettled(now)).isEqualTo(SETTLE);
        pass(99);
        assertThat(look()).isEqualTo(new Nothing<>());
        pass(1);
        assertThat(inspector.nanosUntilSettled(now)).isZero();
        assertThat(look()).isInstanceOf(Problem.class);

        assertThat(inspector.nanosUntilSettled(now)).isEqualTo(Long.MAX_VALUE);
        pass(1_000);
        assertThat(look()).isEqualTo(new Nothing<>());
        assertThat(decoded).containsExactly("1", "bad");
    }

    @Test
    void changingBadContentStartsTheSettleTimeAnew() throws IOException {
        save("b");
        look();
        pass(60);
        save("ba");
        look();
        pass(60);

        assertThat(look()).isEqualTo(new Nothing<>());
        assertThat(inspector.nanosUntilSettled(now)).isEqualTo(40);
    }

    @Test
    void contentThatKeepsChangingWithoutBeingGoodIsAProblemAfterTenSettleTimes() throws IOException {
        int looks = 0;
        Finding<Integer> finding = new Nothing<>();
        while (finding instanceof Nothing && looks < 100) {
            save("bad" + looks);
            finding = look();
            pass(SETTLE / 2);
            looks++;
        }

        assertThat(finding).isInstanceOf(Problem.class);
        assertThat(looks).isEqualTo(21);
    }

    @Test
    void goodContentEndsADoubt() throws IOException {
        save("bad");
        look();
        pass(50);
        save("2");

        assertThat(look()).isEqualTo(new NewState<>(2));
        assertThat(inspector.nanosUntilSettled(now)).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void lastGoodContentAfterADoubtIsGoodAgainAndNotDecodedAnew() throws IOException {
        save("bad");
        look();
        save("1");

        assertThat(look()).isEqualTo(new GoodAgain<>());
        assertThat(look()).isEqualTo(new Nothing<>());
        assertThat(decoded).containsExactly("1", "bad");
    }

    @Test
    void emptyFileIsDecodedOnlyAfterTheSettleTime() throws IOException {
        save("");

        assertThat(look()).isEqualTo(new Nothing<>());
        assertThat(decoded).containsExactly("1");
        pass(SETTLE);
        assertThat(look()).isEqualTo(new NewState<>(0));
    }

    @Test
    void missingFileIsAProblemAfterTheSettleTimeAndOnce() throws IOException {
        Files.delete(file);

        assertThat(look()).isEqualTo(new Nothing<>());
        pass(SETTLE);
        assertThat(look()).isInstanceOf(Problem.class);
        pass(SETTLE);
        assertThat(look()).isEqualTo(new Nothing<>());
    }

    @Test
    void oldFileIsNotReadAgainUnlessTouched() throws IOException {
        Files.setLastModifiedTime(file, FileTime.from(TODAY.minusSeconds(60)));
        assertThat(inspector.look(false, now)).isEqualTo(new Nothing<>());
        overwriteKeepingTheTime("2");

        assertThat(inspector.look(false, now)).isEqualTo(new Nothing<>());
        assertThat(inspector.look(true, now)).isEqualTo(new NewState<>(2));
    }

    @Test
    void fileThatWasReadSoonAfterItsSaveIsReadAgain() throws IOException {
        Files.setLastModifiedTime(file, FileTime.from(TODAY.minusSeconds(2)));
        assertThat(inspector.look(false, now)).isEqualTo(new Nothing<>());
        overwriteKeepingTheTime("2");

        assertThat(inspector.look(false, now)).isEqualTo(new NewState<>(2));
    }

    private Finding<Integer> look() {
        return inspector.look(true, now);
    }

    private void pass(long nanos) {
        now += nanos;
    }

    private void save(String content) throws IOException {
        Files.writeString(file, content);
    }

    private void overwriteKeepingTheTime(String content) throws IOException {
        FileTime time = Files.getLastModifiedTime(file);
        save(content);
        Files.setLastModifiedTime(file, time);
    }

    private Integer decode(byte[] content) {
        String text = new String(content, UTF_8);
        decoded.add(text);
        return text.isEmpty() ? 0 : Integer.parseInt(text);
    }
}
