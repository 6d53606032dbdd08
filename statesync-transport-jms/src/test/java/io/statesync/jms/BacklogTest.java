package io.statesync.jms;

import static org.assertj.core.api.Assertions.assertThat;

import io.statesync.InvalidationEvent;
import io.statesync.Revision;
import io.statesync.StateVersion;
import io.statesync.jms.Backlog.Item;
import org.junit.jupiter.api.Test;

class BacklogTest {
    private final Backlog backlog = new Backlog(true, topic -> topic.startsWith("store"));
    private final Backlog bare = new Backlog(false, topic -> false);

    private static InvalidationEvent at(String topic, long revision) {
        return InvalidationEvent.of(topic, StateVersion.ofUnsigned(0, revision));
    }

    @Test
    void ofEachTopicTheNewestWaitsInTheOrderOfTheFirst() {
        assertThat(bare.moved("a", at("a", 1))).isTrue();
        assertThat(bare.moved("b", at("b", 1))).isTrue();
        assertThat(bare.moved("a", at("a", 3))).isTrue();
        assertThat(bare.moved("a", at("a", 2))).isFalse();
        assertThat(bare.take()).isEqualTo(new Item("a", true, at("a", 3), false, false));
        assertThat(bare.take()).isEqualTo(new Item("b", true, at("b", 1), false, false));
        assertThat(bare.take()).isNull();
        assertThat(bare.moved("a", at("a", 3))).isFalse();
        assertThat(bare.isDone()).isTrue();
    }

    @Test
    void whatIsNotKnownIsReadBeforeItIsSaid() {
        bare.say("a");
        assertThat(bare.take()).isEqualTo(new Item("a", false, null, true, false));
        assertThat(bare.isEmpty()).isTrue();
        bare.know("a", at("a", 7));
        bare.readEnded("a");
        bare.say("a");
        assertThat(bare.take()).isEqualTo(new Item("a", false, at("a", 7), false, false));
        bare.look("a");
        assertThat(bare.take()).isEqualTo(new Item("a", false, null, true, false));
    }

    @Test
    void aStateInMemoryIsSentWithItsNewsAndAnotherIsReadForIt() {
        backlog.moved("store", at("store", 1));
        backlog.moved("remote", at("remote", 1));
        assertThat(backlog.take()).isEqualTo(new Item("store", true, at("store", 1), false, true));
        assertThat(backlog.take()).isEqualTo(new Item("remote", true, at("remote", 1), true, true));
    }

    @Test
    void aSourceThatHangsHoldsUpItsOwnTopicOnly() {
        backlog.moved("hung", at("hung", 1));
        assertThat(backlog.take()).isNotNull();
        backlog.moved("hung", at("hung", 2));
        backlog.look("hung");
        backlog.moved("other", at("other", 1));
        assertThat(backlog.take()).isEqualTo(new Item("other", true, at("other", 1), true, true));
        assertThat(backlog.take()).isNull();
        backlog.readEnded("hung");
        assertThat(backlog.take()).isEqualTo(new Item("hung", true, at("hung", 2), true, true));
    }

    @Test
    void whenAllReadingsHangNewsIsSentWithoutItsState() {
        for (int i = 0; i < 16; i++) {
            backlog.look("hung " + i);
            assertThat(backlog.take()).isNotNull();
        }
        backlog.look("waits");
        backlog.moved("remote", at("remote", 1));
        backlog.moved("store", at("store", 1));
        assertThat(backlog.take()).isEqualTo(new Item("remote", true, at("remote", 1), false, false));
        assertThat(backlog.take()).isEqualTo(new Item("store", true, at("store", 1), false, true));
        assertThat(backlog.take()).isNull();
        backlog.readEnded("hung 3");
        assertThat(backlog.take()).isEqualTo(new Item("waits", false, null, true, false));
    }

    @Test
    void whatCouldNotBeSentIsSentAgainInItsNewestFormWithoutItsState() {
        backlog.moved("store", at("store", 1));
        assertThat(backlog.take()).isEqualTo(new Item("store", true, at("store", 1), false, true));
        backlog.again("store", at("store", 1));
        assertThat(backlog.take()).isEqualTo(new Item("store", false, at("store", 1), false, false));
        backlog.moved("store", at("store", 2));
        backlog.again("store", at("store", 1));
        assertThat(backlog.take()).isEqualTo(new Item("store", true, at("store", 2), false, true));
        assertThat(backlog.take()).isNull();
    }

    @Test
    void newsIsNotHeldUpByALookAtItsTopic() {
        backlog.look("remote");
        assertThat(backlog.take()).isNotNull();
        backlog.moved("remote", at("remote", 1));
        assertThat(backlog.take()).isEqualTo(new Item("remote", true, at("remote", 1), false, false));
        backlog.look("remote");
        assertThat(backlog.isDone()).isTrue();
        backlog.readEnded("remote");
        backlog.moved("remote", at("remote", 2));
        assertThat(backlog.take()).isEqualTo(new Item("remote", true, at("remote", 2), true, true));
        assertThat(backlog.isDone()).isFalse();
        backlog.readEnded("remote");
        assertThat(backlog.isDone()).isTrue();
    }

    @Test
    void anEventWithoutAnEpochIsOfTheOneThatIsKnown() {
        StateVersion known = StateVersion.ofUnsigned(7, 5);
        bare.know("a", InvalidationEvent.of("a", known));
        assertThat(bare.moved("a", new InvalidationEvent("a", Revision.ofUnsigned(5), null, null, null)))
                .isFalse();
        assertThat(bare.moved("a", new InvalidationEvent("a", Revision.ofUnsigned(6), null, "me", null)))
                .isTrue();
        assertThat(bare.take())
                .isEqualTo(new Item(
                        "a",
                        true,
                        new InvalidationEvent("a", Revision.ofUnsigned(6), known.epoch(), "me", null),
                        false,
                        false));
    }

    @Test
    void aTopicThatWasAbsentAndIsThereAgainIsNotForgotten() {
        bare.moved("a", at("a", 5));
        assertThat(bare.take()).isNotNull();
        bare.removed("a");
        bare.moved("a", at("a", 6));
        bare.absent("a", at("a", 5));
        assertThat(bare.take()).isEqualTo(new Item("a", true, at("a", 6), false, false));
        bare.absent("a", at("a", 6));
        assertThat(bare.moved("a", at("a", 1))).isTrue();
    }

    @Test
    void soManyAreSentAtATime() {
        for (int i = 0; i < 17; i++) {
            bare.moved("topic " + i, at("topic " + i, 1));
        }
        for (int i = 0; i < 16; i++) {
            assertThat(bare.take()).isNotNull();
            bare.sendBegun();
        }
        assertThat(bare.take()).isNull();
        assertThat(bare.isEmpty()).isFalse();
        bare.sendEnded();
        assertThat(bare.take()).isNotNull();
    }

    @Test
    void aTopicThatIsGoneIsNotSaid() {
        bare.moved("a", at("a", 5));
        bare.look("a");
        bare.removed("a");
        assertThat(bare.isDone()).isTrue();
        assertThat(bare.moved("a", at("a", 1))).isTrue();
    }
}
