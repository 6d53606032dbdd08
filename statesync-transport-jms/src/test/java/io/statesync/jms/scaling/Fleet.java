package io.statesync.jms.scaling;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** Brokers, sources and replicas, each in a process of its own that can be killed and started again. */
final class Fleet implements AutoCloseable {
    /** How many of each. */
    record Size(int brokers, int sources, int replicas) {}

    final Tally tally = new Tally();
    private final Brokers brokers;
    private final String database;
    private final Map<String, Child> running = new LinkedHashMap<>(); // those that are not killed; not the brokers
    private final Map<String, String> writers = new LinkedHashMap<>(); // of those that write
    private final TreeSet<String> dead = new TreeSet<>();
    private final List<String> names = new ArrayList<>();
    private boolean writing = true;
    private int started;

    /**
     * A fleet all of which was started.
     *
     * @param database the URL of a PostgreSQL
     */
    Fleet(Size size, String database) throws Exception {
        this.database = database;
        this.brokers = new Brokers(size.brokers());
        try {
            for (int i = 0; i < size.sources(); i++) {
                names.add("source" + i);
            }
            for (int i = 0; i < size.replicas(); i++) {
                names.add("replica" + i);
            }
            for (String name : names) {
                start(name);
            }
            for (int i = 0; i < size.brokers(); i++) {
                names.add("broker" + i);
            }
        } catch (Exception | AssertionError e) {
            close();
            throw e;
        }
    }

    private static int number(String name) {
        return name.charAt(name.length() - 1) - '0';
    }

    private static boolean isBroker(String name) {
        return name.startsWith("broker");
    }

    List<String> names() {
        return List.copyOf(names);
    }

    List<String> replicas() {
        return names.stream().filter(name -> name.startsWith("replica")).toList();
    }

    boolean isDead(String name) {
        return dead.contains(name);
    }

    /** Starts one; if writes are wanted, it writes under a name that nobody had before. */
    void start(String name) throws IOException {
        dead.remove(name);
        if (isBroker(name)) {
            var unused = brokers.start(number(name));
            return;
        }
        started++;
        String writer = name + "." + started;
        tally.forget(name);
        Child child = new Child(
                name,
                line -> tally.hear(name, line),
                64,
                name.startsWith("source") ? SourceProcess.class : ReplicaProcess.class,
                writer,
                Counts.TOPICS.get(number(name) % Counts.TOPICS.size()),
                String.valueOf(brokers.port(0)),
                String.valueOf(brokers.port(1)),
                database);
        running.put(name, child);
        if (writing) {
            writers.put(name, writer);
            child.tell("write");
        }
    }

    void kill(String name) throws InterruptedException {
        dead.add(name);
        if (isBroker(name)) {
            brokers.kill(number(name));
            return;
        }
        writers.remove(name);
        Child child = running.remove(name);
        child.kill();
    }

    /** Nobody begins a write from now on, whoever is started. */
    void stopWriting() {
        writing = false;
        writers.keySet().forEach(name -> running.get(name).tell("stop"));
    }

    /** Starts all that are dead. */
    void heal() throws IOException {
        for (String name : List.copyOf(dead)) {
            start(name);
        }
    }

    /** Whether all writes that were under way have an outcome. */
    boolean isStill() {
        return writers.values().stream().allMatch(tally::isStopped);
    }

    void askReplicas() {
        replicas().stream()
                .filter(running::containsKey)
                .forEach(name -> running.get(name).tell("show"));
    }

    /** Who ended and was not killed, with what it said last. */
    List<String> endedByThemselves() {
        List<Child> all = new ArrayList<>(running.values());
        for (int i = 0; i < brokers.count(); i++) {
            all.add(brokers.process(i));
        }
        return all.stream().filter(Child::endedByItself).map(Child::toString).toList();
    }

    @Override
    public void close() throws InterruptedException {
        for (Child child : running.values()) {
            child.close();
        }
        brokers.close();
    }
}
