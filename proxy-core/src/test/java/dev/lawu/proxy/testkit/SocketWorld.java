package dev.lawu.proxy.testkit;

import dev.lawu.proxy.HttpProxy;
import dev.lawu.proxy.Listener;
import dev.lawu.proxy.ProxyServer;
import dev.lawu.proxy.upstream.HttpPeer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The world of real sockets on loopback. Each wire has a thread that reads. */
final class SocketWorld extends World {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final ServerSocket listening;
    private final Thread acceptor;
    private final BlockingQueue<SocketWire> acceptedWires = new LinkedBlockingQueue<>();
    private final AtomicInteger acceptedCount = new AtomicInteger();
    private final List<SocketWire> wires = new CopyOnWriteArrayList<>();
    private @Nullable ProxyServer server;

    SocketWorld() {
        try {
            listening = new ServerSocket(0, 128, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        acceptor = daemon("origin", this::acceptAll);
    }

    private static Thread daemon(String name, Runnable task) {
        Thread thread = new Thread(task, "test-" + name);
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    private void acceptAll() {
        try {
            while (true) {
                Socket socket = listening.accept();
                SocketWire wire = new SocketWire(this, socket);
                wires.add(wire);
                acceptedCount.incrementAndGet();
                acceptedWires.add(wire);
            }
        } catch (IOException closed) {
            // the world is closing, or the origin refuses
        }
    }

    @Override
    public void start(HttpProxy proxy, Consumer<ProxyServer.Builder> settings) {
        ProxyServer.Builder builder = ProxyServer.builder(proxy).eventLoops(1).drainTimeout(Duration.ofSeconds(2));
        settings.accept(builder);
        if (builder.listensNowhere()) {
            builder.listen(listener());
        }
        server = builder.start();
    }

    @Override
    public Listener listener() {
        return Listener.tcp("127.0.0.1", 0);
    }

    @Override
    public ProxyServer server() {
        return Objects.requireNonNull(server, "start() first");
    }

    @Override
    protected boolean isStarted() {
        return server != null;
    }

    @Override
    public HttpPeer peer() {
        return HttpPeer.of("127.0.0.1", listening.getLocalPort());
    }

    @Override
    public Wire connect() {
        try {
            Socket socket = new Socket();
            socket.connect(server().address());
            SocketWire wire = new SocketWire(this, socket);
            wires.add(wire);
            return wire;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public Wire accept() {
        try {
            SocketWire wire = acceptedWires.poll(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
            if (wire == null) {
                throw new AssertionError("no connection reached the origin within " + PATIENCE);
            }
            return wire;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public int accepted() {
        return acceptedCount.get();
    }

    @Override
    public void refuse() {
        try {
            listening.close();
            acceptor.join(); // the port is free only when the thread has left accept()
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void await(BooleanSupplier condition, Supplier<String> what) {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("expected within " + PATIENCE + ": " + what.get());
            }
            pause(1);
        }
    }

    private static void pause(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void elapse(Duration duration) {
        pause(duration.toMillis());
    }

    @Override
    public boolean isSimulated() {
        return false;
    }

    @Override
    protected void closeWires() {
        wires.forEach(Wire::close);
    }

    @Override
    protected void closeAll() {
        closeWires();
        refuse();
        if (server != null) {
            server.close();
        }
    }

    private static final class SocketWire extends Wire {
        private final Socket socket;
        private final ByteArrayOutputStream received = new ByteArrayOutputStream();
        private final Object gate = new Object();
        private final BlockingQueue<byte[]> toSend = new LinkedBlockingQueue<>();
        private static final byte[] FIN = new byte[0];
        private boolean stopped;
        private volatile boolean ended;
        private volatile boolean reset;

        SocketWire(World world, Socket socket) {
            super(world);
            this.socket = socket;
            try {
                socket.setTcpNoDelay(true);
            } catch (SocketException e) {
                reset = true;
            }
            daemon("reader", this::readAll);
            daemon("writer", this::writeAll);
        }

        private void writeAll() {
            try {
                while (true) {
                    byte[] bytes = toSend.take();
                    if (bytes == FIN) {
                        socket.shutdownOutput();
                        return;
                    }
                    socket.getOutputStream().write(bytes);
                }
            } catch (IOException | InterruptedException e) {
                // the reader sees why
            }
        }

        private void readAll() {
            byte[] buffer = new byte[64 * 1024];
            try {
                InputStream in = socket.getInputStream();
                while (true) {
                    synchronized (gate) {
                        while (stopped) {
                            gate.wait();
                        }
                    }
                    int read = in.read(buffer);
                    if (read < 0) {
                        ended = true;
                        return;
                    }
                    synchronized (received) {
                        received.write(buffer, 0, read);
                    }
                }
            } catch (IOException | InterruptedException e) {
                reset = true;
                ended = true;
            }
        }

        @Override
        public void send(byte[] bytes) {
            if (bytes.length > 0) {
                toSend.add(bytes);
            }
        }

        @Override
        public byte[] bytes() {
            synchronized (received) {
                return received.toByteArray();
            }
        }

        @Override
        public long count() {
            synchronized (received) {
                return received.size();
            }
        }

        @Override
        public void finish() {
            toSend.add(FIN);
        }

        @Override
        public void reset() {
            try {
                socket.setSoLinger(true, 0);
            } catch (SocketException e) {
                // closed already
            }
            close();
        }

        @Override
        public void close() {
            try {
                socket.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public boolean isEnded() {
            return ended;
        }

        @Override
        public boolean isReset() {
            return reset;
        }

        @Override
        public void stopReading() {
            synchronized (gate) {
                stopped = true;
            }
        }

        @Override
        public void startReading() {
            synchronized (gate) {
                stopped = false;
                gate.notifyAll();
            }
        }
    }
}
