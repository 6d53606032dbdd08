package io.statesync.http;

import io.statesync.jackson.internal.Json;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which topics a stream has: those that the server has acknowledged, those that it may have because a request's outcome is
 * not known, and the change that is under way. Guarded by whoever owns it.
 */
final class TopicSet {
    /** At most so many topics, and characters of topics, in one request. */
    static final int MOST = 2_000;

    private static final int MOST_CHARACTERS = 128 * 1024;

    /** A change of the topics. */
    record Change(List<String> add, List<String> remove) {
        boolean isEmpty() {
            return add.isEmpty() && remove.isEmpty();
        }

        byte[] json() {
            return ("{\"add\":" + array(add) + ",\"remove\":" + array(remove) + "}").getBytes(StandardCharsets.UTF_8);
        }
    }

    private final Set<String> members = new HashSet<>();
    private final Set<String> doubtful = new HashSet<>();
    private final Set<String> refused = new HashSet<>();
    private Change underWay = new Change(List.of(), List.of());
    private int most = MOST;

    static String array(Collection<String> topics) {
        StringBuilder out = new StringBuilder("[");
        for (String topic : topics) {
            out.append(out.length() == 1 ? "" : ",").append(Json.quote(topic));
        }
        return out.append(']').toString();
    }

    /** As many of the topics as fit into a request. */
    static List<String> firstOf(Iterable<String> topics, int most) {
        List<String> first = new ArrayList<>();
        int characters = 0;
        for (String topic : topics) {
            characters += topic.length();
            if (first.size() >= most || (characters > MOST_CHARACTERS && !first.isEmpty())) {
                break;
            }
            first.add(topic);
        }
        return first;
    }

    /** Whether every event of the topic reaches the stream. */
    boolean has(String topic) {
        return members.contains(topic) && !underWay.remove().contains(topic);
    }

    Set<String> members() {
        return members;
    }

    /** A new stream, with these topics. */
    void begin(Collection<String> topics) {
        end();
        members.addAll(topics);
    }

    /** There is no stream any more. */
    void end() {
        members.clear();
        doubtful.clear();
        refused.clear();
        underWay = new Change(List.of(), List.of());
        most = MOST;
    }

    boolean isChanging() {
        return !underWay.isEmpty();
    }

    /** Somebody asks for the topic anew, whether it was refused or not. */
    void tryAgain(String topic) {
        refused.remove(topic);
    }

    /** Begins the next change on the way to the topics that are wanted; empty if there is nothing to change. */
    Change next(Set<String> wanted) {
        List<String> missing = new ArrayList<>();
        for (String topic : wanted) {
            if (!members.contains(topic) && !refused.contains(topic)) {
                missing.add(topic);
            }
        }
        List<String> leaving = new ArrayList<>();
        members.stream().filter(topic -> !wanted.contains(topic)).forEach(leaving::add);
        doubtful.stream().filter(topic -> !wanted.contains(topic)).forEach(leaving::add);
        refused.retainAll(wanted);
        underWay = new Change(firstOf(missing, most), firstOf(leaving, MOST));
        return underWay;
    }

    /** The change was made. */
    void done(Change change) {
        change.remove().forEach(members::remove);
        members.addAll(change.add());
        change.remove().forEach(doubtful::remove);
        change.add().forEach(doubtful::remove);
        underWay = new Change(List.of(), List.of());
        most = Math.min(MOST, most * 2);
    }

    /** It is not known whether the change was made. */
    void lost(Change change) {
        change.remove().forEach(members::remove);
        doubtful.addAll(change.remove());
        doubtful.addAll(change.add());
        underWay = new Change(List.of(), List.of());
    }

    /**
     * The server refuses the change for good, and did nothing of it.
     *
     * @return the topic that it will not have; null if it is not known which, and a smaller change will tell
     */
    @Nullable
    String refused(Change change) {
        underWay = new Change(List.of(), List.of());
        if (change.add().size() > 1) {
            most = change.add().size() / 2;
            return null;
        }
        change.remove().forEach(members::remove);
        change.remove().forEach(doubtful::remove);
        if (change.add().isEmpty()) {
            return null;
        }
        refused.add(change.add().get(0));
        return change.add().get(0);
    }
}
