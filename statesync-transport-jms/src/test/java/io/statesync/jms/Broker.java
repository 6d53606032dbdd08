package io.statesync.jms;

import io.statesync.testkit.internal.Ports;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.JMSException;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.activemq.artemis.api.core.ActiveMQException;
import org.apache.activemq.artemis.api.core.TransportConfiguration;
import org.apache.activemq.artemis.core.config.ClusterConnectionConfiguration;
import org.apache.activemq.artemis.core.config.Configuration;
import org.apache.activemq.artemis.core.config.impl.ConfigurationImpl;
import org.apache.activemq.artemis.core.config.impl.SecurityConfiguration;
import org.apache.activemq.artemis.core.postoffice.QueueBinding;
import org.apache.activemq.artemis.core.remoting.impl.netty.NettyConnectorFactory;
import org.apache.activemq.artemis.core.remoting.impl.netty.TransportConstants;
import org.apache.activemq.artemis.core.security.Role;
import org.apache.activemq.artemis.core.server.cluster.impl.MessageLoadBalancingType;
import org.apache.activemq.artemis.core.server.embedded.EmbeddedActiveMQ;
import org.apache.activemq.artemis.core.settings.impl.AddressSettings;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.apache.activemq.artemis.spi.core.security.ActiveMQJAASSecurityManager;
import org.apache.activemq.artemis.spi.core.security.ActiveMQSecurityManager;
import org.apache.activemq.artemis.spi.core.security.jaas.InVMLoginModule;
import org.apache.qpid.jms.JmsConnectionFactory;

/** A broker in this JVM, on a port of loopback, that can be stopped and started again. It keeps nothing once it is stopped. */
final class Broker implements AutoCloseable {
    /** No peer. */
    static final int ALONE = 0;

    private static final Duration LEAVING = Duration.ofSeconds(5);
    private static Broker shared;

    private final int port;
    private final int peer;
    private final Consumer<Configuration> setUp;
    private final ActiveMQSecurityManager users; // null for none: everybody may do everything
    private EmbeddedActiveMQ running;

    /** A broker that is in a cluster with another, unless it is alone. */
    Broker(int port, int peer) throws Exception {
        this(port, peer, configuration -> {}, null);
    }

    private Broker(int port, int peer, Consumer<Configuration> setUp, ActiveMQSecurityManager users) throws Exception {
        this.port = port;
        this.peer = peer;
        this.setUp = setUp;
        this.users = users;
        start();
    }

    /** A broker of a test's own, that is alone, and set up as the test wants. */
    static Broker with(Consumer<Configuration> setUp) throws Exception {
        return new Broker(Ports.free(), ALONE, setUp, null);
    }

    /** A broker of a test's own, that is alone and knows its users. */
    static Broker secured(SecurityConfiguration users, Consumer<Configuration> setUp) throws Exception {
        return new Broker(
                Ports.free(), ALONE, setUp, new ActiveMQJAASSecurityManager(InVMLoginModule.class.getName(), users));
    }

    /**
     * The one of this JVM, as good as new: it runs, has no queue, and none of the connections that earlier tests left. It is not
     * closed by those who use it. Tests of one JVM run one after the other.
     */
    static Broker shared() throws Exception {
        if (shared == null) {
            shared = new Broker(Ports.free(), ALONE);
        } else if (!shared.isLeft()) {
            shared.stop();
            shared.start();
        }
        return shared;
    }

    /** Whether it runs, all clients left in time, and all queues are gone. */
    private boolean isLeft() throws Exception {
        if (running == null) {
            return false;
        }
        long end = System.nanoTime() + LEAVING.toNanos();
        while (connections() > 0 && System.nanoTime() < end) {
            LockSupport.parkNanos(1_000_000);
        }
        if (connections() > 0) {
            return false;
        }
        var server = running.getActiveMQServer();
        for (QueueBinding binding : queues().toList()) {
            try {
                server.destroyQueue(binding.getQueue().getName(), null, false, true, false);
            } catch (ActiveMQException e) {
                // the broker itself removes what its clients left: what counts is whether a queue is there below
            }
        }
        return queues().findAny().isEmpty();
    }

    private Stream<QueueBinding> queues() {
        return running.getActiveMQServer()
                .getPostOffice()
                .getAllBindings()
                .filter(QueueBinding.class::isInstance)
                .map(QueueBinding.class::cast);
    }

    int port() {
        return port;
    }

    void start() throws Exception {
        Configuration configuration = new ConfigurationImpl()
                .setPersistenceEnabled(false)
                .setSecurityEnabled(users != null)
                .setJMXManagementEnabled(false)
                .setMessageExpiryScanPeriod(200)
                .addAcceptorConfiguration("vm", "vm://" + port)
                .addAcceptorConfiguration("tcp", "tcp://127.0.0.1:" + port + "?protocols=CORE,AMQP");
        configuration.addAddressSetting(
                "#",
                new AddressSettings()
                        .setMaxDeliveryAttempts(3)
                        .setRedistributionDelay(0)
                        .setExpiryAddress(null)
                        .setAutoDeleteQueues(peer != ALONE)
                        .setAutoDeleteAddresses(peer != ALONE)); // else it may remove what the next test begins to use
        if (peer != ALONE) {
            cluster(configuration);
        }
        setUp.accept(configuration);
        running = new EmbeddedActiveMQ().setConfiguration(configuration);
        if (users != null) {
            running.setSecurityManager(users);
        }
        running.start();
    }

    private void cluster(Configuration configuration) {
        configuration.addConnectorConfiguration("self", connector(port));
        configuration.addConnectorConfiguration("peer", connector(peer));
        configuration.setClusterUser("cluster").setClusterPassword("cluster");
        configuration.addClusterConfiguration(new ClusterConnectionConfiguration()
                .setName("cluster")
                .setAddress("")
                .setConnectorName("self")
                .setStaticConnectors(List.of("peer"))
                .setRetryInterval(200)
                .setReconnectAttempts(-1)
                .setMessageLoadBalancingType(MessageLoadBalancingType.ON_DEMAND)
                .setMaxHops(1));
    }

    private static TransportConfiguration connector(int port) {
        return new TransportConfiguration(
                NettyConnectorFactory.class.getName(),
                Map.of(TransportConstants.HOST_PROP_NAME, "127.0.0.1", TransportConstants.PORT_PROP_NAME, port));
    }

    void stop() throws Exception {
        if (running != null) {
            running.stop();
            running = null;
        }
    }

    /** How many messages wait or are delivered at a queue. */
    long messages(String queue) {
        var found = running.getActiveMQServer().locateQueue(queue);
        return found == null ? 0 : found.getMessageCount();
    }

    /** How many messages wait or are delivered at all queues. */
    long messages() {
        return queues().mapToLong(binding -> binding.getQueue().getMessageCount())
                .sum();
    }

    /** How many queues there are, with those of subscriptions. */
    long queueCount() {
        return queues().count();
    }

    /** Has whoever waits for an address that is full go on: drops what waits at a queue. */
    void drop(String queue) throws Exception {
        running.getActiveMQServer().locateQueue(queue).deleteAllReferences();
    }

    /** Changes who may do what with an address. */
    void allow(String address, Set<Role> roles) {
        running.getActiveMQServer().getSecurityRepository().addMatch(address, roles);
    }

    /** How many clients are connected. */
    int connections() {
        return running.getActiveMQServer().getConnectionCount();
    }

    /** In this JVM, without a network. */
    ConnectionFactory inVm() {
        return new ActiveMQConnectionFactory("vm://" + port);
    }

    ConnectionFactory tcp() {
        return tcp(port);
    }

    /** Artemis's provider. Its own reconnecting is off. */
    static ConnectionFactory tcp(int port) {
        return new ActiveMQConnectionFactory("tcp://127.0.0.1:" + port
                + "?reconnectAttempts=0&callTimeout=5000&connectionTTL=10000" + "&clientFailureCheckPeriod=2000");
    }

    /** Artemis's provider. It reconnects by itself, for as long as it takes. */
    ConnectionFactory reconnecting() {
        return new ActiveMQConnectionFactory("tcp://127.0.0.1:" + port
                + "?reconnectAttempts=-1&retryInterval=50&callTimeout=5000&connectionTTL=10000"
                + "&clientFailureCheckPeriod=2000");
    }

    /** Qpid's provider, over AMQP. */
    static ConnectionFactory amqp(int port) {
        return new JmsConnectionFactory(
                "amqp://127.0.0.1:" + port + "?jms.requestTimeout=5000&jms.connectTimeout=5000");
    }

    /** A message that is sent by hand. */
    interface Sending {
        void send(Session session, MessageProducer producer) throws JMSException;
    }

    /** Sends messages by hand. */
    void send(Sending sending) throws JMSException {
        try (var connection = inVm().createConnection();
                var session = connection.createSession();
                var producer = session.createProducer(null)) {
            sending.send(session, producer);
        }
    }

    @Override
    public void close() throws Exception {
        stop();
    }
}
