package io.statesync.http;

/** Events that carry the state. */
class InlinedSubscriberContractTest extends HttpSubscriberContract {
    InlinedSubscriberContractTest() {
        super(16384);
    }
}
