package io.statesync.persistence;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongPredicate;

/** Those who wait until the snapshot of a number, or a later one, is saved. Guarded by the saves that it belongs to. */
final class Waiters {
    private final List<Waiter> waiters = new ArrayList<>();

    private record Waiter(long number, CompletableFuture<Void> future) {}

    CompletableFuture<Void> add(long number) {
        CompletableFuture<Void> future = new CompletableFuture<>();
        waiters.add(new Waiter(number, future));
        return future;
    }

    /** Takes out those whose number is at most this. */
    List<CompletableFuture<Void>> takeUpTo(long number) {
        return take(waiting -> waiting <= number);
    }

    /** Takes out those whose number is above this. */
    List<CompletableFuture<Void>> takeAbove(long number) {
        return take(waiting -> waiting > number);
    }

    private List<CompletableFuture<Void>> take(LongPredicate which) {
        List<CompletableFuture<Void>> taken = new ArrayList<>();
        for (Iterator<Waiter> each = waiters.iterator(); each.hasNext(); ) {
            Waiter waiter = each.next();
            if (which.test(waiter.number())) {
                each.remove();
                taken.add(waiter.future());
            }
        }
        return taken;
    }
}
