package io.statesync.http;

/** Events that say where a topic stands. */
class AnnouncedSubscriberContractTest extends HttpSubscriberContract {
    AnnouncedSubscriberContractTest() {
        super(0);
    }
}
