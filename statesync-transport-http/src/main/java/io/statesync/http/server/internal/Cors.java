package io.statesync.http.server.internal;

import io.statesync.internal.Texts;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.net.URI;
import java.util.Set;

/** Which pages of other origins have access; what is said here a browser enforces. */
public final class Cors {
    private final Set<String> allowed;

    public Cors(Set<String> allowed) {
        this.allowed = allowed;
    }

    /** Checks that each is an origin: scheme, host, and a port if it is not the scheme's. */
    public static Set<String> checked(Set<String> origins) {
        for (String origin : origins) {
            boolean fine;
            try {
                URI uri = URI.create(origin);
                fine = uri.getScheme() != null
                        && uri.getHost() != null
                        && (uri.getRawPath() == null || uri.getRawPath().isEmpty())
                        && uri.getRawQuery() == null
                        && uri.getRawUserInfo() == null;
            } catch (IllegalArgumentException e) {
                fine = false;
            }
            if (!fine) {
                throw new IllegalArgumentException(
                        "allowedOrigins must be origins such as https://app.example.com: " + Texts.quote(origin));
            }
        }
        return origins;
    }

    /** Says what a page may do; whether that is the whole answer. */
    public boolean isAnswered(HttpServletRequest request, HttpServletResponse response) {
        if (allowed.isEmpty()) {
            return false;
        }
        response.addHeader("Vary", "Origin");
        String origin = request.getHeader("Origin");
        if (origin == null || !allowed.contains(origin)) {
            return false;
        }
        response.setHeader("Access-Control-Allow-Origin", origin);
        response.setHeader("Access-Control-Expose-Headers", "ETag, Retry-After");
        boolean preflight =
                request.getMethod().equals("OPTIONS") && request.getHeader("Access-Control-Request-Method") != null;
        if (preflight) {
            response.setHeader("Access-Control-Allow-Methods", "GET, POST");
            response.setHeader(
                    "Access-Control-Allow-Headers",
                    "Authorization, Content-Encoding, Content-Type, If-None-Match, Last-Event-ID");
            response.setHeader("Access-Control-Max-Age", "3600");
            response.setStatus(HttpServletResponse.SC_NO_CONTENT);
        }
        return preflight;
    }
}
