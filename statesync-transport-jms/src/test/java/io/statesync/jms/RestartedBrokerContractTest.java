package io.statesync.jms;

/** A broker that is stopped and started, under the publisher and the subscriber. */
class RestartedBrokerContractTest extends JmsSubscriberContract {
    RestartedBrokerContractTest() {
        super(0, false, Broker::tcp);
    }

    @Override
    protected void breakConnection() throws Exception {
        published.broker.stop();
        PublishedSource.awaitNotOpen(published.client.connection());
        PublishedSource.awaitNotOpen(published.connection);
    }

    @Override
    protected void healConnection() throws Exception {
        published.broker.start();
    }
}
