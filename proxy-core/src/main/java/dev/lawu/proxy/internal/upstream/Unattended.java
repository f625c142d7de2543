package dev.lawu.proxy.internal.upstream;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;

/**
 * Closes a connection on which something happens before it has an owner: reading is off until then, but a transport may still tell of bytes that came with an end, of the end itself, and of errors. A
 * peer that speaks or leaves before it is asked cannot be talked to.
 */
final class Unattended extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ReferenceCountUtil.release(message);
        ctx.close();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        ctx.close();
    }

    @Override
    @SuppressWarnings("deprecation") // declared so by ChannelHandler, not by ChannelInboundHandler
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ctx.close();
    }
}
