package dev.lawu.proxy.internal.upstream;

import dev.lawu.proxy.ErrorType;
import dev.lawu.proxy.ProxyException;
import dev.lawu.proxy.http.FieldSyntax;
import dev.lawu.proxy.http.ResponseHead;
import dev.lawu.proxy.internal.h1.Refusal;
import dev.lawu.proxy.internal.h1.ResponseParser;
import dev.lawu.proxy.upstream.ConnectProxy;
import dev.lawu.proxy.upstream.HttpPeer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Asks a proxy for a tunnel to the peer (RFC 9110, section 9.3.6). What the proxy's fields say of a body is ignored in a 2xx, as it has none; the body of any other answer is not read, because the
 * connection is closed. Bytes behind the head of a 2xx would be the peer's: whom we speak HTTP to does not speak first.
 */
final class TunnelThroughProxy extends ChannelInboundHandlerAdapter implements Establishment.Step {
    private static final int MOST_INTERIM = 16;

    private final ConnectProxy proxy;
    private final HttpPeer peer;
    private final Dialer dialer;
    private final ResponseParser parser;
    private @Nullable Establishment establishment;
    private int interim;
    private boolean over;

    TunnelThroughProxy(ConnectProxy proxy, HttpPeer peer, Dialer dialer) {
        this.proxy = proxy;
        this.peer = peer;
        this.dialer = dialer;
        this.parser = new ResponseParser(dialer.loop().sections(), dialer.limits());
    }

    @Override
    public long timeout() {
        return proxy.timeout().toNanos();
    }

    @Override
    public ProxyException late() {
        return ProxyException.upstream(
                ErrorType.CONNECT_TIMEOUT,
                "the proxy " + proxy + " did not answer CONNECT " + peer + " within "
                        + proxy.timeout().toMillis() + " ms",
                null);
    }

    @Override
    public void start(Channel channel, Establishment to) {
        establishment = to;
        String authority = peer.toString();
        try {
            FieldSyntax.requireTarget(authority);
        } catch (IllegalArgumentException e) {
            fail(String.valueOf(e.getMessage()), null);
            return;
        }
        StringBuilder request = new StringBuilder(128)
                .append("CONNECT ")
                .append(authority)
                .append(" HTTP/1.1\r\nHost: ")
                .append(authority)
                .append("\r\n");
        proxy.headers()
                .forEach((name, value) ->
                        request.append(name).append(": ").append(value).append("\r\n"));
        request.append("\r\n");
        channel.pipeline().addFirst(this);
        channel.writeAndFlush(Unpooled.wrappedBuffer(request.toString().getBytes(StandardCharsets.ISO_8859_1)))
                .addListener(written -> {
                    if (!written.isSuccess()) {
                        fail("the request was not taken: " + written.cause().getMessage(), written.cause());
                    }
                });
        channel.config().setAutoRead(true);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf in = (ByteBuf) message;
        try {
            while (!over && in.isReadable() && parser.parse(in)) {
                answered(ctx, parser.take(), in);
            }
        } catch (Refusal e) {
            fail("its answer is " + e.reason() + ": " + e.detail(), null);
        } finally {
            in.release();
        }
    }

    private void answered(ChannelHandlerContext ctx, ResponseHead head, ByteBuf behind) {
        int status = head.status();
        String reason = head.reason();
        dialer.loop().sections().retire(head.headers());
        if (status < 200 && status != 101) {
            if (++interim > MOST_INTERIM) {
                fail("more than " + MOST_INTERIM + " interim answers (expected: a final one)", null);
            }
            return;
        }
        if (status < 200 || status > 299) {
            fail("it answered " + status + " " + FieldSyntax.quote(reason) + " (expected: 2xx)", null);
            return;
        }
        if (behind.isReadable()) {
            fail(behind.readableBytes() + " bytes behind the head of its answer (expected: none)", null);
            return;
        }
        over = true;
        ctx.channel().config().setAutoRead(false);
        ctx.pipeline().remove(this);
        Establishment to = establishment;
        if (to != null) {
            to.done(this);
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        closed();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        closed();
        parser.reset();
    }

    private void closed() {
        fail("it closed the connection " + (parser.hasStarted() ? "within" : "before") + " its answer", null);
    }

    @Override
    @SuppressWarnings("deprecation") // declared so by ChannelHandler, not by ChannelInboundHandler
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        fail(String.valueOf(cause.getMessage()), cause);
    }

    private void fail(String what, @Nullable Throwable cause) {
        Establishment to = establishment;
        if (!over && to != null) {
            over = true;
            to.fail(ProxyException.upstream(
                    ErrorType.PROXY_CONNECT,
                    "the proxy " + proxy + " opened no tunnel to " + peer + ": " + what,
                    cause));
        }
    }
}
