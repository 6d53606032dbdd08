package io.statesync.testkit;

import static org.assertj.core.api.Assertions.fail;

import io.statesync.PullResult;
import io.statesync.SnapshotProvider;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * What a {@link SnapshotProvider} must keep whose source can be out of reach, or can fail.
 *
 * @param <T> the type of the state
 */
public abstract class FallibleProviderContract<T extends @Nullable Object> extends SnapshotProviderContract<T> {
    /** For subclasses. */
    protected FallibleProviderContract() {}

    /** Makes every pull fail from now on. */
    protected abstract void breakSource() throws Exception;

    /** Lets pulls succeed again. */
    protected abstract void healSource() throws Exception;

    /** Contract R1: what failed is tried again, so it must be known to have failed. */
    @Test
    @DisplayName("R1: a failure is a failed stage or an exception, never an answer or silence")
    public void aFailureSurfaces() throws Exception {
        SnapshotProvider<T> provider = createProvider();
        setState(version(1), data(1));
        assertIs(snapshot(pull(provider, request())), version(1), data(1));
        breakSource();
        CompletableFuture<PullResult<T>> answer = begin(provider);
        try {
            fail(
                    "the source is broken, and the pull was answered: %s",
                    answer.get(patience().toNanos(), TimeUnit.NANOSECONDS));
        } catch (ExecutionException expected) {
            healSource();
        } catch (TimeoutException e) {
            throw new AssertionError("the source is broken, and the pull did not fail within " + patience(), e);
        }
    }

    private CompletableFuture<PullResult<T>> begin(SnapshotProvider<T> provider) {
        try {
            return Stages.future(provider.getSnapshot(request()));
        } catch (Exception e) { // throwing and failing mean the same
            return CompletableFuture.failedFuture(e);
        }
    }

    /** Contract K2: the engine pulls until it succeeds. */
    @Test
    @DisplayName("K2: a pull after the source has healed is answered with its newest state")
    public void pullsAfterAFailureAreAnswered() throws Exception {
        SnapshotProvider<T> provider = createProvider();
        for (int n = 1; n <= 3; n++) {
            setState(version(n), data(n));
            breakSource();
            var unused = begin(provider).handle((answer, error) -> error);
            healSource();
            assertIs(snapshot(pull(provider, request())), version(n), data(n));
        }
    }
}
