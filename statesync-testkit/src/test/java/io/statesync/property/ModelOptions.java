package io.statesync.property;

import tools.jackson.databind.JsonNode;

/** A scenario's options as the model reads them: durations in milliseconds, -1 for what is absent. */
record ModelOptions(
        String topic,
        boolean keepTrying,
        boolean manualSubscribe,
        boolean manualApply,
        String cached,
        String cachedEpoch,
        int maxAttempts,
        Delays retry,
        Delays catchUp,
        long giveUpAfter,
        long pullTimeout,
        long resync,
        long debounce,
        long maxWait,
        long throttle,
        boolean leading) {
    private static final long ABSENT = -1;

    /** A backoff without jitter. */
    record Delays(long initial, double multiplier, long max) {
        long after(int attempt) {
            return (long) Math.min((double) max, (double) initial * Math.pow(multiplier, attempt - 1));
        }
    }

    static ModelOptions of(JsonNode options) {
        JsonNode throttling = options.path("throttling");
        return new ModelOptions(
                options.path("topic").asString(),
                "keepTrying".equals(options.path("startup").asString("failFast")),
                options.has("subscribe"),
                options.has("apply"),
                options.path("cached").asString(null),
                options.path("cachedEpoch").asString(null),
                options.path("retry").path("maxAttempts").asInt(1),
                delays(options.path("retry")),
                delays(options.path("catchUp")),
                options.path("catchUp").path("giveUpAfterMs").asLong(600_000),
                options.path("snapshotTimeoutMs").asLong(ABSENT),
                options.path("resyncMs").asLong(ABSENT),
                throttling.path("debounceMs").asLong(ABSENT),
                throttling.path("maxWaitMs").asLong(Long.MAX_VALUE / 2),
                throttling.path("throttleMs").asLong(ABSENT),
                throttling.path("leading").asBoolean(true));
    }

    private static Delays delays(JsonNode node) {
        return new Delays(
                node.path("initialDelayMs").asLong(100),
                node.path("multiplier").asDouble(2),
                node.path("maxDelayMs").asLong(30_000));
    }
}
