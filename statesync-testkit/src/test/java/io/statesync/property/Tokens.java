package io.statesync.property;

import java.util.ArrayList;
import java.util.List;

/**
 * The state that is written: the token of each write that is in it, in their order, and a counter of them.
 *
 * @param sum as many as there are tokens, counted one by one
 */
record Tokens(int sum, List<String> list) {
    static final Tokens NONE = new Tokens(0, List.of());

    static Tokens of(String token) {
        return NONE.plus(token);
    }

    Tokens plus(String token) {
        List<String> longer = new ArrayList<>(list);
        longer.add(token);
        return new Tokens(sum + 1, List.copyOf(longer));
    }

    /** These on top of others, each once. */
    Tokens on(Tokens others) {
        Tokens both = others;
        for (String token : list) {
            both = both.list.contains(token) ? both : both.plus(token);
        }
        return both;
    }

    boolean isPoisoned() {
        return list.stream().anyMatch(token -> token.startsWith("!"));
    }

    /** Whether each token is there once, and was counted. */
    boolean isSound() {
        return sum == list.size() && list.stream().distinct().count() == sum;
    }

    @Override
    public String toString() {
        return sum + list.toString();
    }
}
