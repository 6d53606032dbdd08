package io.statesync.jms;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Who uses a connection, and how they fare. Guarded by the connection's lock. */
final class Roles {
    private final Duration healthy;
    private final Map<Role, Health> roles = new LinkedHashMap<>();

    /** How one fares. */
    private static final class Health {
        private int failures; // in a row
        private boolean open;
        private long openedAt; // by the nano time
    }

    /**
     * Nobody.
     *
     * @param healthy how long one must have been open for its failures to be forgotten
     */
    Roles(Duration healthy) {
        this.healthy = healthy;
    }

    /** Whether it is new. */
    boolean add(Role role) {
        return roles.putIfAbsent(role, new Health()) == null;
    }

    /** Whether it was there. */
    boolean remove(Role role) {
        return roles.remove(role) != null;
    }

    void clear() {
        roles.clear();
    }

    boolean contains(Role role) {
        return roles.containsKey(role);
    }

    boolean isEmpty() {
        return roles.isEmpty();
    }

    List<Role> all() {
        return List.copyOf(roles.keySet());
    }

    void opened(Role role, long now) {
        Health health = roles.get(role);
        if (health != null) {
            health.open = true;
            health.openedAt = now;
        }
    }

    /** How many failures there are in a row, with this one; 0 if it is not there. */
    int failed(Role role, long now) {
        Health health = roles.get(role);
        if (health == null) {
            return 0;
        }
        health.failures = health.open && now - health.openedAt >= healthy.toNanos() ? 1 : health.failures + 1;
        health.open = false;
        return health.failures;
    }
}
