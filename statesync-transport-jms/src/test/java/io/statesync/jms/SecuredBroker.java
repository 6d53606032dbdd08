package io.statesync.jms;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.activemq.artemis.api.core.QueueConfiguration;
import org.apache.activemq.artemis.api.core.RoutingType;
import org.apache.activemq.artemis.core.config.Configuration;
import org.apache.activemq.artemis.core.config.CoreAddressConfiguration;
import org.apache.activemq.artemis.core.config.impl.SecurityConfiguration;
import org.apache.activemq.artemis.core.security.Role;

/** A broker whose users have the rights that the docs say, and no more. Everybody's password is {@value #PASSWORD}. */
final class SecuredBroker implements AutoCloseable {
    static final String PASSWORD = "secret";
    static final String SOURCE = "source";
    static final String FOLLOWER = "follower";

    /** Who may ask, and may not listen. */
    static final String GUEST = "guest";

    final SecurityConfiguration users = new SecurityConfiguration(
            Map.of(SOURCE, PASSWORD, FOLLOWER, PASSWORD, GUEST, PASSWORD),
            Map.of(SOURCE, List.of(SOURCE), FOLLOWER, List.of(FOLLOWER), GUEST, List.of(GUEST)));
    final Broker broker = Broker.secured(users, SecuredBroker::setUp);

    SecuredBroker() throws Exception {}

    private static void setUp(Configuration configuration) {
        configuration.setPopulateValidatedUser(true).setAuthenticationCacheSize(0); // else it remembers who failed
        configuration.addAddressConfiguration(new CoreAddressConfiguration()
                .setName("statesync.requests")
                .addRoutingType(RoutingType.ANYCAST)
                .addQueueConfiguration(QueueConfiguration.of("statesync.requests")
                        .setRoutingType(RoutingType.ANYCAST)
                        .setDurable(false)));
        configuration.addAddressConfiguration(
                new CoreAddressConfiguration().setName("statesync.events").addRoutingType(RoutingType.MULTICAST));
        configuration.putSecurityRoles(
                "statesync.requests", Set.of(consuming(SOURCE), sending(FOLLOWER), sending(GUEST)));
        configuration.putSecurityRoles("statesync.events", Set.of(sending(SOURCE), consuming(FOLLOWER)));
        configuration.putSecurityRoles( // the temporary queues
                "#", Set.of(sending(SOURCE), consuming(FOLLOWER), consuming(GUEST)));
    }

    private static Role sending(String role) {
        return new Role(role, true, false, false, false, false, false, false, false, false, false, false, false);
    }

    /** To consume an address, and to make the queue for it that goes with its consumer. */
    private static Role consuming(String role) {
        return new Role(role, false, true, false, false, true, true, false, false, true, true, false, false);
    }

    /** Lets the guest listen, too; or no more. */
    void guestMayListen(boolean may) {
        broker.allow(
                "statesync.events",
                may
                        ? Set.of(sending(SOURCE), consuming(FOLLOWER), consuming(GUEST))
                        : Set.of(sending(SOURCE), consuming(FOLLOWER)));
    }

    /** Nobody but the follower may use events; or all again. */
    void sourceMayPublish(boolean may) {
        broker.allow(
                "statesync.events", may ? Set.of(sending(SOURCE), consuming(FOLLOWER)) : Set.of(consuming(FOLLOWER)));
    }

    @Override
    public void close() throws Exception {
        broker.close();
    }
}
