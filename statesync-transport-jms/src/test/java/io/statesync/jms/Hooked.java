package io.statesync.jms;

import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.JMSException;
import jakarta.jms.MessageConsumer;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.List;

/** A provider whose calls can be made to fail, or to hang, before the real ones. */
final class Hooked {
    private static final List<Class<?>> WRAPPED =
            List.of(Connection.class, Session.class, MessageProducer.class, MessageConsumer.class);

    /** What happens first. */
    interface Hook {
        /**
         * Before a call.
         *
         * @param name of the interface and the method, as in {@code Session.createConsumer}
         * @throws JMSException in place of the call
         */
        void before(String name, Object[] arguments) throws JMSException;
    }

    private Hooked() {}

    static ConnectionFactory factory(ConnectionFactory real, Hook hook) {
        return wrap(ConnectionFactory.class, real, hook);
    }

    private static <C> C wrap(Class<C> type, Object real, Hook hook) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(), new Class<?>[] {type}, (proxy, method, given) -> {
                    Object[] arguments = given == null ? new Object[0] : given;
                    hook.before(type.getSimpleName() + '.' + method.getName(), arguments);
                    Object made;
                    try {
                        made = method.invoke(real, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                    Class<?> declared = method.getReturnType();
                    return WRAPPED.contains(declared) ? wrap(declared, made, hook) : made;
                }));
    }
}
