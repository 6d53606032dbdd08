package io.statesync.apply;

import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.Revision;
import io.statesync.SnapshotEnvelope;
import io.statesync.apply.MapApplier.Mode;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Label;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.Size;

/** The map applier does what a naive model does: it looks at each key there is on its own. */
class MapApplierPropertyTest {
    private static final Set<String> UNIVERSE = Set.of("a", "b", "c", "d", "e", "f");

    enum Choice {
        ALL,
        PICK,
        OMIT
    }

    enum Target {
        HASH,
        CONCURRENT,
        TREE,
        SKIP_LIST;

        Map<String, Integer> make() {
            return switch (this) {
                case HASH -> new HashMap<>();
                case CONCURRENT -> new ConcurrentHashMap<>();
                case TREE -> new TreeMap<>();
                case SKIP_LIST -> new ConcurrentSkipListMap<>();
            };
        }
    }

    private static Integer expected(
            String key, Map<String, Integer> before, Map<String, Integer> data, Mode mode, boolean mine) {
        if (data == null || !mine || (mode == Mode.PATCH && !data.containsKey(key))) {
            return before.get(key);
        }
        return data.get(key);
    }

    private static MapApplier<Map<String, Integer>, String, Integer> applier(
            Map<String, Integer> target, Mode mode, Choice choice, Set<String> named) {
        MapApplier<Map<String, Integer>, String, Integer> applier =
                Appliers.into(target).mode(mode).lenient();
        String[] keys = named.toArray(String[]::new);
        return switch (choice) {
            case ALL -> applier;
            case PICK -> applier.pick(keys);
            case OMIT -> applier.omit(keys);
        };
    }

    @Property(edgeCases = EdgeCasesMode.NONE)
    @Label(
            "after each of any snapshots, each key has the value that the model gives it; the same snapshot again changes nothing")
    void applierAndModelAgree(
            @ForAll Target kind,
            @ForAll("content") Map<String, Integer> before,
            @ForAll Mode mode,
            @ForAll Choice choice,
            @ForAll("names") @Size(min = 1) Set<String> named,
            @ForAll("snapshots") List<Map<String, Integer>> snapshots) {
        Map<String, Integer> target = kind.make();
        target.putAll(before);
        MapApplier<Map<String, Integer>, String, Integer> applier = applier(target, mode, choice, named);
        Map<String, Integer> model = new HashMap<>(before);
        for (Map<String, Integer> data : snapshots) {
            for (String key : UNIVERSE) {
                boolean mine = choice == Choice.ALL || (choice == Choice.PICK) == named.contains(key);
                Integer value = expected(key, model, data, mode, mine);
                if (value == null) {
                    model.remove(key);
                } else {
                    model.put(key, value);
                }
            }
            SnapshotEnvelope<Map<String, Integer>> snapshot = SnapshotEnvelope.of(Revision.of(1), data);
            applier.apply(snapshot);
            assertThat(target).isEqualTo(model);
            applier.apply(snapshot);
            assertThat(target).isEqualTo(model);
        }
    }

    @Provide
    Arbitrary<Set<String>> names() {
        return Arbitraries.of(UNIVERSE).set();
    }

    @Provide
    Arbitrary<Map<String, Integer>> content() {
        return Arbitraries.maps(Arbitraries.of(UNIVERSE), Arbitraries.integers().between(0, 9));
    }

    @Provide
    Arbitrary<List<Map<String, Integer>>> snapshots() {
        Arbitrary<Map<String, Integer>> data = Arbitraries.of(UNIVERSE)
                .set()
                .flatMap(keys -> Arbitraries.integers()
                        .between(10, 99)
                        .injectNull(0.2)
                        .list()
                        .ofSize(keys.size())
                        .map(values -> zip(keys, values)));
        return data.injectNull(0.1).list().ofMaxSize(8);
    }

    private static Map<String, Integer> zip(Set<String> keys, List<Integer> values) {
        Map<String, Integer> map = new LinkedHashMap<>();
        for (String key : keys) {
            map.put(key, values.get(map.size()));
        }
        return map;
    }
}
