package io.statesync.persistence;

import java.nio.file.Path;

/**
 * The files of a topic in a storage's folder; docs/persistence-format.md describes them.
 *
 * @param newest the newest generation
 * @param before the generation before
 * @param temporary a save under way, or one that was cut short
 * @param lock what who saves or clears holds locked
 */
record TopicFiles(Path newest, Path before, Path temporary, Path lock) {
    static final String NEWEST = ".snapshot";
    static final String BEFORE = ".before";

    static TopicFiles of(DurableFolder folder, String topic) {
        String name = EntryNames.of(topic);
        return new TopicFiles(
                folder.file(name + NEWEST),
                folder.file(name + BEFORE),
                folder.file(name + ".tmp"),
                folder.file(name + ".lock"));
    }
}
