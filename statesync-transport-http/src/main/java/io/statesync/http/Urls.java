package io.statesync.http;

import io.statesync.internal.Texts;
import java.net.URI;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** URLs: what may be shown of them, and what makes two of one origin. */
final class Urls {
    private static final Pattern SCHEME = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]*://");
    private static final int MAX_PORT = 65_535;

    private Urls() {}

    /** The URL without user, query and fragment. */
    static String shown(URI uri) {
        String path = uri.getRawPath();
        String port = uri.getPort() < 0 ? "" : ":" + uri.getPort();
        return uri.getScheme() + "://" + uri.getHost() + port + (path == null ? "" : path);
    }

    /**
     * What was given as a URL, good or not, without its user and the values of its query, wherever in it they may be.
     */
    static String given(URI uri) {
        String url = uri.toString();
        Matcher scheme = SCHEME.matcher(url);
        int begin = scheme.lookingAt() ? scheme.end() : 0;
        int end = begin;
        while (end < url.length() && url.charAt(end) != '?' && url.charAt(end) != '#') {
            end++;
        }
        String rest = end == url.length() ? "" : url.charAt(end) + "…";
        int at = url.lastIndexOf('@');
        if (at < begin) {
            return url.substring(0, end) + rest;
        }
        return url.substring(0, begin) + "…" + (at < end ? url.substring(at, end) + rest : "");
    }

    /** Checks an option. */
    static URI http(String option, @Nullable URI uri) {
        Objects.requireNonNull(uri, option);
        if (!isHttp(uri)) {
            throw new IllegalArgumentException(
                    option + " must be an absolute http or https URL: " + Texts.quote(given(uri)));
        }
        if (uri.getPort() > MAX_PORT) {
            throw new IllegalArgumentException(
                    option + " must have a port of at most " + MAX_PORT + ": " + Texts.quote(given(uri)));
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
