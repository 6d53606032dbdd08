package io.statesync.property;

import java.math.BigInteger;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/**
 * A step drawn at random, its versions relative to where the model is, so that short sequences reach deep states. Small
 * numbers stand for the plain cases, to which shrinking leads.
 *
 * @param kind what is done
 * @param number which revision, duration or text, from the kind's table
 * @param epoch which epoch: absent, local's, the one above, the one below
 */
record Draw(Kind kind, int number, int epoch) {
    /** What is done, with how often. */
    enum Kind {
        START(9),
        EVENT(20),
        SNAPSHOT(20),
        ADVANCE(18),
        REFRESH(8),
        SNAPSHOT_FAILS(8),
        APPLIED(8),
        SUBSCRIBED(5),
        RECONNECTED(5),
        AWAIT(7),
        CANCEL_AWAIT(3),
        PUSH(8),
        NOT_MODIFIED(4),
        FAIL_NEXT_APPLY(4),
        APPLY_FAILS(4),
        SUBSCRIBE_FAILS(4),
        REFRESH_IF_OLDER(3),
        SHOULD_REFRESH(3),
        ODD_EVENT(3),
        ODD_SNAPSHOT(2),
        ODD_PUSH(1),
        NULL_SNAPSHOT(1),
        MALFORMED(1),
        DISCONNECTED(1),
        HOOKS_THROW(1),
        STOP(1);

        final int weight;

        Kind(int weight) {
            this.weight = weight;
        }
    }

    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final List<Integer> AHEAD = List.of(1, 2, 3, 1, 2, 5, 1, 0, 0, -1);
    private static final List<Integer> FROM_TARGET = List.of(0, 0, 0, 0, -1, -1, -2, 1, 1, 3);
    private static final List<Integer> MILLIS = List.of(100, 1, 20, 50, 10, 30, 200, 400, 1000, 60_000);
    private static final List<Integer> AGES = List.of(0, 50, 100, 300, 1000, 0, 50, 100, 300, 1000);
    private static final List<String> ANSWERS = List.of("true", "true", "true", "false", "throws");
    private static final List<String> ODD = List.of(
            "'topic':'t','revision':'01'",
            "'topic':'t','revision':null",
            "'topic':null,'revision':'99'",
            "'topic':' ','revision':'99'",
            "'topic':'u','revision':'x'",
            "'topic':'u','revision':'99'",
            "'topic':'t','revision':'99','epoch':'x'",
            "'topic':'t','revision':'18446744073709551616'",
            "'topic':'t','revision':'18446744073709551615'",
            "'topic':'t','revision':'9223372036854775808'");

    /** The scenario step for this draw where the model is now; null if there is none. */
    JsonNode step(Model model) {
        Map<String, Object> fields = new TreeMap<>();
        switch (kind) {
            case EVENT ->
                version(fields, model, beyond(model.target().local(), AHEAD)).put("topic", "t");
            case PUSH, AWAIT -> version(fields, model, beyond(model.target().local(), AHEAD));
            case SNAPSHOT -> answer(fields, model);
            case ODD_EVENT, ODD_SNAPSHOT, ODD_PUSH -> {
                return odd();
            }
            case ADVANCE -> fields.put("ms", MILLIS.get(number));
            case REFRESH_IF_OLDER -> fields.put("ms", AGES.get(number));
            case SHOULD_REFRESH -> fields.put("answer", ANSWERS.get(number % ANSWERS.size()));
            case CANCEL_AWAIT -> {
                if (model.awaitCalls() == 0) {
                    return null;
                }
                fields.put("n", 1 + number % model.awaitCalls());
            }
            default -> {}
        }
        fields.put("do", name(kind));
        return MAPPER.valueToTree(fields);
    }

    /** The kind's name in a scenario: a camel-case word. */
    private static String name(Kind kind) {
        StringBuilder name = new StringBuilder();
        for (String word : kind.name().toLowerCase(Locale.ROOT).split("_", -1)) {
            name.append(name.isEmpty() ? word.charAt(0) : Character.toUpperCase(word.charAt(0)))
                    .append(word, 1, word.length());
        }
        return name.toString();
    }

    private JsonNode odd() {
        String name = name(kind).substring(3).toLowerCase(Locale.ROOT);
        return json("{'do':'" + name + "'," + ODD.get(number) + "}");
    }

    static JsonNode json(String singleQuoted) {
        return MAPPER.readTree(singleQuoted.replace('\'', '"'));
    }

    private BigInteger beyond(Version base, List<Integer> steps) {
        BigInteger revision = base == null ? BigInteger.ZERO : base.revision();
        BigInteger drawn = revision.add(BigInteger.valueOf(steps.get(number)));
        return drawn.signum() < 0 || drawn.bitLength() > 64 ? revision : drawn;
    }

    private void answer(Map<String, Object> fields, Model model) {
        Version target = model.target().wanted();
        version(fields, model, target == null ? beyond(model.target().local(), AHEAD) : beyond(target, FROM_TARGET));
        if (target != null && epoch == 0 && target.epoch().signum() > 0) {
            fields.put("epoch", target.epoch().toString());
        }
    }

    private Map<String, Object> version(Map<String, Object> fields, Model model, BigInteger revision) {
        fields.put("revision", revision.toString());
        BigInteger local = model.target().local() == null
                ? BigInteger.ZERO
                : model.target().local().epoch();
        switch (epoch) {
            case 1 -> fields.put("epoch", local.toString());
            case 2 -> fields.put("epoch", local.add(BigInteger.ONE).toString());
            case 3 ->
                fields.put(
                        "epoch",
                        local.subtract(BigInteger.ONE).max(BigInteger.ZERO).toString());
            default -> {}
        }
        return fields;
    }
}
