package io.statesync.log;

import static io.statesync.contract.Harness.TOPIC;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.core.read.ListAppender;
import io.statesync.Backoff;
import io.statesync.LifecycleState;
import io.statesync.RetryPolicy;
import io.statesync.RevisionSyncOptions;
import io.statesync.SnapshotEnvelope;
import io.statesync.Startup;
import io.statesync.SyncListener;
import io.statesync.TimeSource;
import io.statesync.contract.Harness;
import io.statesync.testkit.VirtualTime;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/** What the log says: stable logger names, the facts of each line, and never a payload. */
class LogTest {
    private static final String SECRET = "hunter2-of-the-payload";
    private static final String LIFECYCLE = "io.statesync.lifecycle";
    private static final String APPLY = "io.statesync.apply";
    private static final String ERROR = "io.statesync.error";
    private static final String CALLBACK = "io.statesync.callback";

    private final Logger root = (Logger) LoggerFactory.getLogger("io.statesync");
    private final ListAppender<ILoggingEvent> log = new ListAppender<>() {
        @Override
        protected void append(ILoggingEvent line) {
            line.prepareForDeferredProcessing(); // takes the MDC of now
            super.append(line);
        }
    };
    private Level levelBefore;

    @BeforeEach
    void listen() {
        levelBefore = root.getLevel();
        root.setLevel(Level.DEBUG);
        root.setAdditive(false);
        log.start();
        root.addAppender(log);
    }

    @AfterEach
    void stopListening() {
        root.detachAppender(log);
        root.setAdditive(true);
        root.setLevel(levelBefore);
        MDC.clear();
    }

    private static Harness engine(UnaryOperator<RevisionSyncOptions.Builder<String>> options) {
        return new Harness(b -> options.apply(b.instance("left")));
    }

    private static Harness engine() {
        return engine(b -> b);
    }

    private List<String> lines(String logger) {
        return log.list.stream()
                .filter(line -> line.getLoggerName().equals(logger))
                .map(line -> line.getLevel() + " " + line.getFormattedMessage())
                .toList();
    }

    @Test
    void startAndStopAreDebugLinesOfTheLifecycle() {
        Harness h = engine().startedAt("1");
        h.sync.stop();
        assertThat(lines(LIFECYCLE))
                .containsExactly(
                        "DEBUG IDLE -> STARTING topic=settings instance=left",
                        "DEBUG STARTING -> RUNNING topic=settings instance=left",
                        "DEBUG RUNNING -> STOPPED topic=settings instance=left");
    }

    @Test
    void eachAppliedVersionAndEachSkipIsADebugLine() {
        Harness h = engine().startedAt("1");
        CompletableFuture<Void> applying = new CompletableFuture<>();
        h.onApply = snapshot -> applying;
        h.transport().snapshot(SnapshotEnvelope.parse("2", "3", "pushed"));
        h.advance(Duration.ofMillis(7));
        applying.complete(null);
        CompletableFuture<Void> refreshed = h.sync.refresh();
        h.answer("1", "3");
        assertThat(refreshed).isCompleted();

        assertThat(lines(APPLY))
                .containsExactly(
                        "DEBUG applied version=1 from=PULLED tookMs=0 topic=settings instance=left",
                        "DEBUG applied version=2@3 from=PUSHED tookMs=7 topic=settings instance=left",
                        "DEBUG skipped version=1@3 local=2@3 topic=settings instance=left");
    }

    @Test
    void eventsThatAreDroppedAreNotLogged() {
        Harness h = engine().startedAt("5");
        log.list.clear();
        h.event("4");
        h.transport().event("other", "9");
        assertThat(log.list).isEmpty();
    }

    @Test
    @DisplayName("retries are warnings at attempts 1, 2, 4, 8 and so on; the final failure is one error")
    void retriesAreWarnedOfAtEachDoubling() {
        Harness h = engine(b -> b.retry(new RetryPolicy(11, Backoff.fixed(Duration.ofMillis(10)))))
                .startedAt("1");
        CompletableFuture<Void> refreshed = h.sync.refresh();
        for (int attempt = 1; attempt <= 11; attempt++) {
            h.failPull(new IOException("away"));
            h.advance(Duration.ofMillis(10));
        }
        assertThat(refreshed).isCompletedExceptionally();
        assertThat(lines(ERROR))
                .containsExactly(
                        retryLine(1),
                        retryLine(2),
                        retryLine(4),
                        retryLine(8),
                        "ERROR failed phase=getSnapshot attempt=11 local=1 event=null snapshot=null topic=settings"
                                + " instance=left");
        assertThat(thrown(log.list.get(log.list.size() - 1)).getMessage()).isEqualTo("away");
    }

    /** A time source whose timers cannot be cancelled. */
    private record StubbornTime(TimeSource time) implements TimeSource {
        @Override
        public long nanoTime() {
            return time.nanoTime();
        }

        @Override
        public Instant now() {
            return time.now();
        }

        @Override
        public Timer schedule(Runnable task, Duration delay) {
            return () -> {
                throw new IllegalStateException("cancel");
            };
        }
    }

    @Test
    @DisplayName("L3: what fails while the engine stops is one error line, and stop() does not throw it")
    void aFailureOfTheStopIsLogged() {
        Harness h = engine(b -> b.time(new StubbornTime(new VirtualTime())));
        h.start();
        h.sync.stop();
        assertThat(h.sync.status().state()).isEqualTo(LifecycleState.STOPPED);
        assertThat(lines(LIFECYCLE).stream().filter(line -> line.startsWith("ERROR")))
                .containsExactly("ERROR stopped, but not all was given up: topic=settings instance=left");
    }

    private static String retryLine(int attempt) {
        return "WARN will retry phase=getSnapshot attempt=" + attempt
                + " nextDelay=PT0.01S local=1 topic=settings instance=left error=java.io.IOException: away";
    }

    @Test
    @DisplayName("catching up with a stale source is warned of at each doubling, and given up with one error")
    void staleAnswersAreWarnedOfAtEachDoubling() {
        Harness h = engine(b -> b.giveUpAfter(Duration.ofSeconds(2)));
        h.onPull = request -> CompletableFuture.completedFuture(Harness.snapshot("1"));
        h.start();
        h.event("5");
        h.advance(Duration.ofSeconds(10));
        List<String> lines = lines(ERROR);
        assertThat(lines).hasSize(4);
        assertThat(lines.subList(0, 3)).allMatch(line -> line.startsWith("WARN will retry phase=refresh attempt="));
        assertThat(lines.get(3)).startsWith("ERROR failed phase=refresh attempt=6 ");
    }

    @Test
    @DisplayName("a subscribe that is tried again is a warning")
    void subscribeRetriesAreWarnings() {
        Harness h = engine(b -> b.startup(Startup.KEEP_TRYING));
        h.onSubscribe = handler -> CompletableFuture.failedFuture(new IOException("away"));
        h.start();
        assertThat(lines(ERROR))
                .containsExactly("WARN will retry phase=subscribe attempt=1 nextDelay=PT0.1S local=null topic=settings"
                        + " instance=left error=java.io.IOException: away");
    }

    @Test
    void eachFinalFailureIsOneErrorLineWithItsFacts() {
        Harness h = engine().startedAt("1");
        h.onApply = snapshot -> CompletableFuture.failedFuture(new IOException("disk full"));
        h.transport().snapshot("2", null, "pushed");
        h.transport().event(TOPIC, "x", null);
        assertThat(lines(ERROR))
                .containsExactly(
                        "ERROR failed phase=apply attempt=0 local=1 event=null snapshot=2 topic=settings instance=left",
                        "ERROR failed phase=protocol attempt=0 local=1 event=null snapshot=null topic=settings"
                                + " instance=left");
    }

    @Test
    @DisplayName("every line has topic and instance in the message and in the MDC, which is left as it was")
    void everyLineNamesTopicAndInstance() {
        MDC.put("statesync.topic", "outer");
        MDC.put("mine", "kept");
        Harness h = engine(b -> b.onError(error -> {
            throw new IllegalStateException("hook");
        }));
        h.startedAt("1");
        h.transport().malformed("?", null);
        CompletableFuture<Void> refreshed = h.sync.refresh();
        h.answer("1");
        h.sync.stop();

        assertThat(refreshed).isCompleted();
        assertThat(log.list).isNotEmpty().allSatisfy(line -> {
            assertThat(line.getFormattedMessage()).contains("topic=settings").contains("instance=left");
            assertThat(line.getMDCPropertyMap())
                    .containsEntry("statesync.topic", TOPIC)
                    .containsEntry("statesync.instance", "left")
                    .containsEntry("mine", "kept");
        });
        assertThat(MDC.getCopyOfContextMap())
                .containsEntry("statesync.topic", "outer")
                .containsEntry("mine", "kept")
                .doesNotContainKey("statesync.instance");
    }

    @Test
    @DisplayName("no payload and no data in any line, not even in its exception")
    void noPayloadIsLogged() {
        Harness h = engine(b -> b.retry(new RetryPolicy(2, Backoff.fixed(Duration.ofMillis(10))))
                .cache(topic -> CompletableFuture.completedFuture(SnapshotEnvelope.parse("1", null, SECRET)))
                .shouldRefresh(event -> {
                    throw new IllegalStateException("predicate");
                }));
        h.onSubscribe = handler -> CompletableFuture.completedFuture(() -> {
            throw new IOException("close");
        });
        h.start();
        h.failPull(new IOException("pull"));
        h.advance(Duration.ofMillis(10));
        h.open().answer().complete(SnapshotEnvelope.parse("2", null, SECRET));
        h.transport().malformed(SECRET, new IOException("unreadable"));
        h.transport().event(TOPIC, "x", null, null, SECRET);
        h.transport().event(null, "1", null, null, SECRET);
        h.transport().event(TOPIC, "3", null, null, SECRET);
        h.transport().snapshot("x", null, SECRET);
        h.onApply = snapshot -> CompletableFuture.failedFuture(new IOException("apply"));
        h.transport().snapshot("4", null, SECRET);
        h.sync.stop();

        assertThat(h.errors).extracting(error -> error.sourceEvent()).contains((Object) SECRET);
        assertThat(log.list)
                .hasSizeGreaterThan(10)
                .allSatisfy(line -> assertThat(everythingIn(line)).doesNotContain(SECRET));
    }

    private static String everythingIn(ILoggingEvent line) {
        StringBuilder out = new StringBuilder(line.getFormattedMessage()).append(line.getMDCPropertyMap());
        for (IThrowableProxy error = line.getThrowableProxy(); error != null; error = error.getCause()) {
            out.append(error.getClassName()).append(error.getMessage());
        }
        return out.toString();
    }

    @Test
    @DisplayName("R4: an apply that takes longer than 10 s is a warning, once")
    void slowApplyIsAWarning() {
        Harness h = engine().startedAt("1");
        CompletableFuture<Void> applying = new CompletableFuture<>();
        h.onApply = snapshot -> applying;
        h.event("2");
        h.answer("2");
        log.list.clear();
        h.advance(Duration.ofSeconds(10).minusNanos(1));
        assertThat(log.list).isEmpty();
        h.advance(Duration.ofNanos(1));
        h.advance(Duration.ofHours(1));
        assertThat(lines(APPLY))
                .singleElement()
                .satisfies(line -> assertThat(line)
                        .startsWith("WARN ")
                        .contains("PT10S", "version=2", "topic=settings", "instance=left"));
        applying.complete(null);
        assertThat(lines(APPLY)).hasSize(2);
    }

    @Test
    @DisplayName("R4: no warning for an apply that was done in time")
    void fastApplyIsNoWarning() {
        Harness h = engine(b -> b.slowApplyAfter(Duration.ofSeconds(1)));
        CompletableFuture<Void> applying = new CompletableFuture<>();
        h.onApply = snapshot -> applying;
        h.start();
        h.answer("1");
        h.advance(Duration.ofMillis(999));
        applying.complete(null);
        h.advance(Duration.ofHours(1));
        assertThat(lines(APPLY)).noneMatch(line -> line.startsWith("WARN"));
        assertThat(h.time.pending()).isZero();
    }

    @Test
    @DisplayName("L3: a close() that no longer waits for its apply says so")
    void closeThatGivesUpIsAWarning() {
        Harness h = engine(b -> b.closeTimeout(Duration.ofMillis(5)));
        h.onApply = snapshot -> new CompletableFuture<>();
        h.start();
        h.answer("1");
        h.sync.close();
        assertThat(lines(APPLY))
                .singleElement()
                .satisfies(line ->
                        assertThat(line).startsWith("WARN ").contains("PT0.005S", "topic=settings", "instance=left"));
    }

    @Test
    @DisplayName("H1: a hook or listener that throws is an error line that names it")
    void throwingHooksAreErrorsOfTheCallbackLogger() {
        IllegalStateException thrown = new IllegalStateException("listener");
        Harness h = engine(b -> b.listener(new SyncListener<Object>() {
            @Override
            public void onStateChange(LifecycleState from, LifecycleState to) {
                throw thrown;
            }
        }));
        h.start();
        assertThat(lines(CALLBACK))
                .containsExactly("ERROR onStateChange threw, which changes nothing: topic=settings instance=left");
        assertThat(thrown(log.list.get(log.list.size() - 1)).getMessage()).isEqualTo("listener");
    }

    @Test
    @DisplayName("a refusing executor is one error line")
    void refusingExecutorIsAnError() {
        boolean[] refusing = {false};
        Harness h = engine(b -> b.executor(task -> {
            if (refusing[0]) {
                throw new RejectedExecutionException("shut down");
            }
            task.run();
        }));
        h.startedAt("1");
        refusing[0] = true;
        h.event("2");
        h.event("3");
        assertThat(lines(LIFECYCLE).stream().filter(line -> line.startsWith("ERROR")))
                .singleElement()
                .satisfies(line -> assertThat(line).contains("topic=settings", "instance=left"));
    }

    @Test
    @DisplayName("too slow hooks are warned of once, until they have caught up")
    void slowHooksAreWarnedOfOnce() {
        Deque<Runnable> tasks = new ArrayDeque<>();
        boolean[] slow = {false};
        Harness h = engine(b -> b.executor(task -> {
            if (slow[0]) {
                tasks.add(task);
            } else {
                task.run();
            }
        }));
        h.startedAt("1");
        for (int round = 1; round <= 2; round++) {
            slow[0] = true;
            for (int i = 0; i < 3000; i++) {
                h.transport().malformed("?", null);
            }
            assertThat(lines(CALLBACK))
                    .hasSize(round)
                    .allMatch(line -> line.startsWith("WARN ") && line.contains("topic=settings instance=left"));
            slow[0] = false;
            while (!tasks.isEmpty()) {
                tasks.poll().run();
            }
        }
    }

    @Test
    @DisplayName("joining a future of the engine inside its own callback is named")
    void joiningInsideACallbackIsAWarning() {
        Harness h = engine();
        h.onPull = request -> {
            var never = h.sync.awaitVersion(Harness.version("9"));
            try {
                never.get(0, TimeUnit.MILLISECONDS);
            } catch (TimeoutException expected) {
                // nobody is there to complete it: this thread is the engine's
            }
            return CompletableFuture.completedFuture(Harness.snapshot("9"));
        };
        h.start();
        assertThat(h.started).isCompleted();
        assertThat(lines(CALLBACK))
                .singleElement()
                .satisfies(line -> assertThat(line)
                        .startsWith("WARN joining a future")
                        .contains("topic=settings", "instance=left"));
    }

    private static IThrowableProxy thrown(ILoggingEvent line) {
        return line.getThrowableProxy();
    }
}
