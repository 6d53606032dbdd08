package io.statesync.contract;

import java.lang.reflect.Proxy;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiConsumer;

/** Makes a stage of another library's: it can be listened to with {@code whenComplete}, and nothing else. */
final class ForeignStage<T> {
    private final CompletableFuture<T> outcome = new CompletableFuture<>();

    CompletionStage<T> stage() {
        @SuppressWarnings("unchecked")
        CompletionStage<T> stage = (CompletionStage<T>) Proxy.newProxyInstance(
                ForeignStage.class.getClassLoader(),
                new Class<?>[] {CompletionStage.class},
                (proxy, method, arguments) -> {
                    if (!method.getName().equals("whenComplete")) {
                        throw new UnsupportedOperationException(method.getName());
                    }
                    @SuppressWarnings("unchecked")
                    BiConsumer<T, Throwable> listener = (BiConsumer<T, Throwable>) arguments[0];
                    var unused = outcome.whenComplete(listener);
                    return proxy;
                });
        return stage;
    }

    void complete(T value) {
        outcome.complete(value);
    }

    void fail(Throwable error) {
        outcome.completeExceptionally(error);
    }
}
