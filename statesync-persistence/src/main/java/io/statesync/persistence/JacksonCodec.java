package io.statesync.persistence;

import java.io.IOException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.json.JsonMapper;

/**
 * A codec by Jackson's data binding. JSON by default; with a mapper of {@code jackson-dataformat-cbor} or {@code -smile},
 * those.
 *
 * <p>The type is named here and never read from the data: there is no polymorphic typing unless the given mapper has it.
 *
 * @param <T> the type of the state
 */
public final class JacksonCodec<T extends @Nullable Object> implements TreeCodec<T> {
    private final ObjectMapper mapper;
    private final JavaType type;
    private final String name;

    private JacksonCodec(ObjectMapper mapper, JavaType type, String name) {
        this.mapper = mapper;
        this.type = type;
        this.name = name;
    }

    /**
     * JSON of a class.
     *
     * @throws IllegalStateException if the {@code jackson-annotations} that are there are too old for Jackson 3
     */
    public static <T extends @Nullable Object> JacksonCodec<T> json(Class<T> type) {
        JsonMapper mapper = mapper();
        return new JacksonCodec<>(mapper, mapper.constructType(type), "json");
    }

    /**
     * JSON of a type with parameters: {@code json(new TypeReference<Map<String, Integer>>() {})}.
     *
     * @throws IllegalStateException if the {@code jackson-annotations} that are there are too old for Jackson 3
     */
    public static <T extends @Nullable Object> JacksonCodec<T> json(TypeReference<T> type) {
        JsonMapper mapper = mapper();
        return new JacksonCodec<>(mapper, mapper.constructType(type), "json");
    }

    /**
     * A mapper of one's own.
     *
     * @param name what entries record: {@code json}, {@code cbor}, {@code smile}, or a name of one's own
     */
    public static <T extends @Nullable Object> JacksonCodec<T> of(
            ObjectMapper mapper, TypeReference<T> type, String name) {
        return new JacksonCodec<>(mapper, mapper.constructType(type), Objects.requireNonNull(name, "name"));
    }

    /** Databind shares its annotations with Jackson 2, of which a bill of materials may pin an old version. */
    private static JsonMapper mapper() {
        try {
            return JsonMapper.shared();
        } catch (LinkageError e) {
            throw new IllegalStateException(
                    "Jackson 3 cannot be loaded: com.fasterxml.jackson.core:jackson-annotations must be 2.22 or later",
                    e);
        }
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public byte[] encode(T state) throws IOException {
        try {
            return mapper.writerFor(type).writeValueAsBytes(state);
        } catch (JacksonException e) {
            throw new IOException("the state cannot be encoded as " + name + " of " + type.toCanonical(), e);
        }
    }

    @Override
    public T decode(byte[] bytes) throws IOException {
        try {
            return mapper.readValue(bytes, type);
        } catch (JacksonException e) {
            throw unreadable(e);
        }
    }

    @Override
    public JsonNode readTree(byte[] bytes) throws IOException {
        try {
            JsonNode tree = mapper.readTree(bytes);
            if (tree.isMissingNode()) {
                throw new IOException("there is nothing to read as " + name);
            }
            return tree;
        } catch (JacksonException e) {
            throw unreadable(e);
        }
    }

    @Override
    public T fromTree(JsonNode tree) throws IOException {
        try {
            return mapper.treeToValue(tree, type);
        } catch (JacksonException e) {
            throw unreadable(e);
        }
    }

    /** Without Jackson's message, which may quote the data. */
    private IOException unreadable(JacksonException cause) {
        return new IOException("the bytes are not " + name + " of " + type.toCanonical(), cause);
    }
}
