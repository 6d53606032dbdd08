package io.statesync.stores;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.statesync.source.Authority;
import io.statesync.source.FileAuthority;
import io.statesync.testkit.AuthorityContract;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

/** A file that can be written keeps the authority's contract. */
class FileAuthorityContractTest extends AuthorityContract<String> {
    @TempDir
    Path folder;

    private FileAuthority<String> authority;

    @Override
    protected Authority<String> createAuthority() throws IOException {
        Path file = Files.writeString(folder.resolve("state.txt"), data(0));
        authority = FileAuthority.open(
                "state", file, content -> new String(content, UTF_8), state -> state.getBytes(UTF_8));
        return authority;
    }

    @Override
    protected String data(int n) {
        return "state " + n;
    }

    @Override
    protected Duration patience() {
        return Duration.ofMinutes(1); // each write is forced to the disk
    }

    @AfterEach
    void close() {
        authority.close();
    }
}
