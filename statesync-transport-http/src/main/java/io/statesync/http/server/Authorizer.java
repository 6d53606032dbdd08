package io.statesync.http.server;

import jakarta.servlet.http.HttpServletRequest;

/**
 * Decides who may read and write which topic. Asked for each topic of each request, on the container's thread, so it should
 * be quick; an open stream is not asked again.
 */
@FunctionalInterface
public interface Authorizer {
    /**
     * Decides.
     *
     * @param request the request, for its user, its headers, its address
     * @param topic the topic as the client named it; it need not exist
     * @throws Exception counts as {@link Access#DENIED}, and is logged
     */
    Access authorize(HttpServletRequest request, String topic, Action action) throws Exception;

    /** Everybody may read, and nobody may write: the default. */
    static Authorizer readOnly() {
        return (request, topic, action) -> action == Action.READ ? Access.ALLOWED : Access.DENIED;
    }

    /** Everybody may do everything. For tests, and where something in front of the servlet decides. */
    static Authorizer allowAll() {
        return (request, topic, action) -> Access.ALLOWED;
    }
}
