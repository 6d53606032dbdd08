package io.statesync.http.server;

import io.statesync.TimeSource;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.Executor;

/** What {@link StateServlet.Builder} was told. */
record ServerOptions(
        Authorizer authorizer,
        String challenge,
        Set<String> allowedOrigins,
        int maxBody,
        int maxTopicLength,
        int maxTopicsPerStream,
        int maxStreams,
        int maxInline,
        long maxBatchBytes,
        Duration maxWait,
        Duration sourceTimeout,
        Duration heartbeat,
        Duration writeTimeout,
        Duration streamLinger,
        Duration retry,
        Executor executor,
        TimeSource timeSource) {}
