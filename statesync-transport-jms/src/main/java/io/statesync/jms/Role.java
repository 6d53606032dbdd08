package io.statesync.jms;

import jakarta.jms.JMSException;

/** Somebody who uses a connection. Safe for use from any thread. */
interface Role {
    /**
     * There is a connection: make sessions. Called on the connection's own thread, which may block. What is thrown is told by
     * {@link #lost} before the role is opened again.
     *
     * @throws JMSException if it cannot be opened
     */
    void open(Live live) throws JMSException;

    /**
     * What was opened is of no use any more, or an attempt to open failed.
     *
     * @param attempt which attempt to connect this was of
     * @param refused whether the broker refused it, so that who waits now would wait in vain
     */
    void lost(Throwable cause, long attempt, boolean refused);

    /** The connection was closed for good. Nothing is opened after this. */
    void closed();
}
