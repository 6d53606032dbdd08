package io.statesync.http;

import io.statesync.internal.DaemonThreads;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.ref.WeakReference;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The HTTP clients that are used where none is given: one for each connect time-out, shared by all who hold a lease.
 *
 * <p>After the last lease, a client is shut down where the JDK can do that (from 21 on). Where it cannot, the client is kept
 * weakly: who comes soon after gets it again, and else the garbage collector ends its thread and its idle connections.
 */
final class SharedHttpClients {
    private static final @Nullable MethodHandle SHUTDOWN = shutdown();
    private static final Map<Duration, Shared> CLIENTS = new HashMap<>(); // guarded by itself

    private SharedHttpClients() {}

    /** A right to use a client, until it is closed. */
    static final class Lease implements AutoCloseable {
        private final Duration connectTimeout;
        private @Nullable HttpClient client; // guarded by CLIENTS; null once closed

        private Lease(Duration connectTimeout, HttpClient client) {
            this.connectTimeout = connectTimeout;
            this.client = client;
        }

        /** The client; null once the lease was closed. */
        @Nullable
        HttpClient client() {
            synchronized (CLIENTS) {
                return client;
            }
        }

        @Override
        public void close() {
            HttpClient last = null;
            synchronized (CLIENTS) {
                if (client != null && release(connectTimeout)) {
                    last = client;
                }
                client = null;
            }
            if (last != null && SHUTDOWN != null) {
                shutDown(SHUTDOWN, last);
            }
        }
    }

    /** A client, which its leases hold. */
    private static final class Shared {
        private final WeakReference<HttpClient> weak;
        private int leases;

        Shared(HttpClient client) {
            weak = new WeakReference<>(client);
        }
    }

    static Lease lease(Duration connectTimeout) {
        synchronized (CLIENTS) {
            Shared shared = CLIENTS.get(connectTimeout);
            HttpClient client = shared == null ? null : shared.weak.get();
            if (shared == null || client == null) {
                CLIENTS.values().removeIf(other -> other.weak.get() == null);
                client = create(connectTimeout);
                shared = new Shared(client);
                CLIENTS.put(connectTimeout, shared);
            }
            shared.leases++;
            return new Lease(connectTimeout, client);
        }
    }

    private static HttpClient create(Duration connectTimeout) {
        return HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(connectTimeout)
                .executor(Threads.POOL)
                .build();
    }

    /** Whether that was the last lease of a client that can be shut down. The lock is held. */
    private static boolean release(Duration connectTimeout) {
        Shared shared = CLIENTS.get(connectTimeout);
        if (shared == null || --shared.leases > 0) {
            return false;
        }
        if (SHUTDOWN != null) {
            CLIENTS.remove(connectTimeout);
        }
        return SHUTDOWN != null;
    }

    /** How many leases there are. */
    static int leases() {
        synchronized (CLIENTS) {
            return CLIENTS.values().stream().mapToInt(shared -> shared.leases).sum();
        }
    }

    private static @Nullable MethodHandle shutdown() {
        try {
            return MethodHandles.publicLookup()
                    .findVirtual(HttpClient.class, "shutdownNow", MethodType.methodType(void.class));
        } catch (NoSuchMethodException | IllegalAccessException e) {
            return null; // before JDK 21
        }
    }

    private static void shutDown(MethodHandle shutdown, HttpClient client) {
        try {
            shutdown.invoke(client);
        } catch (Error | RuntimeException e) {
            throw e;
        } catch (Throwable t) { // the method declares none
            throw new IllegalStateException(t);
        }
    }

    /** Where the clients do their work, which never blocks. Its threads end after a second without work. */
    private static final class Threads {
        static final Executor POOL = pool();

        private static Executor pool() {
            int size = Math.max(2, Math.min(4, Runtime.getRuntime().availableProcessors()));
            ThreadPoolExecutor pool = new ThreadPoolExecutor(
                    size,
                    size,
                    1,
                    TimeUnit.SECONDS,
                    new LinkedBlockingQueue<>(),
                    task -> DaemonThreads.newThread("statesync-http", task));
            pool.allowCoreThreadTimeOut(true);
            return pool;
        }
    }
}
