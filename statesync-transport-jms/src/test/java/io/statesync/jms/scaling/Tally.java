package io.statesync.jms.scaling;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What processes said of their writes and of what they have. Safe for use from any thread. */
final class Tally {
    private final Map<String, Writes> writers = new TreeMap<>(); // guarded by this
    private final Map<String, Map<String, String>> shown = new HashMap<>(); // guarded by this; by process and topic
    private final List<String> faults = new ArrayList<>(); // guarded by this

    /** Of one writer. */
    private static final class Writes {
        long tried;
        long accepted;
        long refused;
        boolean stopped;

        /** How many may have been written and were not told to be. */
        long inDoubt() {
            return tried - accepted - refused;
        }
    }

    /** A line of a process. What is none of the known is a fault only if it says so. */
    synchronized void hear(String process, String line) {
        String[] words = line.split(" ", 3);
        if (words.length < 2) {
            return;
        }
        switch (words[0]) {
            case "try" -> of(words[1]).tried++;
            case "accepted" -> of(words[1]).accepted++;
            case "refused" -> of(words[1]).refused++;
            case "stopped" -> of(words[1]).stopped = true;
            case "shows" ->
                shown.computeIfAbsent(process, name -> new HashMap<>())
                        .put(words[1], line.substring(words[0].length() + 1));
            case "fault", "Exception" -> faults.add(process + ": " + line);
            default -> {}
        }
    }

    private Writes of(String writer) {
        return writers.computeIfAbsent(writer, name -> new Writes());
    }

    synchronized boolean isStopped(String writer) {
        return of(writer).stopped;
    }

    /** How many writes were accepted, of writers whose names begin so. */
    synchronized long accepted(String prefix) {
        return writers.entrySet().stream()
                .filter(each -> each.getKey().startsWith(prefix))
                .mapToLong(each -> each.getValue().accepted)
                .sum();
    }

    /** How many writes have an outcome that nobody was told. */
    synchronized long inDoubt() {
        return writers.values().stream().mapToLong(Writes::inDoubt).sum();
    }

    synchronized long refused() {
        return writers.values().stream().mapToLong(writes -> writes.refused).sum();
    }

    /** What a process showed last of a topic; null for nothing. */
    synchronized String shown(String process, String topic) {
        return shown.getOrDefault(process, Map.of()).get(topic);
    }

    /** A process is another now. */
    synchronized void forget(String process) {
        shown.remove(process);
    }

    synchronized List<String> faults() {
        return List.copyOf(faults);
    }

    /** What of the writes the database has too few or too many times. */
    synchronized List<String> wrong(Map<String, Long> database) {
        List<String> wrong = new ArrayList<>();
        writers.forEach((writer, writes) -> {
            long has = database.getOrDefault(writer, 0L);
            if (has < writes.accepted || has > writes.accepted + writes.inDoubt()) {
                wrong.add(writer + ": written " + has + ", accepted " + writes.accepted + ", in doubt "
                        + writes.inDoubt());
            }
        });
        database.keySet().stream()
                .filter(writer -> !writers.containsKey(writer))
                .forEach(writer -> wrong.add(writer + " never wrote"));
        return wrong;
    }
}
