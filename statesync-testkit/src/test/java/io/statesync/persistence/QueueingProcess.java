package io.statesync.persistence;

import io.statesync.Backoff;
import io.statesync.InvalidationSubscriber;
import io.statesync.NotSentException;
import io.statesync.Proposal;
import io.statesync.PullResult;
import io.statesync.Revision;
import io.statesync.SnapshotEnvelope;
import io.statesync.SnapshotProvider;
import io.statesync.StateProposer;
import io.statesync.StateVersion;
import io.statesync.WritableBinding;
import io.statesync.WriteResult;
import io.statesync.jackson.JacksonCodec;
import io.statesync.replica.QueuedWrite;
import io.statesync.replica.ReplicaBuilder;
import io.statesync.replica.StateReplica;
import io.statesync.replica.WriteQueue;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

/**
 * A program whose replica dispatches one number after the other, until it is killed. Its source is whoever started it:
 * it asks by lines {@code pull ask} and {@code propose ask id epoch revision state end}, and says {@code kept numbers} when its
 * queue has returned from a save.
 */
final class QueueingProcess implements WritableBinding<String> {
    static final String TOPIC = "numbers";
    private static final int AT_ONCE = 20;

    private final Map<String, CompletableFuture<String[]>> asked = new ConcurrentHashMap<>();
    private final AtomicInteger asks = new AtomicInteger();

    static ProcessBuilder command(Path folder, int first) {
        return SavingProcess.java(QueueingProcess.class, folder.toString(), Integer.toString(first));
    }

    static FileWriteQueue<String> queue(Path folder) throws IOException {
        return FileWriteQueue.<String>builder(folder, TOPIC, SnapshotFormat.of(JacksonCodec.json(String.class)))
                .actions(Integer.class, JacksonCodec.json(Integer.class))
                .build();
    }

    /** A replica of numbers that were dispatched, in their order. */
    static ReplicaBuilder<String> replica() {
        return StateReplica.<String>builder(TOPIC)
                .reducer(Integer.class, (state, number) -> state.isEmpty() ? "" + number : state + "," + number)
                .proposalTimeout(Duration.ofMillis(50))
                .conflictBackoff(Backoff.fixed(Duration.ofMillis(1)))
                .sendBackoff(Backoff.fixed(Duration.ofMillis(5)));
    }

    /** The numbers of the actions in a queue. */
    static List<Integer> numbers(List<QueuedWrite<String>> writes) {
        return writes.stream()
                .map(write -> (Integer) ((QueuedWrite.Action<String>) write).action())
                .toList();
    }

    public static void main(String[] arguments) throws Exception {
        QueueingProcess source = new QueueingProcess();
        Thread answers = new Thread(source::readAnswers, "answers");
        answers.setDaemon(true);
        answers.start();
        FileWriteQueue<String> queue = queue(Path.of(arguments[0]));
        StateReplica<String> replica =
                replica().source(source).queue(saying(queue)).build();
        replica.start().join();
        Semaphore permits = new Semaphore(AT_ONCE);
        for (int number = Integer.parseInt(arguments[1]); ; number++) {
            permits.acquire();
            var unused = replica.dispatch(number).whenComplete((outcome, failure) -> permits.release());
        }
    }

    private static WriteQueue<String> saying(FileWriteQueue<String> queue) {
        return new WriteQueue<>() {
            @Override
            public List<QueuedWrite<String>> load() throws IOException {
                return queue.load();
            }

            @Override
            public void save(List<QueuedWrite<String>> writes) throws IOException {
                queue.save(writes);
                say("kept " + numbers(writes).stream().map(String::valueOf).collect(Collectors.joining(",")));
            }
        };
    }

    private static synchronized void say(String line) {
        System.out.println(line);
        System.out.flush();
    }

    private CompletableFuture<String[]> ask(String what, String rest) {
        String number = Integer.toString(asks.incrementAndGet());
        CompletableFuture<String[]> answer = new CompletableFuture<>();
        asked.put(number, answer);
        say(what + " " + number + " " + rest);
        return answer;
    }

    private void readAnswers() {
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                String[] words = line.split(" ", -1);
                CompletableFuture<String[]> answer = asked.remove(words[1]);
                if (answer != null) {
                    var unused = answer.completeAsync(() -> words);
                }
            }
        } catch (IOException e) {
            say("error " + e);
        }
    }

    @Override
    public InvalidationSubscriber subscriber() {
        return handler -> CompletableFuture.completedFuture(() -> {});
    }

    @Override
    public SnapshotProvider<String> provider() {
        return request -> ask("pull", "").<PullResult<String>>thenApply(QueueingProcess::snapshot);
    }

    @Override
    public StateProposer<String> proposer() {
        return this::propose;
    }

    private CompletionStage<WriteResult<String>> propose(Proposal<String> proposal) {
        StateVersion base = Objects.requireNonNull(proposal.base());
        return ask(
                        "propose",
                        proposal.proposalId() + " " + base.epoch() + " " + base.revision() + " " + proposal.value()
                                + " end")
                .thenCompose(QueueingProcess::result);
    }

    private static CompletionStage<WriteResult<String>> result(String[] words) {
        return switch (words[0]) {
            case "accepted" -> CompletableFuture.completedFuture(new WriteResult.Accepted<>(version(words)));
            case "conflict" -> CompletableFuture.completedFuture(new WriteResult.Conflict<>(snapshot(words)));
            default -> CompletableFuture.failedFuture(new NotSentException("refused", null));
        };
    }

    private static SnapshotEnvelope<String> snapshot(String[] words) {
        return SnapshotEnvelope.of(version(words), words[4]);
    }

    private static StateVersion version(String[] words) {
        return StateVersion.of(Revision.parse(words[2]), Revision.parse(words[3]));
    }
}
