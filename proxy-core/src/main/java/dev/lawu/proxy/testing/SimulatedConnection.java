package dev.lawu.proxy.testing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A test's end of a connection: a client's to the proxy ({@link Simulation#connect}), or an origin's from the proxy ({@link SimulatedOrigin#connections}). It sends raw bytes and keeps what it
 * receives; text is ISO-8859-1, a byte for each character.
 *
 * <p>Calls only note what is to be done: it happens, and the proxy reacts, when the simulation runs. So a test sends, {@linkplain Simulation#run runs}, and looks at what was received. Calls for
 * what is not possible any more, because the other end reset the connection, do nothing.
 */
public final class SimulatedConnection {
    private final InetSocketAddress local;
    private final InetSocketAddress remote;
    private @Nullable Endpoint endpoint;
    private @Nullable ConnectAttempt attempt;
    private boolean refused;
    private boolean abandoned;

    private final Deque<byte[]> unsent = new ArrayDeque<>();
    private boolean finWanted;
    private boolean closeWanted;

    private final ByteArrayOutputStream received = new ByteArrayOutputStream();
    private long receivedBytes;
    /** How much may still be read. */
    private long allowance = Long.MAX_VALUE;

    private final List<Consumer<byte[]>> listeners = new ArrayList<>();
    private final List<Consumer<Endpoint>> whenConnected = new ArrayList<>();
    private long halfCloseAt = Long.MAX_VALUE;
    private long closeAt = Long.MAX_VALUE;

    private SimulatedConnection(InetSocketAddress local, InetSocketAddress remote) {
        this.local = local;
        this.remote = remote;
    }

    static SimulatedConnection connecting(SimulatedNetwork network, InetSocketAddress local, InetSocketAddress remote) {
        SimulatedConnection connection = new SimulatedConnection(local, remote);
        connection.attempt = network.connect(local, remote, new ConnectAttempt.Caller() {
            @Override
            public void connected(Endpoint established) {
                connection.own(established);
            }

            @Override
            public void refused(IOException cause) {
                connection.attempt = null;
                connection.refused = true;
                connection.unsent.clear();
            }
        });
        return connection;
    }

    static SimulatedConnection accepted(Endpoint endpoint) {
        SimulatedConnection connection = new SimulatedConnection(endpoint.local(), endpoint.remote());
        connection.own(endpoint);
        return connection;
    }

    private void own(Endpoint established) {
        attempt = null;
        endpoint = established;
        established.owner(new Endpoint.Owner() {
            @Override
            public void readable() {
                receive(established);
            }

            @Override
            public void writable() {
                pump();
            }
        });
        whenConnected.forEach(action -> action.accept(established));
        whenConnected.clear();
        pump();
    }

    // ---- sending

    /** Sends text: one piece on the network, unless {@link SimulatedNetwork#splitWrites} or the window splits it. */
    public SimulatedConnection send(String text) {
        return send(latin1(text));
    }

    /**
     * Sends bytes: one piece on the network, unless {@link SimulatedNetwork#splitWrites} or the window splits it. What does not fit into the other end's window waits here.
     *
     * @throws IllegalStateException after {@link #halfClose}, {@link #close} or {@link #reset}
     */
    public SimulatedConnection send(byte[] bytes) {
        if (finWanted || closeWanted || abandoned) {
            throw new IllegalStateException(this + ": send after the end (expected: before halfClose, close or reset)");
        }
        if (bytes.length > 0 && !refused) {
            unsent.add(bytes.clone());
            pump();
        }
        return this;
    }

    /** Sends text whose every byte arrives alone, in a read of its own. */
    public SimulatedConnection sendBytewise(String text) {
        for (byte b : latin1(text)) {
            send(new byte[] {b});
        }
        return this;
    }

    /** Ends the stream to the other end (FIN) behind what was sent; receiving goes on. */
    public SimulatedConnection halfClose() {
        finWanted = true;
        pump();
        return this;
    }

    /** Closes behind what was sent. As with real sockets, the other end gets an RST instead of a FIN if bytes have arrived that were not read, and an RST for what it sends later. */
    public void close() {
        if (attempt != null && unsent.isEmpty()) {
            abandon();
        }
        closeWanted = true;
        pump();
    }

    /** Breaks the connection at once: the other end gets an RST. What was sent and is on the way still arrives before it. */
    public void reset() {
        abandon();
        unsent.clear();
        if (endpoint != null) {
            endpoint.abort();
        }
    }

    private void abandon() {
        abandoned = true;
        if (attempt != null) {
            attempt.cancel();
            attempt = null;
        }
    }

    private void pump() {
        Endpoint to = endpoint;
        if (to == null || to.isClosed()) {
            return;
        }
        if (to.isReset()) {
            unsent.clear();
        }
        for (byte[] next = unsent.peek(); next != null; next = unsent.peek()) {
            int room = to.out().room();
            if (room == 0) {
                return;
            }
            unsent.remove();
            if (next.length > room) {
                byte[] rest = Arrays.copyOfRange(next, room, next.length);
                next = Arrays.copyOf(next, room);
                unsent.addFirst(rest);
            }
            to.out().send(next);
        }
        if (closeWanted) {
            to.close();
        } else if (finWanted) {
            to.shutdownOutput();
        }
    }

    // ---- receiving

    private void receive(Endpoint from) {
        while (allowance > 0 && from.in().available() > 0 && !from.isClosed()) {
            byte[] bytes = from.in().take((int) Math.min(allowance, Integer.MAX_VALUE));
            if (allowance != Long.MAX_VALUE) {
                allowance -= bytes.length;
            }
            received.writeBytes(bytes);
            receivedBytes += bytes.length;
            List.copyOf(listeners).forEach(listener -> listener.accept(bytes));
        }
        if (receivedBytes >= closeAt) {
            closeAt = Long.MAX_VALUE;
            close();
        }
        if (receivedBytes >= halfCloseAt) {
            halfCloseAt = Long.MAX_VALUE;
            halfClose();
        }
    }

    /** Everything that was received since the start or since {@link #takeReceived}. */
    public String received() {
        return received.toString(StandardCharsets.ISO_8859_1);
    }

    /** Everything that was received since the start or since {@link #takeReceived}. */
    public byte[] receivedBytes() {
        return received.toByteArray();
    }

    /** {@link #received}, and forgets it. */
    public String takeReceived() {
        String text = received();
        received.reset();
        return text;
    }

    /** How many bytes were received since the start. */
    public long receivedCount() {
        return receivedBytes;
    }

    /** How many bytes wait here because the other end does not read. */
    public long unsentCount() {
        return unsent.stream().mapToLong(bytes -> bytes.length).sum();
    }

    /** Stops to read. The other end can send until the window is full. */
    public SimulatedConnection stopReading() {
        allowance = 0;
        return this;
    }

    /** Reads on, without a limit. This is how it begins. */
    public SimulatedConnection startReading() {
        allowance = Long.MAX_VALUE;
        return readOn();
    }

    /** Reads this many more bytes, then {@linkplain #stopReading stops}. */
    public SimulatedConnection readAtMost(int bytes) {
        requirePositive("bytes", bytes);
        allowance = bytes;
        return readOn();
    }

    private SimulatedConnection readOn() {
        if (endpoint != null && !endpoint.isClosed()) {
            receive(endpoint);
        }
        return this;
    }

    /** Calls this with each piece that is received, after it was added to {@link #received}. What it throws fails the test. */
    public SimulatedConnection onReceived(Consumer<byte[]> listener) {
        listeners.add(Objects.requireNonNull(listener, "listener"));
        return this;
    }

    // ---- faults at a certain byte

    /** Has the network break the connection when exactly this many bytes, counted from the start, were sent: both ends see an RST behind them. */
    public SimulatedConnection resetAfterSending(long bytes) {
        return cut(bytes, true, Wire.Cut.RESET);
    }

    /** Has the network end the stream to the other end (FIN) when exactly this many bytes, counted from the start, were sent. What is sent after them vanishes. */
    public SimulatedConnection halfCloseAfterSending(long bytes) {
        return cut(bytes, true, Wire.Cut.FIN);
    }

    /** Has the network break the connection when the other end has sent exactly this many bytes, counted from the start: they are received, then both ends see an RST. */
    public SimulatedConnection resetAfterReceiving(long bytes) {
        return cut(bytes, false, Wire.Cut.RESET);
    }

    /** {@link #halfClose}, as soon as this many bytes, counted from the start, were received. */
    public SimulatedConnection halfCloseAfterReceiving(long bytes) {
        requireNotNegative(bytes);
        halfCloseAt = bytes;
        return readOn();
    }

    /** {@link #close}, as soon as this many bytes, counted from the start, were received. */
    public SimulatedConnection closeAfterReceiving(long bytes) {
        requireNotNegative(bytes);
        closeAt = bytes;
        return readOn();
    }

    private SimulatedConnection cut(long bytes, boolean outgoing, Wire.Cut how) {
        requireNotNegative(bytes);
        Consumer<Endpoint> action = end -> (outgoing ? end.out() : end.in()).cutAfter(bytes, how);
        if (endpoint != null) {
            action.accept(endpoint);
        } else {
            whenConnected.add(action);
        }
        return this;
    }

    // ---- state

    /** The connection was made: true from then on. */
    public boolean isConnected() {
        return endpoint != null;
    }

    /** Nobody listens at the other end. */
    public boolean isRefused() {
        return refused;
    }

    /** The other end has ended its stream (FIN), and all before it was read. */
    public boolean isClosedByPeer() {
        return endpoint != null && endpoint.in().isAtEnd();
    }

    /** The connection was broken by an RST, from either end or by the network. */
    public boolean isReset() {
        return endpoint != null && endpoint.isReset();
    }

    /** True until this end has closed or reset it, and while what was sent before a {@link #close} still waits. */
    public boolean isOpen() {
        return endpoint == null ? attempt != null : !endpoint.isClosed();
    }

    /** The address of this end. */
    public InetSocketAddress localAddress() {
        return local;
    }

    /** The address of the other end. */
    public InetSocketAddress remoteAddress() {
        return remote;
    }

    /** Both addresses, and what it is doing. */
    @Override
    public String toString() {
        return Endpoint.text(local) + " > " + Endpoint.text(remote) + " (" + state() + ", " + receivedBytes
                + " bytes received)";
    }

    private String state() {
        if (refused) {
            return "refused";
        }
        if (isReset()) {
            return "reset";
        }
        if (attempt != null) {
            return "connecting";
        }
        if (!isOpen()) {
            return "closed";
        }
        return isClosedByPeer() ? "half-closed" : "open";
    }

    private static byte[] latin1(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) > 0xff) {
                throw new IllegalArgumentException(
                        "text: character " + i + " is U+" + Integer.toHexString(text.charAt(i))
                                + " (expected: ISO-8859-1; encode other text and send the bytes)");
            }
        }
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static void requirePositive(String name, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: at least 1)");
        }
    }

    private static void requireNotNegative(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("bytes: " + bytes + " (expected: at least 0)");
        }
    }
}
