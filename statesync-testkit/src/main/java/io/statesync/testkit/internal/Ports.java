package io.statesync.testkit.internal;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;

/** Ports of loopback for servers that are stopped and come back where they were. */
public final class Ports {
    private static final int FIRST = 20_000;
    private static final int END = 32_000;
    private static final int EACH = 20;

    private static final AtomicInteger NEXT = new AtomicInteger();

    private Ports() {}

    /**
     * One that is free, and that the system gives to nobody who asks for any: neither to another server nor as the local end
     * of a connection, which could even be one to itself. Each process has some of its own, so that another one that asks
     * here does not get it while its server is away.
     */
    public static int free() {
        int own = FIRST + (int) (ProcessHandle.current().pid() % ((END - FIRST) / EACH)) * EACH;
        for (int i = 0; i < EACH; i++) {
            int port = own + Math.floorMod(NEXT.getAndIncrement(), EACH);
            if (isFree(port)) {
                return port;
            }
        }
        while (true) {
            int port = ThreadLocalRandom.current().nextInt(FIRST, END);
            if (isFree(port)) {
                return port;
            }
        }
    }

    private static boolean isFree(int port) {
        try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
            return socket.isBound();
        } catch (IOException e) {
            return false; // somebody has it
        }
    }
}
