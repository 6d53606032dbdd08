package io.statesync.source;

/** Hears of what happens to the stores of a registry. */
@FunctionalInterface
public interface StoreListener {
    /**
     * Something happened to a store. Called on the delivery executor, one call at a time. Of each topic the newest event
     * is told, so ones between may be left out, and its ids rise; those of different topics come in any order.
     *
     * @throws Exception is logged, and changes nothing
     */
    void onEvent(StoreEvent event) throws Exception;
}
