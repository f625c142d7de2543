package dev.lawu.proxy.testing;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;

/**
 * One direction of a connection. Bytes, and then a FIN or RST, arrive in order, each piece as an event of its own.
 *
 * <p>What is on the way and what has arrived but was not taken is bounded by the window.
 */
final class Wire extends TimedQueue {
    /** What the network does after a scripted byte. */
    enum Cut {
        /** The receiver gets a FIN; what is sent after it vanishes. */
        FIN,
        /** Both ends get an RST. */
        RESET
    }

    private final SimulatedNetwork network;
    private final Endpoint sender;
    private final Endpoint receiver;
    private final int window;
    private final Deque<byte[]> arrived = new ArrayDeque<>();
    /** How much of the first arrived piece was taken. */
    private int taken;

    private int unread;
    private int onTheWay;
    private long sent;
    private boolean ended;
    private boolean finArrived;
    private long cutAt = Long.MAX_VALUE;
    private Cut cut = Cut.RESET;

    Wire(Scheduler scheduler, SimulatedNetwork network, Endpoint sender, Endpoint receiver, int window) {
        super(scheduler, sender + " > " + receiver);
        this.network = network;
        this.sender = sender;
        this.receiver = receiver;
        this.window = window;
    }

    /** How many bytes may be sent now. */
    int room() {
        return Math.max(0, window - unread - onTheWay);
    }

    /** Bytes that were sent, without those after a cut. */
    long sent() {
        return sent;
    }

    /** Arrived and not taken yet. */
    int unread() {
        return unread;
    }

    /** Cuts after this many bytes since the start; at once if they were sent already. */
    void cutAfter(long bytes, Cut how) {
        cutAt = bytes;
        cut = how;
        if (sent >= cutAt) {
            applyCut();
        }
    }

    /** Sends bytes, at most {@link #room()} of them; the array belongs to the wire from now on. */
    void send(byte[] bytes) {
        if (ended) {
            return;
        }
        int length = (int) Math.min(bytes.length, cutAt - sent);
        for (int at = 0; at < length; ) {
            int piece = network.pieceOf(length - at);
            byte[] part = piece == bytes.length ? bytes : Arrays.copyOfRange(bytes, at, at + piece);
            at += piece;
            sent += piece;
            onTheWay += piece;
            add(network.nextLatency(), () -> arrive(part));
        }
        if (sent >= cutAt) {
            applyCut();
        }
    }

    /** Ends the stream behind what was sent. */
    void sendFin() {
        if (!ended) {
            ended = true;
            add(network.nextLatency(), this::arriveFin);
        }
    }

    /** Breaks the connection behind what was sent. */
    void sendReset() {
        ended = true;
        add(network.nextLatency(), this::arriveReset);
    }

    private void applyCut() {
        cutAt = Long.MAX_VALUE;
        if (cut == Cut.FIN) {
            sendFin();
        } else {
            sendReset();
            receiver.out().sendReset();
        }
    }

    private void arrive(byte[] part) {
        onTheWay -= part.length;
        if (receiver.isClosed()) {
            scheduler.trace(this, part.length + " bytes, nobody there");
            receiver.refuseBytes();
            return;
        }
        scheduler.trace(this, part.length + " bytes");
        arrived.add(part);
        unread += part.length;
        receiver.owner().readable();
    }

    private void arriveFin() {
        scheduler.trace(this, "FIN");
        finArrived = true;
        if (!receiver.isClosed()) {
            receiver.owner().readable();
        }
    }

    private void arriveReset() {
        scheduler.trace(this, "RST");
        receiver.resetArrived();
    }

    /** The size of the piece that is read next; 0 if nothing has arrived. */
    int available() {
        byte[] first = arrived.peek();
        return first == null ? 0 : first.length - taken;
    }

    /** Whether everything has been taken and a FIN is behind it. */
    boolean isAtEnd() {
        return finArrived && arrived.isEmpty();
    }

    /** Takes bytes of the first piece, at most this many. */
    byte[] take(int most) {
        byte[] first = arrived.element();
        int length = Math.min(most, first.length - taken);
        byte[] part = length == first.length ? first : Arrays.copyOfRange(first, taken, taken + length);
        taken += length;
        if (taken == first.length) {
            arrived.remove();
            taken = 0;
        }
        unread -= length;
        if (!sender.isClosed()) {
            sender.owner().writable();
        }
        return part;
    }

    void discardUnread() {
        arrived.clear();
        taken = 0;
        unread = 0;
    }
}
