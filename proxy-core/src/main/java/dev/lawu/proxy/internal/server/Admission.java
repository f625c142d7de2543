package dev.lawu.proxy.internal.server;

import dev.lawu.proxy.ConnectionFilter;
import dev.lawu.proxy.ConnectionFilter.Decision;
import dev.lawu.proxy.TrustedProxies;
import dev.lawu.proxy.internal.loop.Deadline;
import dev.lawu.proxy.internal.loop.ReadBuffers;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What stands between accepting a connection and its HTTP, where a listener asks for that: the PROXY header, then the limit per client, which needs the client's address, then the filter.
 *
 * <pre>
 *   HEADER --complete, or none is expected--&gt; DECISION --accepted--&gt; DONE: the connection's handler takes this one's place, and what was read
 *   HEADER, DECISION --malformed, over the limit, rejected, too late--&gt; DONE: closed
 * </pre>
 *
 * One deadline holds for all of it. While the filter decides, up to {@value #READ_AHEAD} bytes more are kept unread by anybody, so that a FIN or RST is seen.
 */
final class Admission extends ChannelInboundHandlerAdapter {
    private static final Logger logger = LoggerFactory.getLogger("dev.lawu.proxy.server");

    private static final int READ_AHEAD = 16 * 1024;

    private enum State {
        HEADER,
        DECISION,
        DONE
    }

    private final AcceptedConnection connection;
    private final ServerLoop loop;
    private final @Nullable ConnectionFilter filter;
    private final Deadline deadline;
    private State state = State.HEADER;
    private ByteBuf held = Unpooled.EMPTY_BUFFER;
    private boolean inputEnded;
    private boolean served;
    /** Null for the socket's own. */
    private @Nullable SocketAddress source;

    private @Nullable SocketAddress destination;

    @SuppressWarnings("NullAway.Init") // set by handlerAdded, before anything else
    private ChannelHandlerContext context;

    Admission(AcceptedConnection connection) {
        this.connection = connection;
        this.loop = connection.loop;
        this.filter = connection.listener.description().connectionFilter();
        this.deadline = new Deadline(loop.loop) {
            @Override
            protected void expired() {
                onTimeout();
            }
        };
    }

    /** True if a connection with this other end has to send a PROXY header. */
    private boolean isHeaderExpected() {
        TrustedProxies trusted = connection.listener.description().proxyProtocol();
        if (trusted == null) {
            return false;
        }
        return connection.listener.isUnix()
                || connection.peer() instanceof InetSocketAddress inet && trusted.contains(inet.getAddress());
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
        loop.admissions().add(this);
        ReadBuffers.use(connection.channel, loop.loop); // its handle is made with the first read
        deadline.set(loop.options().headReadTimeout().toNanos());
        if (!isHeaderExpected()) {
            decide();
        }
    }

    // ---- the PROXY header

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        if (state == State.DONE) {
            bytes.release();
            return;
        }
        keep(bytes);
        if (state == State.HEADER) {
            readHeader();
        } else if (held.readableBytes() > READ_AHEAD) {
            connection.channel.config().setAutoRead(false);
        }
    }

    private void keep(ByteBuf bytes) {
        if (!held.isReadable()) {
            held.release();
            held = bytes;
            return;
        }
        ByteBuf joined = connection.channel.alloc().ioBuffer(held.readableBytes() + bytes.readableBytes());
        joined.writeBytes(held).writeBytes(bytes);
        held.release();
        bytes.release();
        held = joined;
    }

    private void readHeader() {
        ProxyHeader header;
        try {
            header = ProxyHeader.read(held);
        } catch (ProxyHeader.Malformed e) {
            refuse("proxy-protocol", String.valueOf(e.getMessage()));
            return;
        }
        if (header != null) {
            source = header.source();
            destination = header.destination();
            decide();
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (!(event instanceof ChannelInputShutdownEvent)) {
            return;
        }
        inputEnded = true;
        if (state == State.HEADER) {
            if (held.isReadable()) {
                refuse("proxy-protocol", "the end after " + held.readableBytes() + " bytes of a PROXY header");
            } else {
                close(); // a look at whether somebody listens, as balancers take it
            }
        }
    }

    // ---- the decision

    private void decide() {
        state = State.DECISION;
        boolean isProxys = source == null && isHeaderExpected(); // a health check: not one of a client
        if (!isProxys && !connection.isWithinLimit(source == null ? connection.peer() : source)) {
            end();
            return;
        }
        if (filter == null) {
            admit();
            return;
        }
        Decision decision;
        try {
            decision = filter.filter(new ConnectionFilter.Incoming(
                    connection.listener.name(),
                    source == null ? connection.peer() : source,
                    connection.peer(),
                    destination == null ? connection.local() : destination));
        } catch (Throwable e) {
            failed(e);
            return;
        }
        apply(decision);
    }

    @SuppressWarnings("NullAway") // users' code may answer null
    private void apply(@Nullable Decision decision) {
        if (state != State.DECISION) {
            return;
        }
        if (decision instanceof ConnectionFilter.Accept) {
            admit();
        } else if (decision instanceof ConnectionFilter.Reject rejected) {
            refuse("connection-filter", rejected.reason());
        } else if (decision instanceof ConnectionFilter.Async pending) {
            pending.stage()
                    .whenComplete((later, error) -> loop.loop.loop().execute(() -> {
                        if (error != null) {
                            failed(error);
                        } else {
                            apply(later);
                        }
                    }));
        } else {
            failed(new NullPointerException("a connection filter answered null (expected: a Decision)"));
        }
    }

    private void failed(Throwable cause) {
        if (state == State.DECISION) {
            logger.warn("a connection filter failed; the connection is closed", cause);
            refuse("connection-filter-failed", cause.getClass().getName());
        }
    }

    private void admit() {
        ByteBuf read = held;
        held = Unpooled.EMPTY_BUFFER;
        boolean ended = inputEnded;
        end();
        served = true;
        connection.serve(source, destination);
        // Before the connection gets anything: it may want to stop reading at once.
        connection.channel.config().setAutoRead(true);
        if (read.isReadable()) {
            context.fireChannelRead(read);
        } else {
            read.release();
        }
        if (ended) {
            context.fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
        }
        context.pipeline().remove(this);
    }

    // ---- the end

    private void onTimeout() {
        String after = " within " + loop.options().headReadTimeout();
        if (state == State.HEADER) {
            refuse("proxy-protocol-timeout", "no PROXY header" + after);
        } else if (state == State.DECISION) {
            refuse("connection-filter-timeout", "no decision" + after);
        }
    }

    private void refuse(String reason, String detail) {
        end();
        connection.refuse(reason, source == null ? connection.peer() : source, detail);
    }

    /** Closes it without a word: the server drains, or nobody is there. */
    void close() {
        end();
        connection.channel.close();
    }

    private void end() {
        state = State.DONE;
        deadline.remove();
        loop.admissions().remove(this);
        held.release();
        held = Unpooled.EMPTY_BUFFER;
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (state != State.DONE) {
            close();
        } else {
            ctx.fireExceptionCaught(cause);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        gone();
        ctx.fireChannelInactive();
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        gone();
    }

    private void gone() {
        if (state != State.DONE) {
            end();
        }
        if (!served) {
            connection.gone(); // else the connection's handler says so
        }
    }
}
