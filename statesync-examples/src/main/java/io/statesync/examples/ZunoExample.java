package io.statesync.examples;

import io.statesync.examples.Screen.Color;
import io.statesync.http.ZunoClient;
import io.statesync.http.server.Authorizer;
import io.statesync.http.zuno.ZunoServlet;
import io.statesync.jackson.JacksonCodec;
import io.statesync.replica.ConflictPolicy;
import io.statesync.replica.StateReplica;
import io.statesync.source.RevisionedStore;
import io.statesync.source.StoreRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.IntNode;

/** A server of Zuno's protocol, with two Java clients beside the browsers that may come. */
@Command(
        name = "zuno",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Serves a counter to Zuno's clients, and has two Java clients count.")
final class ZunoExample implements Callable<Integer> {
    private static final int EACH = 25;

    @Spec
    private @Nullable CommandSpec spec;

    @Option(
            names = "--port",
            paramLabel = "N",
            defaultValue = "0",
            description =
                    "Where to listen; the program then goes on until Ctrl-C. Default: any that is free, and the end.")
    private int port;

    private final CountDownLatch ended = new CountDownLatch(1);

    @Override
    public Integer call() throws IOException, InterruptedException {
        Screen screen = new Screen(
                Objects.requireNonNull(spec).commandLine().getOut(), Ansi.AUTO.enabled(), List.of("counter"));
        StoreRegistry registry = StoreRegistry.create();
        RevisionedStore<JsonNode> counter = registry.store("counter", () -> IntNode.valueOf(0));
        ZunoServlet servlet = ZunoServlet.builder(registry)
                .authorizer(Authorizer.allowAll()) // this machine only
                .build();
        Ending ending = Ending.by(ended, spec.commandLine().getOut());
        try (JettyServer server = new JettyServer(servlet, "/zuno", null, InetAddress.getLoopbackAddress(), port)) {
            screen.line(
                    Color.GREEN,
                    "server",
                    "createZuno({sseUrl: \"" + server.base() + "/sse\", syncUrl: \"" + server.base() + "/sync\"})");
            count(server.base(), screen);
            screen.line(
                    Color.GREEN,
                    "server",
                    "counter is " + counter.get() + " after " + 2 * EACH + " updates of two clients at once");
            if (port != 0) {
                screen.line(Color.GREEN, "server", "goes on until Ctrl-C");
                ended.await();
            }
        } finally {
            ending.close();
        }
        return 0;
    }

    /** Two clients that update the same key at once; what was in conflict is made again. */
    private static void count(URI base, Screen screen) {
        try (ZunoClient first = ZunoClient.to(base);
                ZunoClient second = ZunoClient.to(base);
                StateReplica<Integer> one = replica(first);
                StateReplica<Integer> other = replica(second)) {
            CompletableFuture.allOf(one.start(), other.start()).join();
            CompletableFuture<?>[] updates = IntStream.range(0, 2 * EACH)
                    .mapToObj(i -> (i % 2 == 0 ? one : other).update(n -> n + 1))
                    .toArray(CompletableFuture<?>[]::new);
            CompletableFuture.allOf(updates).join();
            screen.line(Color.CYAN, "counter", "a client shows " + one.get() + ", the other " + other.get());
        }
    }

    private static StateReplica<Integer> replica(ZunoClient client) {
        return client.replica("counter", JacksonCodec.json(Integer.class), () -> 0)
                .conflicts(ConflictPolicy.merge(Math::max))
                .maxConflicts(1_000)
                .build();
    }
}
