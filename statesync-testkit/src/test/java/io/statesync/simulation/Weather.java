package io.statesync.simulation;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.random.RandomGenerator;

/** How bad it is: how likely each fault is whenever it could happen, drawn for a seed and calm after the last fault. */
final class Weather {
    private static final double WORST = 0.5;

    private final RandomGenerator random;
    private final Map<Fault, Double> rates = new EnumMap<>(Fault.class);
    private final Map<Fault, Integer> counts = new EnumMap<>(Fault.class);
    private boolean eventsCalm;
    private boolean calm;

    /** Each fault is off, rare or frequent. */
    Weather(RandomGenerator random) {
        this.random = random;
        for (Fault fault : EnumSet.allOf(Fault.class)) {
            double rate = random.nextBoolean() ? 0 : random.nextDouble() * random.nextDouble() * WORST;
            rates.put(fault, rate);
        }
    }

    /** Whether the fault happens now; if so it is counted. */
    boolean strikes(Fault fault) {
        if (calm || (eventsCalm && fault.isOfEvents()) || random.nextDouble() >= rates.get(fault)) {
            return false;
        }
        count(fault);
        return true;
    }

    void count(Fault fault) {
        counts.merge(fault, 1, Integer::sum);
    }

    /** From now on events reach the engines. */
    void calmEvents() {
        eventsCalm = true;
    }

    /** From now on nothing strikes. */
    void calm() {
        calm = true;
    }

    Map<Fault, Integer> counts() {
        return counts;
    }

    @Override
    public String toString() {
        Map<Fault, String> on = new EnumMap<>(Fault.class);
        rates.forEach((fault, rate) -> {
            if (rate > 0) {
                on.put(fault, Math.round(rate * 100) + "%");
            }
        });
        return on.toString();
    }
}
