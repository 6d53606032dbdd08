package io.statesync.source.internal;

import io.statesync.StateCodec;
import io.statesync.source.Authority;
import io.statesync.source.RevisionedStore;
import io.statesync.source.StoreRegistry;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The sources that are served, by topic: those that were named, and the stores of registries. */
public final class Catalog {
    private final Map<String, Served<?>> named;
    private final List<Registered> registries;
    private final Map<String, Coded> codecs = new ConcurrentHashMap<>(); // of stores

    /** A registry, and how the states of its stores are written; null for one that is not served. */
    public record Registered(
            StoreRegistry registry, Function<? super String, ? extends @Nullable StateCodec<?>> codecs) {}

    /** A store's codec; one that is made later under the same name may be of another type. */
    private record Coded(RevisionedStore<?> store, StateCodec<?> codec) {}

    /** The sources that are served: those that were named, and the stores of registries. */
    public Catalog(Map<String, Served<?>> named, List<Registered> registries) {
        this.named = Map.copyOf(named);
        this.registries = List.copyOf(registries);
    }

    /** The registries. */
    public List<StoreRegistry> registries() {
        return registries.stream().map(Registered::registry).toList();
    }

    /** Those that were named. */
    public Collection<Served<?>> authorities() {
        return named.values();
    }

    /** Whether the topic has a source of its own, whose events are heard by a subscription. */
    public boolean isAuthority(String topic) {
        return named.containsKey(topic);
    }

    /**
     * What is served of a topic; null if nothing is.
     *
     * @throws CodecLookupException if its codec cannot be had
     */
    public @Nullable Served<?> find(String topic) {
        Served<?> served = named.get(topic);
        if (served != null) {
            return served;
        }
        for (Registered each : registries) {
            RevisionedStore<?> store = each.registry.find(topic);
            if (store != null) {
                StateCodec<?> codec = codec(each, topic, store);
                return codec == null ? null : served(store, codec);
            }
        }
        return null;
    }

    private @Nullable StateCodec<?> codec(Registered registered, String topic, RevisionedStore<?> store) {
        Coded known = codecs.get(topic);
        if (known != null && known.store == store) {
            return known.codec;
        }
        StateCodec<?> codec;
        try {
            codec = registered.codecs.apply(topic);
        } catch (Throwable t) { // the user's code
            throw new CodecLookupException(topic, t);
        }
        if (codec != null) {
            codecs.put(topic, new Coded(store, codec));
        }
        return codec;
    }

    /** The store of a topic that is one; null otherwise. */
    public @Nullable RevisionedStore<?> store(String topic) {
        Served<?> served = named.get(topic);
        if (served != null) {
            return served.authority() instanceof RevisionedStore<?> store ? store : null;
        }
        for (Registered each : registries) {
            RevisionedStore<?> store = each.registry.find(topic);
            if (store != null) {
                return store;
            }
        }
        return null;
    }

    /** Whether a topic has a source, with or without a codec. */
    public boolean exists(String topic) {
        return named.containsKey(topic) || registries.stream().anyMatch(each -> each.registry.find(topic) != null);
    }

    @SuppressWarnings("unchecked") // who names the codec of a store names that of its type
    private static <T extends @Nullable Object> Served<T> served(Authority<?> authority, StateCodec<?> codec) {
        return new Served<>((Authority<T>) authority, (StateCodec<T>) codec);
    }

    /** The topic's store is gone. */
    public void forget(String topic) {
        codecs.remove(topic);
    }
}
