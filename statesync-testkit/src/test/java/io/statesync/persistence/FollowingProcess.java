package io.statesync.persistence;

import io.statesync.RevisionSync;
import io.statesync.RevisionSyncOptions;
import io.statesync.Startup;
import io.statesync.StateCodec;
import io.statesync.StateSync;
import io.statesync.jackson.TreeCodec;
import io.statesync.testkit.StoredSnapshots;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;

/** A program whose engine follows {@link SavingProcess}'s topic in a folder, and prints what it applies and hears. */
final class FollowingProcess {
    private FollowingProcess() {}

    /** The bytes as they are, under the name and in the form that {@link StoredSnapshots} have. */
    static SnapshotFormat<byte[]> format() {
        StateCodec<byte[]> bytes = new TreeCodec<>() {
            @Override
            public String name() {
                return "json";
            }

            @Override
            public byte[] encode(byte[] state) {
                return state;
            }

            @Override
            public byte[] decode(byte[] bytes) {
                return bytes;
            }

            @Override
            public tools.jackson.databind.JsonNode readTree(byte[] bytes) throws IOException {
                throw new IOException("there is nothing to migrate");
            }

            @Override
            public byte[] fromTree(tools.jackson.databind.JsonNode tree) throws IOException {
                throw new IOException("there is nothing to migrate");
            }
        };
        return SnapshotFormat.builder(bytes)
                .migrations(Migrations.to(3).build())
                .build();
    }

    private static synchronized void say(String line) {
        System.out.println(line);
        System.out.flush();
    }

    public static void main(String[] arguments) throws Exception {
        FileStorage storage = FileStorage.in(Path.of(arguments[0]));
        FolderSource<byte[]> source = FolderSource.builder(storage, SavingProcess.TOPIC, format())
                .onCleared(() -> say("cleared"))
                .build();
        RevisionSync<byte[]> engine =
                StateSync.createRevisionSync(RevisionSyncOptions.<byte[]>builder(SavingProcess.TOPIC)
                        .source(source)
                        .startup(Startup.KEEP_TRYING)
                        .onError(error -> {
                            if (!String.valueOf(error.error().getMessage()).contains("nothing is kept")) {
                                say("error " + error);
                            }
                        })
                        .applier(snapshot -> {
                            long revision = snapshot.revision().bits();
                            byte[] expected = StoredSnapshots.at(revision).payload();
                            say((Arrays.equals(snapshot.data(), expected) ? "applied " : "torn ") + revision);
                        })
                        .build());
        var unused = engine.start();
        say("ready");
        Thread.currentThread().join(); // until it is killed
    }
}
