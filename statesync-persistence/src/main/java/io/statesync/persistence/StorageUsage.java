package io.statesync.persistence;

/**
 * How much a storage keeps.
 *
 * @param topics how many topics
 * @param bytes how many bytes they take, all generations together
 * @param maxBytes how many they may take; {@link Long#MAX_VALUE} for no limit
 */
public record StorageUsage(long topics, long bytes, long maxBytes) {}
