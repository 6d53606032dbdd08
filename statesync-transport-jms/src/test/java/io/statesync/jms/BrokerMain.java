package io.statesync.jms;

/**
 * A broker in a process of its own: {@code BrokerMain PORT [PEER]}, in a cluster with the one at {@code PEER} if that is named.
 * Says {@code READY} when it runs, and ends with its standard input.
 */
public final class BrokerMain {
    private BrokerMain() {}

    /** Runs a broker. */
    public static void main(String[] args) throws Exception {
        int peer = args.length > 1 ? Integer.parseInt(args[1]) : Broker.ALONE;
        try (Broker broker = new Broker(Integer.parseInt(args[0]), peer)) {
            System.out.println("READY " + broker.port());
            while (System.in.read() >= 0) {
                Thread.onSpinWait();
            }
        }
        System.exit(0);
    }
}
