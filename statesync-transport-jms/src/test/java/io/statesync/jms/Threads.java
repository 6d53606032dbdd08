package io.statesync.jms;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** The library's threads that there are now. */
final class Threads {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final Set<Thread> before = ours().keySet();

    private static Map<Thread, StackTraceElement[]> ours() {
        return Thread.getAllStackTraces().entrySet().stream()
                .filter(each -> each.getKey().getName().startsWith("statesync-"))
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    }

    /** Whether any thread at all is in a method of a class whose name has this in it. */
    static boolean anyIn(String className) {
        return Thread.getAllStackTraces().values().stream()
                .flatMap(Arrays::stream)
                .anyMatch(frame -> frame.getClassName().contains(className));
    }

    /** Waits until there are no more than there were. */
    void awaitNoMore() {
        awaitNoMore(() -> {});
    }

    /**
     * Waits until there are no more than there were.
     *
     * @param meanwhile what is done again and again
     */
    void awaitNoMore(Runnable meanwhile) {
        await().atMost(LIMIT).untilAsserted(() -> {
            meanwhile.run();
            Map<Thread, StackTraceElement[]> left = ours();
            left.keySet().removeAll(before);
            assertThat(left.entrySet().stream()
                            .map(each -> each.getKey().getName() + " in " + Arrays.toString(each.getValue())))
                    .isEmpty();
        });
    }
}
