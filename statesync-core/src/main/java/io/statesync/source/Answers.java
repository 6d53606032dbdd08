package io.statesync.source;

import io.statesync.WriteResult;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What an authority answered recently, by proposal id. Its owner guards it. */
final class Answers<T extends @Nullable Object> {
    private final int window;
    private final Map<String, WriteResult<T>> answers = new LinkedHashMap<>();

    /** As many as {@code window}. */
    Answers(int window) {
        this.window = window;
    }

    /** The answer to a proposal; null if it is not known. */
    @Nullable
    WriteResult<T> get(@Nullable String proposalId) {
        return proposalId == null ? null : answers.get(proposalId);
    }

    /** Remembers an answer, unless there is one. */
    void remember(@Nullable String proposalId, WriteResult<T> answer) {
        if (proposalId == null || window == 0) {
            return;
        }
        answers.putIfAbsent(proposalId, answer);
        if (answers.size() > window) {
            answers.remove(answers.keySet().iterator().next());
        }
    }

    /** Remembers an answer as the most recent one. */
    void replace(String proposalId, WriteResult<T> answer) {
        answers.remove(proposalId);
        remember(proposalId, answer);
    }
}
