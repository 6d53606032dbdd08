package io.statesync.jackson;

import io.statesync.jackson.internal.Redacted;
import java.io.IOException;
import java.lang.reflect.Type;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.cfg.PackageVersion;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.dataformat.cbor.CBORMapper;
import tools.jackson.dataformat.smile.SmileMapper;

/**
 * A codec by Jackson's data binding. JSON; CBOR and Smile where {@code jackson-dataformat-cbor} or {@code -smile} are
 * there.
 *
 * <p>What fails says where, and never quotes the state: its cause is what may be told of Jackson's exception.
 *
 * <p>The type is named here and never read from the data: there is no polymorphic typing unless the given mapper has it.
 *
 * @param <T> the type of the state
 */
@SuppressWarnings("exports") // who names a type of Jackson requires it already
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
        return of("json", type);
    }

    /**
     * JSON of a type with parameters: {@code json(new TypeReference<Map<String, Integer>>() {})}.
     *
     * @throws IllegalStateException if the {@code jackson-annotations} that are there are too old for Jackson 3
     */
    public static <T extends @Nullable Object> JacksonCodec<T> json(TypeReference<T> type) {
        return of("json", type.getType());
    }

    /**
     * CBOR (RFC 8949) of a class.
     *
     * @throws IllegalStateException if {@code tools.jackson.dataformat:jackson-dataformat-cbor} is not there
     */
    public static <T extends @Nullable Object> JacksonCodec<T> cbor(Class<T> type) {
        return of("cbor", type);
    }

    /**
     * CBOR (RFC 8949) of a type with parameters.
     *
     * @throws IllegalStateException if {@code tools.jackson.dataformat:jackson-dataformat-cbor} is not there
     */
    public static <T extends @Nullable Object> JacksonCodec<T> cbor(TypeReference<T> type) {
        return of("cbor", type.getType());
    }

    /**
     * Smile of a class.
     *
     * @throws IllegalStateException if {@code tools.jackson.dataformat:jackson-dataformat-smile} is not there
     */
    public static <T extends @Nullable Object> JacksonCodec<T> smile(Class<T> type) {
        return of("smile", type);
    }

    /**
     * Smile of a type with parameters.
     *
     * @throws IllegalStateException if {@code tools.jackson.dataformat:jackson-dataformat-smile} is not there
     */
    public static <T extends @Nullable Object> JacksonCodec<T> smile(TypeReference<T> type) {
        return of("smile", type.getType());
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

    private static <T extends @Nullable Object> JacksonCodec<T> of(String name, Type type) {
        ObjectMapper mapper;
        try {
            if (PackageVersion.VERSION.getMinorVersion() >= 2) {
                Class.forName("com.fasterxml.jackson.annotation.JsonApplyView"); // came with 2.22, and is needed later
            }
            mapper = switch (name) {
                case "cbor" -> Cbor.MAPPER;
                case "smile" -> Smile.MAPPER;
                default -> JsonMapper.shared();
            };
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(
                    "Jackson 3.2 needs com.fasterxml.jackson.core:jackson-annotations 2.22 or later: there is an older one,"
                            + " or none",
                    e);
        } catch (LinkageError e) {
            // Databind shares its annotations with Jackson 2, of which a bill of materials may pin an old version.
            throw new IllegalStateException(
                    name.equals("json")
                            ? "Jackson 3.1 needs com.fasterxml.jackson.core:jackson-annotations 2.21 or later, and Jackson"
                                    + " 3.2 needs 2.22: an older one is there"
                            : "codec " + name + " needs tools.jackson.dataformat:jackson-dataformat-" + name,
                    e);
        }
        return new JacksonCodec<>(mapper, mapper.constructType(type), name);
    }

    /** Loaded only when it is asked for, since its library is optional. */
    private static final class Cbor {
        static final ObjectMapper MAPPER = CBORMapper.shared();
    }

    /** Loaded only when it is asked for, since its library is optional. */
    private static final class Smile {
        static final ObjectMapper MAPPER = SmileMapper.shared();
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
            throw new IOException(
                    "the state cannot be encoded as " + name + " of " + type.toCanonical(), Redacted.of(e));
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

    /** Without Jackson's messages, which may quote the data. */
    private IOException unreadable(JacksonException cause) {
        return new IOException("the bytes are not " + name + " of " + type.toCanonical(), Redacted.of(cause));
    }
}
