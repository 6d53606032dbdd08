package io.statesync.writing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.statesync.replica.Observation;
import io.statesync.replica.ReplicaMeta;
import io.statesync.replica.ReplicaPhase;
import io.statesync.replica.ReplicaStatus;
import io.statesync.replica.StateReplica;
import io.statesync.writing.Link.Fate;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** The value, its meta state, and who observes them. */
@SuppressWarnings("FutureReturnValueIgnored") // writes whose outcome a test does not look at
class ReadingTest extends Fixture {
    private final List<Integer> seen = new ArrayList<>();

    @Nested
    class Value {
        @Test
        void beforeAnythingThereIsNone() {
            StateReplica<Integer> replica = builder().build();
            assertThat(replica.hasValue()).isFalse();
            assertThatThrownBy(replica::get)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("counter")
                    .hasMessageContaining("initialValue");
            assertThat(replica.meta()).isEqualTo(new ReplicaMeta(ReplicaStatus.IDLE, null, null, false, 0, null));
        }

        @Test
        void anInitialValueIsThereUntilTheSourceHasSpoken() {
            StateReplica<Integer> replica = builder().initialValue(1).build();
            assertThat(replica.hasValue()).isTrue();
            assertThat(replica.get()).isEqualTo(1);
            assertThat(replica.meta().version()).isNull();
            replica.start();
            assertThat(replica.get()).isEqualTo(10);
        }

        @Test
        void anInitialValueMayBeNull() {
            StateReplica<Integer> replica = builder().initialValue(null).build();
            assertThat(replica.hasValue()).isTrue();
            assertThat(replica.get()).isNull();
        }

        @Test
        void itFollowsTheSource() {
            StateReplica<Integer> replica = started();
            store.set(20);
            assertThat(replica.get()).isEqualTo(20);
            assertThat(replica.meta().version()).isEqualTo(store.version());
            assertThat(replica.meta().lastUpdated()).isEqualTo(time.now());
        }
    }

    @Nested
    class Observing {
        @Test
        void anObserverHearsWhatThereIsAndWhatComes() {
            StateReplica<Integer> replica = started();
            replica.observe(seen::add);
            replica.set(11);
            store.set(20);
            assertThat(seen).containsExactly(10, 11, 20);
        }

        @Test
        void withoutAValueItHearsNothing() {
            StateReplica<Integer> replica = builder().build();
            replica.observe(seen::add);
            assertThat(seen).isEmpty();
            replica.start();
            assertThat(seen).containsExactly(10);
        }

        @Test
        void whatChangesOnlyTheMetaStateIsNotHeard() {
            StateReplica<Integer> replica = started();
            replica.observe(seen::add);
            link.hold();
            replica.set(11);
            link.release();
            replica.refresh();
            assertThat(seen).containsExactly(10, 11);
        }

        @Test
        void aClosedObservationHearsNothing() {
            StateReplica<Integer> replica = started();
            Observation observation = replica.observe(seen::add);
            observation.close();
            observation.close();
            replica.set(11);
            assertThat(seen).containsExactly(10);
        }

        @Test
        void anObserverClosesItself() {
            StateReplica<Integer> replica = started();
            AtomicReference<Observation> self = new AtomicReference<>();
            self.set(replica.observe(value -> {
                seen.add(value);
                if (value == 11) {
                    self.get().close();
                }
            }));
            replica.set(11);
            replica.set(12);
            assertThat(seen).containsExactly(10, 11);
        }

        @Test
        void anObserverThatThrowsIsReportedAndHearsTheNextChangeAsOthersDo() {
            StateReplica<Integer> replica = started();
            List<Integer> bad = new ArrayList<>();
            replica.observe(value -> {
                bad.add(value);
                if (value == 11) {
                    throw new IllegalStateException("observer");
                }
            });
            replica.observe(seen::add);
            replica.set(11);
            replica.set(12);
            assertThat(bad).containsExactly(10, 11, 12);
            assertThat(seen).containsExactly(10, 11, 12);
            assertThat(heard.phases()).containsExactly(ReplicaPhase.OBSERVE);
            assertThat(heard.errors.get(0).error()).hasMessage("observer");
        }

        @Test
        void anObserverSetsAndIsNotCalledInsideItself() {
            StateReplica<Integer> replica = started();
            boolean[] inside = new boolean[1];
            replica.observe(value -> {
                assertThat(inside[0]).isFalse();
                inside[0] = true;
                seen.add(value);
                if (value < 12) {
                    replica.set(value + 1);
                }
                inside[0] = false;
            });
            assertThat(seen).containsExactly(10, 11, 12);
            assertThat(heard.errors).isEmpty();
        }

        @Test
        void anObserverObserves() {
            StateReplica<Integer> replica = started();
            List<Integer> inner = new ArrayList<>();
            replica.observe(value -> {
                if (seen.isEmpty()) {
                    replica.observe(inner::add);
                }
                seen.add(value);
            });
            replica.set(11);
            assertThat(seen).containsExactly(10, 11);
            assertThat(inner).containsExactly(10, 11);
        }

        @Test
        void aSlowObserverMissesValuesInBetweenAndHoldsUpNobody() {
            Deque<Runnable> tasks = new ArrayDeque<>();
            StateReplica<Integer> replica = started(builder().observeOn(tasks::add));
            replica.observe(seen::add);
            drain(tasks);
            for (int n = 0; n < 1000; n++) {
                replica.set(n);
            }
            assertThat(tasks).hasSize(1);
            drain(tasks);
            assertThat(seen).containsExactly(10, 999);
        }

        @Test
        void observeOnNamesWhatObserversAreCalledOn() {
            Deque<Runnable> ui = new ArrayDeque<>();
            StateReplica<Integer> replica = started(builder().observeOn(ui::add));
            replica.observe(seen::add);
            replica.observeMeta(meta -> seen.add(meta.pendingWrites()));
            assertThat(seen).isEmpty();
            drain(ui);
            assertThat(seen).containsExactlyInAnyOrder(10, 0);
        }

        @Test
        void anExecutorThatRefusesOnceIsReportedAndTheNextChangeIsHeard() {
            boolean[] refuses = new boolean[1];
            StateReplica<Integer> replica = started(builder().observeOn(task -> {
                if (refuses[0]) {
                    throw new RejectedExecutionException("full");
                }
                task.run();
            }));
            replica.observe(seen::add);
            refuses[0] = true;
            replica.set(11);
            refuses[0] = false;
            replica.set(12);
            assertThat(seen).containsExactly(10, 12);
            assertThat(heard.phases()).contains(ReplicaPhase.OBSERVE).containsOnly(ReplicaPhase.OBSERVE);
        }

        private void drain(Deque<Runnable> tasks) {
            while (!tasks.isEmpty()) {
                tasks.poll().run();
            }
        }
    }

    @Nested
    class Selecting {
        @Test
        void aPartIsToldOnlyWhenItChanged() {
            StateReplica<Integer> replica = started();
            replica.select(value -> value / 10, seen::add);
            replica.set(11);
            replica.set(19);
            replica.set(25);
            replica.set(26);
            assertThat(seen).containsExactly(1, 2);
        }

        @Test
        void equalityIsTheCallers() {
            StateReplica<Integer> replica = started();
            replica.select(value -> value, (last, next) -> Math.abs(last - next) < 5, seen::add);
            replica.set(12);
            replica.set(14);
            replica.set(15);
            assertThat(seen).containsExactly(10, 15);
        }

        @Test
        void aPartMayBeNull() {
            StateReplica<Integer> replica = started();
            List<String> parts = new ArrayList<>();
            replica.select(value -> value > 10 ? "big" : null, parts::add);
            replica.set(11);
            replica.set(5);
            assertThat(parts).containsExactly(null, "big", null);
        }

        @Test
        void aPartThatThrowsIsReportedAndTriedAgain() {
            StateReplica<Integer> replica = started();
            replica.select(value -> 100 / (value - 11), seen::add);
            replica.set(11);
            replica.set(12);
            assertThat(seen).containsExactly(-100, 100);
            assertThat(heard.phases()).contains(ReplicaPhase.OBSERVE).containsOnly(ReplicaPhase.OBSERVE);
        }
    }

    @Nested
    class ObservingMeta {
        @Test
        void itHearsWhatThereIsAndEachChange() {
            StateReplica<Integer> replica = builder().build();
            List<ReplicaMeta> metas = new ArrayList<>();
            replica.observeMeta(metas::add);
            replica.start();
            link.hold();
            replica.set(11);
            link.release();
            assertThat(metas).doesNotHaveDuplicates();
            assertThat(metas).extracting(ReplicaMeta::status).startsWith(ReplicaStatus.IDLE, ReplicaStatus.LOADING);
            assertThat(metas.get(metas.size() - 2).dirty()).isTrue();
            assertThat(metas.get(metas.size() - 1)).isEqualTo(replica.meta());
            assertThat(replica.meta())
                    .isEqualTo(new ReplicaMeta(ReplicaStatus.READY, null, time.now(), false, 0, store.version()));
        }

        @Test
        void anErrorStaysUntilSomethingSucceeds() {
            StateReplica<Integer> replica = started();
            link.fate(Fate.LOST);
            replica.set(11);
            assertThat(replica.meta().status()).isEqualTo(ReplicaStatus.ERROR);
            assertThat(replica.meta().error()).hasMessage("lost");
            replica.refresh();
            assertThat(replica.meta().status()).isEqualTo(ReplicaStatus.ERROR);
            link.fate(Fate.PASS);
            settle();
            assertThat(replica.meta().status()).isEqualTo(ReplicaStatus.READY);
            assertThat(replica.meta().error()).isNull();
        }
    }
}
