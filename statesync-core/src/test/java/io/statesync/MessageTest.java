package io.statesync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.statesync.internal.Texts;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Events, snapshots and reports: what they hold, and what they print. */
class MessageTest {
    private static final Revision FIVE = Revision.of(5);

    @Test
    void anEventNeedsARevisionOnly() {
        InvalidationEvent event = new InvalidationEvent(null, FIVE, null, null, null);
        assertThat(event.topic()).isNull();
        assertThatThrownBy(() -> new InvalidationEvent("settings", null, null, null, null))
                .hasMessage("revision");
        assertThat(InvalidationEvent.of("settings", FIVE))
                .isEqualTo(new InvalidationEvent("settings", FIVE, null, null, null));
        assertThat(InvalidationEvent.of("settings", StateVersion.of(Revision.of(7), FIVE)))
                .isEqualTo(new InvalidationEvent("settings", FIVE, Revision.of(7), null, null));
    }

    @Test
    void aSnapshotMayHaveNullDataButNoNullRevision() {
        assertThat(SnapshotEnvelope.of(FIVE, null).data()).isNull();
        assertThatThrownBy(() -> new SnapshotEnvelope<>(null, null, "data")).hasMessage("revision");
        assertThat(SnapshotEnvelope.of(StateVersion.of(Revision.of(7), FIVE), "data"))
                .isEqualTo(new SnapshotEnvelope<>(FIVE, Revision.of(7), "data"));
    }

    @Test
    @DisplayName("G4: the version of a snapshot is read strictly")
    void aSnapshotsVersionIsReadStrictly() {
        assertThat(SnapshotEnvelope.parse("5", null, "data")).isEqualTo(SnapshotEnvelope.of(FIVE, "data"));
        assertThat(SnapshotEnvelope.parse("5", "7", "data").epoch()).isEqualTo(Revision.of(7));
        assertThatThrownBy(() -> SnapshotEnvelope.parse(null, null, "data")).isInstanceOf(ProtocolException.class);
        assertThatThrownBy(() -> SnapshotEnvelope.parse("05", null, "data")).isInstanceOf(ProtocolException.class);
        assertThatThrownBy(() -> SnapshotEnvelope.parse("5", "", "data")).isInstanceOf(ProtocolException.class);
    }

    @Test
    void whatIsPrintedNamesNoData() {
        assertThat(SnapshotEnvelope.of(FIVE, "secret")).hasToString("SnapshotEnvelope[5]");
        assertThat(SnapshotEnvelope.parse("5", "7", "secret")).hasToString("SnapshotEnvelope[5@7]");
        SyncError error = new SyncError(
                "left",
                "settings",
                SyncPhase.PROTOCOL,
                new IOException("unreadable"),
                null,
                StateVersion.of(FIVE),
                null,
                "source",
                "secret",
                2,
                true,
                Duration.ofSeconds(1));
        assertThat(error.toString())
                .isEqualTo(
                        "SyncError[instance=left, topic=settings, phase=protocol, local=null, event=5, snapshot=null,"
                                + " attempt=2, willRetry=true, nextDelay=PT1S, error=java.io.IOException: unreadable]");
    }

    @Test
    void notModifiedIsOneObject() {
        assertThat(NotModified.<String>instance())
                .isSameAs(NotModified.<Integer>instance())
                .hasToString("NotModified");
    }

    @Test
    void phasesHaveTheNamesOfTheContract() {
        assertThat(Arrays.stream(SyncPhase.values()).map(SyncPhase::toString))
                .containsExactly(
                        "start",
                        "subscribe",
                        "invalidation",
                        "refresh",
                        "getSnapshot",
                        "protocol",
                        "apply",
                        "throttle");
        assertThat(SyncPhase.GET_SNAPSHOT.wireName()).isEqualTo("getSnapshot");
    }

    @Test
    void exceptionsKeepTheirCause() {
        IOException cause = new IOException("cause");
        assertThat(new ProtocolException("message", cause))
                .hasMessage("message")
                .hasCause(cause);
        assertThat(new ProtocolException("message")).hasNoCause();
        assertThat(new StaleSourceException("old")).hasMessage("old").isInstanceOf(SyncException.class);
    }

    @Test
    void quotedTextHasNoControlCharactersAndALimit() {
        assertThat(Texts.quote(null)).isEqualTo("null");
        assertThat(Texts.quote("")).isEqualTo("\"\"");
        assertThat(Texts.quote("plain ü")).isEqualTo("\"plain ü\"");
        assertThat(Texts.quote("a\nb\u0000\u007f\u001b")).isEqualTo("\"a\\u000ab\\u0000\\u007f\\u001b\"");
        assertThat(Texts.quote("\ud83d\ude00")).isEqualTo("\"\\ud83d\\ude00\"");
        assertThat(Texts.quote("x".repeat(80))).isEqualTo("\"" + "x".repeat(80) + "\"");
        assertThat(Texts.quote("x".repeat(81))).isEqualTo("\"" + "x".repeat(80) + "…\"");
    }

    @Property
    void quotedTextIsOneShortPrintableLine(@ForAll String text) {
        String quoted = Texts.quote(text);
        assertThat(quoted.length()).isLessThanOrEqualTo(80 * 6 + 3);
        assertThat(quoted.chars())
                .noneMatch(c -> Character.isISOControl(c)
                        || c == 0x2028
                        || c == 0x2029
                        || (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE));
        assertThat(quoted).startsWith("\"").endsWith("\"");
    }
}
