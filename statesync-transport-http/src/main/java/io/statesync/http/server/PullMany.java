package io.statesync.http.server;

import io.statesync.Revision;
import io.statesync.StateVersion;
import io.statesync.http.server.internal.Answer;
import io.statesync.jackson.internal.Envelope;
import io.statesync.jackson.internal.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/** {@code POST snapshots}. */
final class PullMany {
    private final Hub hub;

    PullMany(Hub hub) {
        this.hub = hub;
    }

    /** What is asked of a topic. */
    private static final class Asked {
        private @Nullable String topic;
        private @Nullable String revision;
        private @Nullable String epoch;

        void read(String field, Json.Cursor value) {
            switch (field) {
                case "topic" -> topic = value.text(field);
                case "revision" -> revision = value.textOrNull(field);
                case "epoch" -> epoch = value.textOrNull(field);
                default -> {}
            }
        }

        /** The version that the client holds; null if it holds none. Without an epoch it is in the source's. */
        @Nullable
        StateVersion held(StateVersion source) throws Problem {
            if (revision == null) {
                return null;
            }
            Revision epochHeld = epoch == null ? source.epoch() : Query.revision("field epoch", epoch);
            return StateVersion.of(epochHeld, Query.revision("field revision", revision));
        }
    }

    CompletableFuture<Answer> answer(Call call) throws Problem, IOException {
        List<Asked> all = new ArrayList<>();
        @Nullable String[] stream = new @Nullable String[1];
        call.body((field, value) -> {
            switch (field) {
                case "topics" ->
                    value.array(field, element -> {
                        Asked asked = new Asked();
                        element.object(asked::read);
                        all.add(asked);
                    });
                case "stream" -> stream[0] = value.textOrNull(field);
                default -> {}
            }
        });
        int limit = hub.options().maxTopicsPerStream();
        if (all.size() > limit) {
            throw Problem.tooLarge("the number of topics", limit);
        }
        EventStream follower = stream[0] == null ? null : hub.stream(stream[0]);
        List<CompletableFuture<Encoded>> reads = new ArrayList<>();
        for (Asked asked : all) {
            reads.add(read(call, asked));
        }
        return CompletableFuture.allOf(reads.toArray(CompletableFuture[]::new))
                .handle((done, failure) -> Answer.json(200, write(all, reads, follower)));
    }

    /** What is wrong with one topic is the answer for that topic; who the client is concerns them all. */
    private CompletableFuture<Encoded> read(Call call, Asked asked) throws Problem {
        try {
            String name = call.topic(asked.topic);
            asked.held(StateVersion.ofUnsigned(0, 0)); // only to refuse what is malformed before anything is done
            Topic topic = call.may(Action.READ, name) ? hub.existing(name) : null;
            return topic == null
                    ? CompletableFuture.failedFuture(Problem.noSuchTopic(name))
                    : topic.read().toCompletableFuture();
        } catch (Problem problem) {
            if (problem.status() == 401) {
                throw problem;
            }
            return CompletableFuture.failedFuture(problem);
        }
    }

    private byte[] write(List<Asked> all, List<CompletableFuture<Encoded>> reads, @Nullable EventStream follower) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(1024);
        out.writeBytes(Wire.utf8("{\"snapshots\":["));
        for (int i = 0; i < all.size(); i++) {
            byte[] one = one(all.get(i), reads.get(i), follower);
            if (i > 0 && (long) out.size() + one.length > hub.options().maxBatchBytes()) {
                break; // what is left out is asked for again
            }
            out.writeBytes(Wire.utf8(i == 0 ? "" : ","));
            out.writeBytes(one);
        }
        out.writeBytes(Wire.utf8("]}"));
        return out.toByteArray();
    }

    private static byte[] one(Asked asked, CompletableFuture<Encoded> read, @Nullable EventStream follower) {
        String topic = String.valueOf(asked.topic);
        try {
            Encoded encoded = read.join();
            if (follower != null) {
                follower.acknowledge(topic, encoded.version());
            }
            return encoded.version().equals(asked.held(encoded.version()))
                    ? status(topic, 304)
                    : Envelope.withTopic(topic, encoded.body());
        } catch (CompletionException e) {
            return status(topic, Problem.of(e).status());
        } catch (Problem e) {
            return status(topic, e.status());
        }
    }

    private static byte[] status(String topic, int status) {
        return Wire.utf8("{\"topic\":" + Json.quote(topic) + ",\"status\":" + status + "}");
    }
}
