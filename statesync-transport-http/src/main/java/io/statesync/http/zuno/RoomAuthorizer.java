package io.statesync.http.zuno;

import io.statesync.http.server.Access;
import jakarta.servlet.http.HttpServletRequest;

/** Decides who may be in which room. Asked once for each request, on the container's thread, so it should be quick. */
@FunctionalInterface
public interface RoomAuthorizer {
    /**
     * Decides.
     *
     * @param request the request, for its user, its headers, its address
     * @param room the room that the path names; empty for {@code /zuno/sse} and so on, which are in none. It need not have
     *     stores
     * @throws Exception counts as {@link Access#DENIED}, and is logged
     */
    Access authorize(HttpServletRequest request, String room) throws Exception;
}
