package io.statesync.http;

import io.statesync.ProtocolException;
import io.statesync.PullRequest;
import io.statesync.PullResult;
import io.statesync.StateCodec;
import io.statesync.StateVersion;
import io.statesync.internal.DecodeOn;
import io.statesync.internal.Failures;
import io.statesync.internal.Texts;
import io.statesync.jackson.internal.Envelope;
import io.statesync.jackson.internal.Json;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The pulls of a client: so many requests at once, and, when more pulls wait than that, several in one request. */
final class Pulls {
    /**
     * How to pull.
     *
     * @param maxBytes how long a snapshot may be
     * @param concurrency how many requests there may be at once
     * @param batch how many pulls a request may have
     * @param pullWait how long a server may hold an answer until it has the version that is wanted
     */
    record Options(Duration requestTimeout, long maxBytes, int concurrency, int batch, Duration pullWait) {}

    private static final long MAX_BATCH_BYTES = 64L << 20;
    private static final String BATCH_LIMIT = "the limit of many snapshots,";

    private final Requests requests;
    private final Endpoint endpoint;
    private final Options options;
    private final DecodeOn decoder;
    private final Supplier<@Nullable String> streamId;

    private final Object lock = new Object();
    private final Deque<PullJob<?>> waiting = new ArrayDeque<>(); // guarded by lock
    private int running; // guarded by lock
    private boolean closed; // guarded by lock

    /**
     * Nothing is pulled yet.
     *
     * @param streamId the id of the stream that is open; null if none is
     */
    Pulls(
            Requests requests,
            Endpoint endpoint,
            Options options,
            DecodeOn decoder,
            Supplier<@Nullable String> streamId) {
        this.requests = requests;
        this.endpoint = endpoint;
        this.options = options;
        this.decoder = decoder;
        this.streamId = streamId;
    }

    /** A request under way, for one job or several. */
    static final class Flight {
        private final List<PullJob<?>> jobs;
        private int wanted; // guarded by the owner's lock: jobs that were not cancelled
        private @Nullable Exchange<byte[]> exchange; // guarded by the owner's lock

        Flight(List<PullJob<?>> jobs) {
            this.jobs = jobs;
            this.wanted = jobs.size();
        }
    }

    <T extends @Nullable Object> CompletableFuture<PullResult<T>> pull(PullRequest request, StateCodec<T> codec) {
        PullJob<T> job = new PullJob<>(this, request, codec);
        synchronized (lock) {
            if (closed) {
                throw new IllegalStateException("the client was closed: " + endpoint);
            }
            waiting.add(job);
        }
        request.onCancel(() -> job.cancel(true));
        pump();
        return job;
    }

    /** A job was cancelled: it gives up its place, and ends its request if nobody else waits for that. */
    void cancelled(PullJob<?> job) {
        Exchange<byte[]> ending = null;
        synchronized (lock) {
            Flight flight = job.flight;
            if (flight == null) {
                waiting.remove(job);
            } else {
                flight.wanted--;
                ending = flight.wanted == 0 ? flight.exchange : null;
            }
        }
        if (ending != null) {
            ending.cancel(true);
        }
    }

    private void pump() {
        for (Flight flight = take(); flight != null; flight = take()) {
            launch(flight);
        }
    }

    private @Nullable Flight take() {
        synchronized (lock) {
            if (closed || running >= options.concurrency() || waiting.isEmpty()) {
                return null;
            }
            List<PullJob<?>> jobs = new ArrayList<>();
            do {
                jobs.add(waiting.remove());
            } while (jobs.size() < options.batch() && !waiting.isEmpty() && !isAlone(jobs.get(0), waiting.peek()));
            Flight flight = new Flight(jobs);
            jobs.forEach(job -> job.flight = flight);
            running++;
            return flight;
        }
    }

    private static boolean isAlone(PullJob<?> first, @Nullable PullJob<?> next) {
        return first.alone || (next != null && next.alone);
    }

    private void launch(Flight flight) {
        Exchange<byte[]> exchange;
        try {
            exchange = flight.jobs.size() == 1 ? sendOne(flight.jobs.get(0)) : sendMany(flight.jobs);
        } catch (RuntimeException e) { // a topic that cannot be sent
            landed(flight);
            flight.jobs.forEach(job -> job.completeExceptionally(e));
            return;
        }
        boolean unwanted;
        synchronized (lock) {
            flight.exchange = exchange;
            unwanted = flight.wanted == 0;
        }
        if (unwanted) {
            exchange.cancel(true);
        }
        var unused = exchange.whenComplete((reply, error) -> {
            landed(flight);
            if (error != null) {
                Throwable cause = Failures.unwrapped(error);
                flight.jobs.forEach(job -> job.completeExceptionally(cause));
            } else if (flight.jobs.size() == 1) {
                one(flight.jobs.get(0), reply);
            } else {
                many(flight.jobs, reply);
            }
            pump();
        });
    }

    private void landed(Flight flight) {
        synchronized (lock) {
            running--;
            flight.exchange = null;
        }
    }

    // --- one

    private Exchange<byte[]> sendOne(PullJob<?> job) {
        Duration timeout = shorter(job.timeout, options.requestTimeout());
        StringBuilder path = new StringBuilder("/snapshot?topic=").append(Endpoint.encode(job.topic));
        StateVersion wanted = job.wanted;
        if (wanted != null) {
            path.append("&minRevision=")
                    .append(wanted.revision())
                    .append("&minEpoch=")
                    .append(wanted.epoch());
            long wait = shorter(options.pullWait(), timeout.dividedBy(2)).toMillis();
            if (wait > 0) {
                path.append("&wait=").append(wait);
            }
        }
        String id = streamId.get();
        if (id != null) {
            path.append("&stream=").append(Endpoint.encode(id));
        }
        HttpRequest.Builder request = endpoint.get(path.toString())
                .header("Accept", "application/json")
                .header("Accept-Encoding", "gzip");
        StateVersion held = job.held;
        if (held != null) {
            request.header("If-None-Match", "W/\"" + held.epoch() + "." + held.revision() + "\"");
        }
        return requests.send(request.build(), status -> status == 200, options.maxBytes(), "maxSnapshotBytes", timeout);
    }

    private static Duration shorter(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }

    private void one(PullJob<?> job, Reply<byte[]> reply) {
        if (reply.status() == 304) {
            job.notModified();
        } else if (reply.body() == null) {
            job.completeExceptionally(reply.failureOfProtocol(ofTopic(job)));
        } else {
            decode(
                    lengthOf(reply),
                    List.of(job),
                    () -> job.decode(Encodings.body(reply, options.maxBytes(), "maxSnapshotBytes")));
        }
    }

    private static String ofTopic(PullJob<?> job) {
        return ", of topic " + Texts.quote(job.topic);
    }

    // --- many

    private long batchLimit() {
        return Math.max(options.maxBytes(), MAX_BATCH_BYTES);
    }

    private Exchange<byte[]> sendMany(List<PullJob<?>> jobs) {
        StringBuilder json = new StringBuilder("{\"topics\":[");
        String separator = "";
        for (PullJob<?> job : jobs) {
            json.append(separator).append("{\"topic\":").append(Json.quote(job.topic));
            StateVersion held = job.held;
            if (held != null) {
                json.append(",\"revision\":\"").append(held.revision());
                json.append("\",\"epoch\":\"").append(held.epoch()).append('"');
            }
            json.append('}');
            separator = ",";
        }
        json.append(']');
        String id = streamId.get();
        if (id != null) {
            json.append(",\"stream\":").append(Json.quote(id));
        }
        byte[] body = json.append('}').toString().getBytes(StandardCharsets.UTF_8);
        return requests.send(
                endpoint.post("/snapshots", body),
                status -> status == 200,
                batchLimit(),
                BATCH_LIMIT,
                options.requestTimeout());
    }

    private void many(List<PullJob<?>> jobs, Reply<byte[]> reply) {
        if (reply.body() == null) {
            if (isForGood(reply.status())) {
                again(jobs, true);
            } else {
                HttpStateException failure = reply.failure();
                jobs.forEach(job -> job.completeExceptionally(failure));
            }
            return;
        }
        decode(lengthOf(reply), jobs, () -> {
            List<Envelope> answers = new ArrayList<>();
            Json.readAnswer(Encodings.body(reply, batchLimit(), BATCH_LIMIT), (field, value) -> {
                if (field.equals("snapshots")) {
                    value.array(field, element -> answers.add(Envelope.of(element)));
                }
            });
            if (answers.isEmpty() || answers.size() > jobs.size()) {
                throw new ProtocolException("asked for " + jobs.size() + " snapshots, and got " + answers.size());
            }
            for (int i = 0; i < answers.size(); i++) {
                settle(jobs.get(i), answers.get(i), reply);
            }
            again(jobs.subList(answers.size(), jobs.size()), false);
        });
    }

    private void settle(PullJob<?> job, Envelope answer, Reply<byte[]> reply) {
        byte[] data = answer.data();
        if (!job.topic.equals(answer.topic())) {
            job.completeExceptionally(new ProtocolException(
                    "asked for topic " + Texts.quote(job.topic) + ", and got " + Texts.quote(answer.topic())));
        } else if (answer.status() == 304) {
            job.notModified();
        } else if (answer.status() != 0) {
            job.completeExceptionally(
                    new HttpStateException(reply.method(), reply.url(), answer.status(), ofTopic(job), ""));
        } else if (data != null && data.length > options.maxBytes()) {
            job.completeExceptionally(new IOException(reply.method() + " " + reply.url() + ": "
                    + Requests.tooLong(options.maxBytes(), "maxSnapshotBytes") + ofTopic(job)));
        } else {
            decode(data == null ? 0 : data.length, List.of(job), () -> job.decode(answer));
        }
    }

    /** Whether asking for the same topics again would be refused again: one of them may be why, or that they are many. */
    private static boolean isForGood(int status) {
        return switch (status) {
            case 400, 404, 405, 413, 414, 415, 422, 501 -> true;
            default -> false;
        };
    }

    /**
     * What the answer had no room for, or what is to be asked for alone, goes first.
     *
     * @param alone whether each of them is to have a request of its own
     */
    private void again(List<PullJob<?>> left, boolean alone) {
        boolean late;
        synchronized (lock) {
            late = closed;
            for (int i = left.size() - 1; i >= 0 && !late; i--) {
                PullJob<?> job = left.get(i);
                job.flight = null;
                job.alone = alone;
                if (!job.isDone()) {
                    waiting.addFirst(job);
                }
            }
        }
        if (late) {
            left.forEach(job -> job.completeExceptionally(closedException()));
        }
        pump();
    }

    // --- decoding

    /** Work that may fail. */
    private interface Decoding {
        void run() throws IOException;
    }

    /** What is compressed may be long. */
    private static int lengthOf(Reply<byte[]> reply) {
        byte[] body = reply.body();
        boolean compressed = reply.headers().firstValue("Content-Encoding").isPresent();
        return body == null || compressed ? Integer.MAX_VALUE : body.length;
    }

    private void decode(int length, List<PullJob<?>> jobs, Decoding work) {
        try {
            decoder.of(length).execute(() -> {
                try {
                    work.run();
                } catch (Throwable t) { // every failure is the pulls' outcome
                    jobs.forEach(job -> job.completeExceptionally(t));
                }
            });
        } catch (RuntimeException e) {
            jobs.forEach(job -> job.completeExceptionally(e));
        }
    }

    private IOException closedException() {
        return new IOException("the client was closed: " + endpoint);
    }

    /** Fails what waits; the requests under way are ended by whoever closes these. */
    void close() {
        List<PullJob<?>> failed;
        synchronized (lock) {
            closed = true;
            failed = List.copyOf(waiting);
            waiting.clear();
        }
        failed.forEach(job -> job.completeExceptionally(closedException()));
    }
}
