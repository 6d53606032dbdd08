package io.statesync.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.Revision;
import io.statesync.StateVersion;
import io.statesync.persistence.PersistentCache;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

@Timeout(180)
class KeptTest {
    private static final StateVersion VERSION = StateVersion.of(Revision.of(3));

    @TempDir
    Path folder;

    private Kept open() throws IOException {
        return new Kept(folder, JsonFile.codec(), new Screen(new PrintWriter(new Lines()), false));
    }

    @Test
    void onlyWhatWasThereBeforeIsKeptAndNotWhatAReplicaHasJustSaved() throws Exception {
        Kept first = open();
        assertThat(first.has("settings")).isFalse();
        PersistentCache<JsonNode> cache = first.cache();
        cache.applied("settings", VERSION, JsonNodeFactory.instance.stringNode("dark"));
        cache.flush("settings").get(30, TimeUnit.SECONDS);

        assertThat(first.has("settings")).isTrue();
        assertThat(first.age(VERSION)).isNull();
        Kept second = open();
        assertThat(second.has("settings")).isTrue();
        assertThat(second.age(VERSION)).matches("[0-9.]+ s");
    }
}
