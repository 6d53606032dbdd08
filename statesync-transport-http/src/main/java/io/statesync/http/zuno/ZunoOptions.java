package io.statesync.http.zuno;

import io.statesync.StateCodec;
import io.statesync.TimeSource;
import io.statesync.http.server.Authorizer;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What {@link ZunoServlet.Builder} was told. */
record ZunoOptions(
        Function<? super String, ? extends @Nullable StateCodec<?>> codecs,
        Authorizer authorizer,
        RoomAuthorizer roomAuthorizer,
        String challenge,
        Set<String> allowedOrigins,
        int maxBody,
        int maxKeyLength,
        int maxReaders,
        Duration sourceTimeout,
        Duration heartbeat,
        Duration writeTimeout,
        Executor executor,
        TimeSource timeSource) {}
