package io.statesync.jackson.internal;

import io.statesync.ProtocolException;
import io.statesync.internal.Texts;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.io.JsonStringEncoder;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonReadFeature;

/**
 * Reads the envelopes of the protocol with a streaming parser; a state in them stays the bytes that it is, for its codec.
 *
 * <p>Strict: a field twice, something after the end, or more than a hundred levels is an error.
 */
public final class Json {
    private static final int MAX_DEPTH = 100;
    private static final int MAX_NUMBER_LENGTH = 1_000;
    private static final int MAX_NAME_LENGTH = 1_000;

    private static final JsonFactory FACTORY = factory(MAX_DEPTH, MAX_NAME_LENGTH);

    /** What a server sends has envelopes around states that it has taken. */
    private static final JsonFactory ANSWERS = factory(10 * MAX_DEPTH, 100 * MAX_NAME_LENGTH);

    /** Whoever hands over bytes has limited them. */
    private static JsonFactory factory(int depth, int nameLength) {
        return JsonFactory.builder()
                .streamReadConstraints(StreamReadConstraints.builder()
                        .maxNestingDepth(depth)
                        .maxNumberLength(MAX_NUMBER_LENGTH)
                        .maxNameLength(nameLength)
                        .maxStringLength(Integer.MAX_VALUE)
                        .maxDocumentLength(-1)
                        .build())
                .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                .disable(JsonReadFeature.ALLOW_JAVA_COMMENTS)
                .build();
    }

    private Json() {}

    /** A JSON string. What is no Unicode is written as a replacement character, so that the text is UTF-8 whatever it was. */
    public static String quote(String text) {
        return '"' + new String(JsonStringEncoder.getInstance().quoteAsCharArray(text)) + '"';
    }

    /** Reads a value of a field, or skips it. */
    @FunctionalInterface
    public interface FieldReader {
        /**
         * Reads the value that the parser is at, up to its last token. What it leaves unread is skipped.
         *
         * @throws ProtocolException if the value is not what the field holds
         */
        void read(String field, Cursor value) throws ProtocolException;
    }

    /**
     * Reads a text that is one object.
     *
     * @throws ProtocolException if it is not one, without a word of what it holds
     */
    public static void readObject(byte[] utf8, FieldReader fields) throws ProtocolException {
        read(FACTORY, utf8, fields);
    }

    /** The same of what a server sends, which may be ten times as deep. */
    public static void readAnswer(byte[] utf8, FieldReader fields) throws ProtocolException {
        read(ANSWERS, utf8, fields);
    }

    private static void read(JsonFactory factory, byte[] utf8, FieldReader fields) throws ProtocolException {
        try (JsonParser parser = factory.createParser(ObjectReadContext.empty(), utf8)) {
            Cursor cursor = new Cursor(utf8, parser);
            parser.nextToken();
            cursor.object(fields);
            if (parser.nextToken() != null) {
                throw new ProtocolException("something follows the JSON object");
            }
        } catch (JacksonException e) {
            var at = e.getLocation();
            throw new ProtocolException("not JSON"
                    + (at == null ? "" : ": line " + at.getLineNr() + ", column " + at.getColumnNr())
                    + (e.getOriginalMessage().startsWith("Duplicate") ? ": a field occurs twice" : ""));
        }
    }

    /** A place in a text. */
    public static final class Cursor {
        private final byte[] bytes;
        private final JsonParser parser;

        private Cursor(byte[] bytes, JsonParser parser) {
            this.bytes = bytes;
            this.parser = parser;
        }

        /** Reads the object that is here. */
        public void object(FieldReader fields) throws ProtocolException {
            if (parser.currentToken() != JsonToken.START_OBJECT) {
                throw new ProtocolException("a JSON object is wanted, and there is " + describe());
            }
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String field = parser.currentName();
                parser.nextToken();
                fields.read(field, this);
                parser.skipChildren();
            }
        }

        /** Reads the array that is here, element by element. */
        public void array(String field, ElementReader elements) throws ProtocolException {
            if (parser.currentToken() != JsonToken.START_ARRAY) {
                throw wrong(field, "an array");
            }
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                elements.read(this);
                parser.skipChildren();
            }
        }

        /** Whether a string is here. */
        public boolean isString() {
            return parser.currentToken() == JsonToken.VALUE_STRING;
        }

        /** Whether a whole number is here. */
        public boolean isWholeNumber() {
            return parser.currentToken() == JsonToken.VALUE_NUMBER_INT;
        }

        /** Whether null is here. */
        public boolean isNull() {
            return parser.currentToken() == JsonToken.VALUE_NULL;
        }

        /** Whether an object is here. */
        public boolean isObject() {
            return parser.currentToken() == JsonToken.START_OBJECT;
        }

        /** The text that is here. */
        public String text(String field) throws ProtocolException {
            if (parser.currentToken() != JsonToken.VALUE_STRING) {
                throw wrong(field, "a string");
            }
            return parser.getString();
        }

        /** The text that is here; null for null. */
        public @Nullable String textOrNull(String field) throws ProtocolException {
            return parser.currentToken() == JsonToken.VALUE_NULL ? null : text(field);
        }

        /** The number that is here, a whole one. */
        public long number(String field) throws ProtocolException {
            if (parser.currentToken() != JsonToken.VALUE_NUMBER_INT) {
                throw wrong(field, "a whole number");
            }
            return parser.getLongValue();
        }

        /** The bytes of the value that is here, whatever it is. */
        public byte[] raw() throws ProtocolException {
            long begin = parser.currentTokenLocation().getByteOffset();
            parser.skipChildren();
            parser.finishToken();
            long end = parser.currentLocation().getByteOffset();
            if (begin < 0 || end < begin) {
                throw new ProtocolException("the JSON is not UTF-8");
            }
            return Arrays.copyOfRange(bytes, Math.toIntExact(begin), Math.toIntExact(end));
        }

        private ProtocolException wrong(String field, String wanted) {
            return new ProtocolException(
                    "field " + Texts.quote(field) + ": " + wanted + " is wanted, and there is " + describe());
        }

        private String describe() {
            JsonToken token = parser.currentToken();
            return token == null ? "nothing" : token.name();
        }
    }

    /** Reads an element of an array. */
    @FunctionalInterface
    public interface ElementReader {
        /**
         * Reads the element that the cursor is at.
         *
         * @throws ProtocolException if it is not what is wanted
         */
        void read(Cursor element) throws ProtocolException;
    }
}
