package io.statesync.http;

import java.util.Map;
import java.util.concurrent.CompletionStage;

/**
 * Where the headers of each request come from, such as {@code Authorization} with a token that is fresh.
 *
 * <p>Asked before each request, from several threads at once, on an executor where it may block. After an answer 401 it is
 * asked once more, and the request is repeated. What it throws, a failed stage and a header that cannot be sent fail the
 * request. Its headers go to the origin of the given URI only: after a redirect elsewhere they are left out.
 */
@FunctionalInterface
public interface HeaderSupplier {
    /**
     * The headers of a request.
     *
     * @param refresh whether the server has just refused what this supplier gave before
     * @throws Exception if there are none to be had
     */
    CompletionStage<Map<String, String>> headers(boolean refresh) throws Exception;
}
