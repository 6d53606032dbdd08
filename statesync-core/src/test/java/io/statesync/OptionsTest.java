package io.statesync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.statesync.internal.DefaultExecutor;
import io.statesync.internal.Texts;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Options are checked when they are set or built, and a failure names the option and the value. */
class OptionsTest {
    private static final Duration LONGEST = Duration.ofSeconds(Long.MAX_VALUE, 999_999_999);

    private static final InvalidationSubscriber SUBSCRIBER = handler -> CompletableFuture.completedFuture(() -> {});
    private static final SnapshotProvider<String> PROVIDER =
            request -> CompletableFuture.completedFuture(NotModified.instance());

    private static RevisionSyncOptions.Builder<String> builder() {
        return RevisionSyncOptions.<String>builder("settings")
                .subscriber(SUBSCRIBER)
                .provider(PROVIDER)
                .applier(snapshot -> {});
    }

    @Test
    void defaultsAreThoseOfTheContract() {
        RevisionSyncOptions<String> options = builder().build();
        assertThat(options.topic()).isEqualTo("settings");
        assertThat(options.instance()).isEqualTo("settings");
        assertThat(options.subscriber()).isSameAs(SUBSCRIBER);
        assertThat(options.provider()).isSameAs(PROVIDER);
        assertThat(options.applier()).isNotNull();
        assertThat(options.asyncApplier()).isNull();
        assertThat(options.cache()).isNull();
        assertThat(options.onError()).isNull();
        assertThat(options.listener()).isNull();
        assertThat(options.shouldRefresh()).isNull();
        assertThat(options.throttling()).isNull();
        assertThat(options.retry()).isEqualTo(RetryPolicy.none());
        assertThat(options.catchUp()).isSameAs(Backoff.standard());
        assertThat(options.giveUpAfter()).isEqualTo(Duration.ofMinutes(10));
        assertThat(options.pullTimeout()).isEqualTo(Duration.ofSeconds(30));
        assertThat(options.subscribeTimeout()).isEqualTo(Duration.ofSeconds(30));
        assertThat(options.cacheTimeout()).isEqualTo(Duration.ofSeconds(30));
        assertThat(options.slowApplyAfter()).isEqualTo(Duration.ofSeconds(10));
        assertThat(options.closeTimeout()).isEqualTo(Duration.ofSeconds(10));
        assertThat(options.resyncInterval()).isNull();
        assertThat(options.pullSpread()).isZero();
        assertThat(options.startup()).isEqualTo(Startup.FAIL_FAST);
        assertThat(options.executor()).isSameAs(DefaultExecutor.SHARED);
        assertThat(options.applyExecutor()).isSameAs(options.executor());
        assertThat(options.time()).isSameAs(TimeSource.system());
        assertThat(options.random().get()).isInstanceOf(ThreadLocalRandom.class);
    }

    @Test
    void startupDependsOnTheCacheUnlessChosen() {
        assertThat(builder().cache(topic -> null).build().startup()).isEqualTo(Startup.KEEP_TRYING);
        assertThat(builder()
                        .cache(topic -> null)
                        .startup(Startup.FAIL_FAST)
                        .build()
                        .startup())
                .isEqualTo(Startup.FAIL_FAST);
        assertThat(builder().startup(Startup.KEEP_TRYING).build().startup()).isEqualTo(Startup.KEEP_TRYING);
    }

    @Test
    void whatIsSetIsWhatIsThere() {
        SyncListener<Object> listener = new SyncListener<>() {};
        RevisionSyncOptions<String> options = builder()
                .instance("left")
                .listener(listener)
                .retry(RetryPolicy.standard())
                .catchUp(Backoff.fixed(Duration.ofSeconds(1)))
                .giveUpAfter(Duration.ofSeconds(2))
                .pullTimeout(Duration.ofSeconds(3))
                .subscribeTimeout(Duration.ofSeconds(4))
                .cacheTimeout(Duration.ofSeconds(5))
                .slowApplyAfter(Duration.ofSeconds(6))
                .closeTimeout(Duration.ofSeconds(7))
                .resyncInterval(Duration.ofSeconds(8))
                .pullSpread(Duration.ofSeconds(9))
                .executor(StateSync.directExecutor())
                .build();
        assertThat(options.instance()).isEqualTo("left");
        assertThat(options.listener()).isSameAs(listener);
        assertThat(options.retry()).isSameAs(RetryPolicy.standard());
        assertThat(options.catchUp().maxDelay()).isEqualTo(Duration.ofSeconds(1));
        assertThat(List.of(
                        options.giveUpAfter(),
                        options.pullTimeout(),
                        options.subscribeTimeout(),
                        options.cacheTimeout(),
                        options.slowApplyAfter(),
                        options.closeTimeout(),
                        options.resyncInterval(),
                        options.pullSpread()))
                .extracting(Duration::toSeconds)
                .containsExactly(2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L);
        assertThat(options.applyExecutor()).isSameAs(StateSync.directExecutor());
    }

    @Test
    void aSourceIsSubscriberAndProvider() {
        StateBinding<String> source = new StateBinding<>() {
            @Override
            public InvalidationSubscriber subscriber() {
                return SUBSCRIBER;
            }

            @Override
            public SnapshotProvider<String> provider() {
                return PROVIDER;
            }
        };
        RevisionSyncOptions<String> options = RevisionSyncOptions.<String>builder("settings")
                .source(source)
                .asyncApplier(snapshot -> CompletableFuture.completedFuture(null))
                .build();
        assertThat(options.subscriber()).isSameAs(SUBSCRIBER);
        assertThat(options.provider()).isSameAs(PROVIDER);
        assertThat(options.applier()).isNull();
        assertThat(options.asyncApplier()).isNotNull();
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(strings = {"", " ", "\t\n"})
    void aBlankNameIsRefused(String name) {
        assertThatThrownBy(() -> RevisionSyncOptions.builder(name))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("topic must not be null or blank: " + Texts.quote(name));
        assertThatThrownBy(() -> builder().instance(name))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("instance must not be null or blank: " + Texts.quote(name));
    }

    private static Map<String, BiFunction<RevisionSyncOptions.Builder<String>, Duration, Object>> durations() {
        Map<String, BiFunction<RevisionSyncOptions.Builder<String>, Duration, Object>> setters = new TreeMap<>();
        setters.put("giveUpAfter", RevisionSyncOptions.Builder::giveUpAfter);
        setters.put("pullTimeout", RevisionSyncOptions.Builder::pullTimeout);
        setters.put("subscribeTimeout", RevisionSyncOptions.Builder::subscribeTimeout);
        setters.put("cacheTimeout", RevisionSyncOptions.Builder::cacheTimeout);
        setters.put("slowApplyAfter", RevisionSyncOptions.Builder::slowApplyAfter);
        setters.put("closeTimeout", RevisionSyncOptions.Builder::closeTimeout);
        setters.put("resyncInterval", RevisionSyncOptions.Builder::resyncInterval);
        setters.put("pullSpread", RevisionSyncOptions.Builder::pullSpread);
        return setters;
    }

    @Test
    void negativeDurationsAreRefused() {
        durations()
                .forEach((option, set) -> assertThatThrownBy(() -> set.apply(builder(), Duration.ofMillis(-1500)))
                        .as(option)
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageStartingWith(option + " must")
                        .hasMessageEndingWith(": PT-1.5S"));
    }

    @Test
    void zeroIsRefusedWhereItMeansNothing() {
        durations().forEach((option, set) -> {
            if (!option.equals("pullSpread")) {
                assertThatThrownBy(() -> set.apply(builder(), Duration.ZERO))
                        .as(option)
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessage(option + " must be longer than zero: PT0S");
            }
        });
        assertThat(builder().pullSpread(Duration.ZERO).build().pullSpread()).isZero();
    }

    @Test
    void theLongestDurationsAreAccepted() {
        durations()
                .forEach((option, set) ->
                        assertThat(set.apply(builder(), LONGEST)).as(option).isNotNull());
    }

    @Test
    void nullsAreRefusedAndNamed() {
        Map<String, Consumer<RevisionSyncOptions.Builder<String>>> nulls = new TreeMap<>();
        nulls.put("subscriber", b -> b.subscriber(null));
        nulls.put("provider", b -> b.provider(null));
        nulls.put("source", b -> b.source(null));
        nulls.put("applier", b -> b.applier(null));
        nulls.put("asyncApplier", b -> b.asyncApplier(null));
        nulls.put("cache", b -> b.cache(null));
        nulls.put("onError", b -> b.onError(null));
        nulls.put("listener", b -> b.listener(null));
        nulls.put("shouldRefresh", b -> b.shouldRefresh(null));
        nulls.put("throttling", b -> b.throttling(null));
        nulls.put("retry", b -> b.retry(null));
        nulls.put("catchUp", b -> b.catchUp(null));
        nulls.put("startup", b -> b.startup(null));
        nulls.put("executor", b -> b.executor(null));
        nulls.put("applyOn", b -> b.applyOn(null));
        nulls.put("time", b -> b.time(null));
        nulls.put("random", b -> b.random(null));
        durations()
                .forEach((option, set) -> nulls.put(option, b -> {
                    var unused = set.apply(b, null);
                }));
        nulls.forEach((option, set) -> assertThatThrownBy(() -> set.accept(builder()))
                .as(option)
                .isInstanceOf(NullPointerException.class)
                .hasMessage(option));
        assertThatThrownBy(() -> StateSync.createRevisionSync(null)).hasMessage("options");
    }

    @Test
    void aMissingPartSaysWhich() {
        assertMissing("subscriber (or source)", b -> b.provider(PROVIDER).applier(snapshot -> {}));
        assertMissing("provider (or source)", b -> b.subscriber(SUBSCRIBER).applier(snapshot -> {}));
        assertMissing("applier (or asyncApplier)", b -> b.subscriber(SUBSCRIBER).provider(PROVIDER));
    }

    private static void assertMissing(String part, UnaryOperator<RevisionSyncOptions.Builder<String>> others) {
        assertThatThrownBy(() ->
                        others.apply(RevisionSyncOptions.builder("settings")).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("missing option: " + part);
    }

    @Test
    void bothAppliersAreRefused() {
        assertThatThrownBy(() -> builder().asyncApplier(snapshot -> null).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("applier")
                .hasMessageContaining("asyncApplier");
    }

    @Test
    void throttlingDefaultsToNone() {
        Throttling none = Throttling.builder().build();
        assertThat(none.debounce()).isNull();
        assertThat(none.maxWait()).isNull();
        assertThat(none.throttle()).isNull();
        assertThat(none.leading()).isTrue();
        Throttling all = Throttling.builder()
                .debounce(Duration.ofSeconds(1))
                .maxWait(Duration.ofSeconds(1))
                .throttle(Duration.ofSeconds(3))
                .leading(false)
                .build();
        assertThat(all).hasToString("Throttling[debounce=PT1S, maxWait=PT1S, throttle=PT3S, leading=false]");
    }

    @Test
    void badThrottlingIsRefused() {
        Throttling.Builder throttling = Throttling.builder();
        assertThatThrownBy(() -> throttling.debounce(Duration.ZERO))
                .hasMessage("debounce must be longer than zero: PT0S");
        assertThatThrownBy(() -> throttling.maxWait(Duration.ofSeconds(-1)))
                .hasMessage("maxWait must be longer than zero: PT-1S");
        assertThatThrownBy(() -> throttling.throttle(Duration.ZERO))
                .hasMessage("throttle must be longer than zero: PT0S");
        assertThatThrownBy(() -> throttling.debounce(null)).hasMessage("debounce");
        assertThatThrownBy(() -> Throttling.builder()
                        .debounce(Duration.ofSeconds(2))
                        .maxWait(Duration.ofSeconds(1))
                        .build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("debounce must not be longer than maxWait: PT2S > PT1S");
        assertThatThrownBy(() ->
                        Throttling.builder().maxWait(Duration.ofSeconds(1)).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("maxWait=PT1S");
        assertThatThrownBy(() -> Throttling.builder().leading(false).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("leading=false");
    }
}
