package io.statesync.writing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.statesync.replica.ReplicaPhase;
import io.statesync.replica.StateReplica;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The publisher of the value, by the rules of {@link Flow}. */
@SuppressWarnings("FutureReturnValueIgnored") // writes whose outcome a test does not look at
class PublisherTest extends Fixture {

    /** Records what it hears, as text. */
    private static class Recording implements Flow.Subscriber<Integer> {
        final List<String> heard = new ArrayList<>();

        Flow.@Nullable Subscription subscription;

        @Nullable
        Throwable error;

        @Override
        public void onSubscribe(Flow.Subscription given) {
            subscription = given;
            heard.add("subscribed");
        }

        @Override
        public void onNext(Integer item) {
            heard.add("" + item);
        }

        @Override
        public void onError(Throwable throwable) {
            error = throwable;
            heard.add("error");
        }

        @Override
        public void onComplete() {
            heard.add("complete");
        }
    }

    private final Recording subscriber = new Recording();

    @Test
    void withoutDemandNothingIsPublished() {
        StateReplica<Integer> replica = started();
        replica.publisher().subscribe(subscriber);
        replica.set(11);
        assertThat(subscriber.heard).containsExactly("subscribed");
    }

    @Test
    void eachRequestGetsOneAndTheNewest() {
        StateReplica<Integer> replica = started();
        replica.publisher().subscribe(subscriber);
        subscriber.subscription.request(1);
        replica.set(11);
        replica.set(12);
        replica.set(13);
        assertThat(subscriber.heard).containsExactly("subscribed", "10");
        subscriber.subscription.request(1);
        assertThat(subscriber.heard).containsExactly("subscribed", "10", "13");
        subscriber.subscription.request(1);
        assertThat(subscriber.heard).hasSize(3);
        replica.set(14);
        assertThat(subscriber.heard).endsWith("13", "14");
    }

    @Test
    void unboundedDemandDoesNotOverflow() {
        StateReplica<Integer> replica = started();
        replica.publisher().subscribe(subscriber);
        subscriber.subscription.request(Long.MAX_VALUE);
        subscriber.subscription.request(Long.MAX_VALUE);
        for (int n = 0; n < 10; n++) {
            replica.set(n);
        }
        assertThat(subscriber.heard).hasSize(12);
    }

    @Test
    void requestsInsideOnSubscribeAndOnNextAreServedWithoutRecursion() {
        StateReplica<Integer> replica = started();
        boolean[] inside = new boolean[1];
        Recording eager = new Recording() {
            @Override
            public void onSubscribe(Flow.Subscription given) {
                super.onSubscribe(given);
                given.request(1);
                assertThat(heard).containsExactly("subscribed");
            }

            @Override
            public void onNext(Integer item) {
                assertThat(inside[0]).isFalse();
                inside[0] = true;
                super.onNext(item);
                subscription.request(1);
                if (item < 20) {
                    replica.set(item + 1);
                }
                inside[0] = false;
            }
        };
        replica.publisher().subscribe(eager);
        assertThat(eager.heard).hasSize(12).endsWith("20");
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1, Long.MIN_VALUE})
    void demandThatIsNotPositiveEndsTheSubscriptionWithAnError(long n) {
        StateReplica<Integer> replica = started();
        replica.publisher().subscribe(subscriber);
        subscriber.subscription.request(n);
        subscriber.subscription.request(1);
        replica.set(11);
        assertThat(subscriber.heard).containsExactly("subscribed", "error");
        assertThat(subscriber.error)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("" + n);
    }

    @Test
    void afterCancellingNothingIsHeard() {
        StateReplica<Integer> replica = started();
        replica.publisher().subscribe(subscriber);
        subscriber.subscription.request(5);
        subscriber.subscription.cancel();
        subscriber.subscription.cancel();
        subscriber.subscription.request(1);
        subscriber.subscription.request(-1);
        replica.set(11);
        replica.close();
        assertThat(subscriber.heard).containsExactly("subscribed", "10");
    }

    @Test
    void cancellingInsideOnNextEndsIt() {
        StateReplica<Integer> replica = started();
        Recording one = new Recording() {
            @Override
            public void onNext(Integer item) {
                super.onNext(item);
                subscription.cancel();
            }
        };
        replica.publisher().subscribe(one);
        one.subscription.request(5);
        replica.set(11);
        replica.close();
        assertThat(one.heard).containsExactly("subscribed", "10");
    }

    @Test
    void cancellingInsideOnSubscribeEndsIt() {
        StateReplica<Integer> replica = started();
        Recording none = new Recording() {
            @Override
            public void onSubscribe(Flow.Subscription given) {
                super.onSubscribe(given);
                given.request(1);
                given.cancel();
            }
        };
        replica.publisher().subscribe(none);
        replica.close();
        assertThat(none.heard).containsExactly("subscribed");
    }

    @Test
    void itCompletesWhenTheReplicaIsClosedWithoutDemandToo() {
        StateReplica<Integer> replica = started();
        replica.publisher().subscribe(subscriber);
        replica.close();
        subscriber.subscription.request(1);
        assertThat(subscriber.heard).containsExactly("subscribed", "complete");
    }

    @Test
    void aValueThatTheLastChangeBroughtComesBeforeTheEnd() {
        Deque<Runnable> tasks = new ArrayDeque<>();
        StateReplica<Integer> replica = started(builder().observeOn(tasks::add));
        replica.publisher().subscribe(subscriber);
        drain(tasks);
        subscriber.subscription.request(5);
        replica.set(11);
        replica.close();
        drain(tasks);
        assertThat(subscriber.heard).containsExactly("subscribed", "11", "complete");
    }

    @Test
    void oneWhoSubscribesToAClosedReplicaHearsTheEnd() {
        StateReplica<Integer> replica = started();
        replica.close();
        replica.publisher().subscribe(subscriber);
        assertThat(subscriber.heard).containsExactly("subscribed", "complete");
    }

    @Test
    void aSubscriberThatThrowsIsReportedCancelledAndHoldsUpNobody() {
        StateReplica<Integer> replica = started();
        Recording bad = new Recording() {
            @Override
            public void onNext(Integer item) {
                super.onNext(item);
                throw new IllegalStateException("subscriber");
            }
        };
        replica.publisher().subscribe(bad);
        replica.publisher().subscribe(subscriber);
        subscriber.subscription.request(9);
        bad.subscription.request(9);
        replica.set(11);
        replica.close();
        assertThat(bad.heard).containsExactly("subscribed", "10");
        assertThat(subscriber.heard).containsExactly("subscribed", "10", "11", "complete");
        assertThat(heard.phases()).containsExactly(ReplicaPhase.OBSERVE);
    }

    @Test
    void withoutAValueItWaitsForOne() {
        StateReplica<Integer> replica = builder().build();
        replica.publisher().subscribe(subscriber);
        subscriber.subscription.request(1);
        assertThat(subscriber.heard).containsExactly("subscribed");
        replica.start();
        assertThat(subscriber.heard).containsExactly("subscribed", "10");
    }

    @Test
    void aNullValueIsNotPublished() {
        StateReplica<Integer> replica = builder().initialValue(null).build();
        replica.publisher().subscribe(subscriber);
        subscriber.subscription.request(1);
        assertThat(subscriber.heard).containsExactly("subscribed");
        replica.start();
        assertThat(subscriber.heard).containsExactly("subscribed", "10");
    }

    @Test
    void thereIsNoNullSubscriber() {
        Flow.Publisher<Integer> publisher = started().publisher();
        assertThatThrownBy(() -> publisher.subscribe(null)).isInstanceOf(NullPointerException.class);
    }

    private static void drain(Deque<Runnable> tasks) {
        while (!tasks.isEmpty()) {
            tasks.poll().run();
        }
    }
}
