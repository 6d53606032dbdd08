package io.statesync.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class SettingTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "a=2     | {'a': 1, 'b': 1} | {'a': 2, 'b': 1}",
                "c=x     | {'a': 1}         | {'a': 1, 'c': 'x'}",
                "a=null  | {'a': 1}         | {'a': null}",
                "a=      | {'a': 1}         | {'a': ''}",
                "a=1 2   | {}               | {'a': '1 2'}",
                "a=b=c   | {}               | {'a': 'b=c'}",
                "a.b=[1] | {'a': {'c': 1}}  | {'a': {'c': 1, 'b': [1]}}",
                "a.b.c=1 | {}               | {'a': {'b': {'c': 1}}}"
            })
    void changesOneKeyAndNotTheDocumentItself(String text, String before, String after) {
        JsonNode document = json(before);

        assertThat(Setting.parse(text).in(document)).isEqualTo(json(after));
        assertThat(document).isEqualTo(json(before));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "a=1     | [1]              | a cannot be set: the document is no object, but an array",
                "a=1     | 'x'              | a cannot be set: the document is no object, but a text",
                "a.b=1   | {'a': 1}         | a.b cannot be set: a is no object, but a number",
                "a.b.c=1 | {'a': {'b': []}} | a.b.c cannot be set: a.b is no object, but an array",
                "a.b=1   | {'a': true}      | a.b cannot be set: a is no object, but true",
                "a.b=1   | {'a': null}      | a.b cannot be set: a is no object, but null"
            },
            quoteCharacter = '`')
    void whatIsNoObjectHoldsNoKeyAndIsNamed(String text, String document, String told) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Setting.parse(text).in(json(document)))
                .withMessage(told);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a", "=1", ".a=1", "a.=1", "a..b=1"})
    void refusesWhatIsNone(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Setting.parse(text))
                .withMessageContaining("'" + text + "'");
    }

    private static JsonNode json(String text) {
        return JsonMapper.shared().readTree(text.replace('\'', '"'));
    }
}
