package io.statesync.source;

import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.Revision;
import io.statesync.StateVersion;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;

/** The ring against a list that forgets nothing. */
class EventRingPropertyTest {

    private static StoreEvent event(String topic) {
        StateVersion version = StateVersion.of(Revision.of(1));
        return new StoreEvent(0, topic, StoreEvent.Kind.WRITTEN, null, version, null, null, 0);
    }

    @Property
    void answersWhatAListOfAllWouldOrThatItCannot(
            @ForAll @IntRange(max = 12) int size,
            @ForAll @LongRange(max = 1L << 52) long base,
            @ForAll @IntRange(max = 40) int count) {
        EventRing ring = new EventRing(size, base);
        List<StoreEvent> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add(ring.add(event("t" + i)));
            assertThat(ring.lastId()).isEqualTo(base + i + 1);
        }
        for (long id = base - 3; id <= base + count + 3; id++) {
            long asked = id;
            boolean given = id >= base && id <= base + count;
            List<StoreEvent> missed =
                    all.stream().filter(event -> event.id() > asked).toList();
            if (given && missed.size() <= size) {
                assertThat(ring.after(id)).isEqualTo(missed);
            } else {
                assertThat(ring.after(id)).isNull();
            }
        }
    }

    @Property
    void aViewSeesTheEventsUnderItsPrefixByTheRestOfTheirNames(
            @ForAll List<@IntRange(max = 2) Integer> rooms, @ForAll @IntRange(max = 20) int size) {
        EventRing ring = new EventRing(size, 100);
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < rooms.size(); i++) {
            String topic = rooms.get(i) + "/t" + i;
            ring.add(event(topic));
            if (rooms.get(i) == 1 && i >= rooms.size() - size) {
                expected.add("t" + i);
            }
        }
        long from = Math.max(100, ring.lastId() - size);
        Replay replay = new EventLog(ring, "1/").after(from);
        assertThat(((Replay.Events) replay).events().stream().map(StoreEvent::topic))
                .containsExactlyElementsOf(expected);
    }
}
