package io.statesync.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.URI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class UrlsTest {

    @ParameterizedTest
    @ValueSource(
            strings = {"settings", "localhost:8080/state", "ftp://host/x", "http:///state", "https:/host/x", "//host/x"
            })
    void whatIsNoHttpUrlIsQuotedAsItWasGiven(String given) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> HttpStateClient.builder(URI.create(given)))
                .withMessage("base must be an absolute http or https URL: \"" + given + "\"");
    }

    @ParameterizedTest
    @CsvSource({
        "http://host/a?x=secret,            http://host/a?…",
        "http://host/a#secret,              http://host/a#…",
        "http://secret:secret@host/a,       http://…@host/a",
        "http://secret:secret@host/a?b=c,   http://…@host/a?…",
        "http://secret/secret@host,         http://…@host",
        "http://secret?secret@host,         http://…",
        "secret:secret@localhost:80/a,      …@localhost:80/a",
        "secret:secret@host//a,             …@host//a",
        "/a?mail=secret@secret,             …",
        "http://host/a,                     http://host/a"
    })
    void whatIsShownOfWhatWasGivenHasNoUserAndNoQuery(String given, String shown) {
        assertThat(Urls.given(URI.create(given))).isEqualTo(shown);
    }

    @Test
    void aBaseWithAQueryOrAFragmentIsToldWhichOfThemItHas() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> HttpStateClient.builder(URI.create("http://host/a?token=secret")))
                .withMessage("base must have no query: \"http://host/a?…\"");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> HttpStateClient.builder(URI.create("http://host/a#top")))
                .withMessage("base must have no fragment: \"http://host/a#…\"");
    }

    @Test
    void aPortThatIsNoneIsRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> HttpStateClient.builder(URI.create("http://host:65536/a")))
                .withMessage("base must have a port of at most 65535: \"http://host:65536/a\"");
    }
}
