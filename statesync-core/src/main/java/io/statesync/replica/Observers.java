package io.statesync.replica;

import io.statesync.internal.Conflator;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiPredicate;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Who observes a replica. Each is served by itself, one call at a time, with the newest there is.
 *
 * @param <T> the type of the state
 */
final class Observers<T extends @Nullable Object> {
    private final Supplier<Model<T>> model;
    private final Executor executor;
    private final Errors<T> errors;
    private final Set<Conflator> observers = ConcurrentHashMap.newKeySet();

    Observers(Supplier<Model<T>> model, Executor executor, Errors<T> errors) {
        this.model = model;
        this.executor = executor;
        this.errors = errors;
    }

    /** There is a new model. */
    void changed() {
        for (Conflator observer : observers) {
            observer.signal();
        }
    }

    /**
     * Has a listener called with what there is now, and whenever a part of the model has changed.
     *
     * @param there whether there is such a part
     */
    <S extends @Nullable Object> Observation observe(
            Function<Model<T>, Boolean> there,
            Function<Model<T>, S> part,
            BiPredicate<? super S, ? super S> same,
            Consumer<? super S> listener) {
        Observer<S> observer = new Observer<>(there, part, same, listener);
        observers.add(observer);
        observer.signal();
        return observer;
    }

    /** A publisher of the value. */
    Flow.Publisher<T> publisher() {
        return subscriber -> {
            Subscriber added = new Subscriber(Objects.requireNonNull(subscriber, "subscriber"));
            observers.add(added);
            added.signal();
        };
    }

    private final class Observer<S extends @Nullable Object> extends Conflator implements Observation {
        private final Function<Model<T>, Boolean> there;
        private final Function<Model<T>, S> part;
        private final BiPredicate<? super S, ? super S> same;
        private final Consumer<? super S> listener;
        private volatile boolean open = true;
        private boolean told; // this and what follows: by the run under way only
        private @Nullable S last;

        Observer(
                Function<Model<T>, Boolean> there,
                Function<Model<T>, S> part,
                BiPredicate<? super S, ? super S> same,
                Consumer<? super S> listener) {
            super(executor);
            this.there = there;
            this.part = part;
            this.same = same;
            this.listener = listener;
        }

        @Override
        @SuppressWarnings("NullAway") // last is an S once told
        protected void run() {
            Model<T> now = model.get();
            if (!open || !there.apply(now)) {
                return;
            }
            S next = part.apply(now);
            if (told && same.test(last, next)) {
                return;
            }
            told = true;
            last = next;
            listener.accept(next);
        }

        @Override
        protected void failed(Throwable error) {
            errors.report(ReplicaPhase.OBSERVE, error);
        }

        @Override
        public void close() {
            open = false;
            observers.remove(this);
        }
    }

    /** A subscription of a reactive subscriber; the rules are those of {@link Flow}. */
    private final class Subscriber extends Conflator implements Flow.Subscription {
        private final Flow.Subscriber<? super T> subscriber;
        private final AtomicLong demand = new AtomicLong();
        private volatile boolean ended;
        private volatile @Nullable Throwable misuse;
        private boolean subscribed; // this and what follows: by the run under way only
        private boolean told;
        private @Nullable T last;

        Subscriber(Flow.Subscriber<? super T> subscriber) {
            super(executor);
            this.subscriber = subscriber;
        }

        @Override
        public void request(long n) {
            if (n <= 0) {
                misuse = new IllegalArgumentException("demand must be positive: " + n);
            } else {
                demand.accumulateAndGet(n, (has, more) -> has + more < 0 ? Long.MAX_VALUE : has + more);
            }
            signal();
        }

        @Override
        public void cancel() {
            ended = true;
            observers.remove(this);
        }

        @Override
        protected void run() {
            if (!subscribed) {
                subscribed = true;
                subscriber.onSubscribe(this);
            }
            Model<T> now = model.get();
            Throwable wrong = misuse;
            if (ended) {
                return;
            }
            if (wrong != null) {
                cancel();
                subscriber.onError(wrong);
                return;
            }
            if (now.showing && now.shown != null && !(told && last == now.shown) && demand.get() > 0) {
                demand.accumulateAndGet(1, (has, one) -> has == Long.MAX_VALUE ? has : has - one);
                told = true;
                last = now.shown;
                subscriber.onNext(now.shown);
            }
            if (now.life == Model.Life.CLOSED && !ended) {
                cancel();
                subscriber.onComplete();
            }
        }

        @Override
        protected void failed(Throwable error) {
            cancel();
            errors.report(ReplicaPhase.OBSERVE, error);
        }

        @Override
        protected void refused(Throwable error) {
            errors.report(ReplicaPhase.OBSERVE, error); // and the next change is told
        }
    }
}
