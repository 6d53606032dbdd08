package io.statesync.jms;

/** Artemis's own provider. */
class ArtemisProviderContractTest extends JmsProviderContract {
    ArtemisProviderContractTest() {
        super(Broker::tcp);
    }
}
