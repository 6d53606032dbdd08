package io.statesync.benchmarks;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;

/**
 * A state as applications have them: records with ids, names, times, measurements, some of it alike and some random.
 *
 * @param devices what it is made of, about 313 bytes of JSON each
 */
record Fleet(List<Device> devices) {
    private static final int DEVICE_BYTES = 313;
    private static final Instant EPOCH = Instant.parse("2026-01-01T00:00:00Z");
    private static final List<String> CITIES =
            List.of("Lisbon", "Oslo", "Graz", "Kraków", "Turin", "Leeds", "Utrecht", "Basel", "Tampere", "Gdańsk");
    private static final List<String> MODELS = List.of("gateway-2", "sensor-hub", "meter-x40", "meter-x45", "relay");
    private static final List<String> TAGS =
            List.of("outdoor", "beta", "solar", "indoor", "legacy", "critical", "mobile");

    record Device(
            UUID id,
            String name,
            String model,
            String firmware,
            boolean online,
            Instant lastSeen,
            double temperature,
            long bytesSent,
            Place place,
            List<String> tags) {}

    record Place(String city, double latitude, double longitude) {}

    /** One whose JSON has about so many bytes; always the same. */
    static Fleet ofBytes(int bytes) {
        Random random = new Random(42);
        List<Device> devices = new ArrayList<>();
        for (int i = 0; i < bytes / DEVICE_BYTES; i++) {
            devices.add(device(random, i));
        }
        return new Fleet(devices);
    }

    private static Device device(Random random, int number) {
        String city = CITIES.get(random.nextInt(CITIES.size()));
        String model = MODELS.get(random.nextInt(MODELS.size()));
        return new Device(
                new UUID(random.nextLong(), random.nextLong()),
                model + " " + city + " " + number,
                model,
                "3." + random.nextInt(8) + "." + random.nextInt(20),
                random.nextInt(10) > 0,
                EPOCH.plusMillis(random.nextInt(Integer.MAX_VALUE)),
                Math.round(random.nextGaussian() * 80 + 200) / 10.0,
                Math.abs(random.nextLong() >>> 28),
                new Place(city, degrees(random, 90), degrees(random, 180)),
                TAGS.subList(0, random.nextInt(TAGS.size())));
    }

    private static double degrees(Random random, int range) {
        return Math.round((random.nextDouble() * 2 - 1) * range * 100_000) / 100_000.0;
    }
}
