package io.statesync.jms;

import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.JMSException;
import org.jspecify.annotations.Nullable;

/** How to connect, and as whom. No record, which would print its password. */
final class Login {
    private final ConnectionFactory factory;
    private final @Nullable String user;
    private final @Nullable String password;
    private final @Nullable String clientId;

    Login(ConnectionFactory factory, @Nullable String user, @Nullable String password, @Nullable String clientId) {
        this.factory = factory;
        this.user = user;
        this.password = password;
        this.clientId = clientId;
    }

    /** Makes a connection, which may take as long as the provider likes. */
    Connection connect() throws JMSException {
        Connection made = user == null ? factory.createConnection() : factory.createConnection(user, password);
        if (clientId != null) {
            try {
                made.setClientID(clientId);
            } catch (JMSException | RuntimeException e) {
                made.close();
                throw e;
            }
        }
        return made;
    }
}
