package io.statesync.jms;

/** Artemis's own provider. */
class ArtemisProposerContractTest extends JmsProposerContract {
    ArtemisProposerContractTest() {
        super(Broker::tcp);
    }
}
