package io.statesync.jms;

import io.statesync.StateCodec;
import io.statesync.source.Authority;
import io.statesync.source.StoreRegistry;
import io.statesync.source.internal.Catalog;
import io.statesync.source.internal.Served;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The sources that a builder was given. */
final class SourceSet {
    private final Map<String, Served<?>> topics = new LinkedHashMap<>();
    private final List<Catalog.Registered> registries = new ArrayList<>();

    <T extends @Nullable Object> void add(Authority<T> authority, StateCodec<T> codec) {
        Objects.requireNonNull(authority, "authority");
        Objects.requireNonNull(codec, "codec");
        TopicNames.checked(authority.topic());
        if (topics.putIfAbsent(authority.topic(), new Served<>(authority, codec)) != null) {
            throw new IllegalArgumentException("topic is named twice: " + authority.topic());
        }
    }

    void add(StoreRegistry registry, Function<? super String, ? extends @Nullable StateCodec<?>> codecs) {
        registries.add(new Catalog.Registered(
                Objects.requireNonNull(registry, "registry"), Objects.requireNonNull(codecs, "codecs")));
    }

    Catalog catalog() {
        if (topics.isEmpty() && registries.isEmpty()) {
            throw new IllegalArgumentException("there is no source: name a topic or a registry");
        }
        return new Catalog(topics, registries);
    }
}
