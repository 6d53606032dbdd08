package io.statesync.http;

import io.statesync.internal.Texts;
import java.net.URI;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** URLs: what may be shown of them, and what makes two of one origin. */
final class Urls {
    private Urls() {}

    /** The URL without user, query and fragment. */
    static String shown(URI uri) {
        String path = uri.getRawPath();
        String port = uri.getPort() < 0 ? "" : ":" + uri.getPort();
        return uri.getScheme() + "://" + uri.getHost() + port + (path == null ? "" : path);
    }

    /** Checks an option. */
    static URI http(String option, @Nullable URI uri) {
        Objects.requireNonNull(uri, option);
        if (!isHttp(uri)) {
            throw new IllegalArgumentException(option + " must be an absolute http or https URL: "
                    + Texts.quote(uri.getScheme() + "://" + uri.getHost()));
        }
        return uri;
    }

    static boolean isHttp(URI uri) {
        String scheme = uri.getScheme();
        return ("http".equalsIgnoreCase(scheme) || isHttps(uri)) && uri.getHost() != null;
    }

    static boolean isHttps(URI uri) {
        return "https".equalsIgnoreCase(uri.getScheme());
    }

    static boolean sameOrigin(URI one, URI other) {
        return origin(one).equals(origin(other));
    }

    private static String origin(URI uri) {
        int port = uri.getPort() >= 0 ? uri.getPort() : isHttps(uri) ? 443 : 80;
        return (uri.getScheme() + "://" + uri.getHost()).toLowerCase(Locale.ROOT) + ":" + port;
    }
}
