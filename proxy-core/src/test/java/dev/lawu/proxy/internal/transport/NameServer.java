package dev.lawu.proxy.internal.transport;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.handler.codec.dns.DatagramDnsQuery;
import io.netty.handler.codec.dns.DatagramDnsQueryDecoder;
import io.netty.handler.codec.dns.DatagramDnsResponse;
import io.netty.handler.codec.dns.DatagramDnsResponseEncoder;
import io.netty.handler.codec.dns.DefaultDnsQuestion;
import io.netty.handler.codec.dns.DefaultDnsRawRecord;
import io.netty.handler.codec.dns.DnsQuestion;
import io.netty.handler.codec.dns.DnsRecordType;
import io.netty.handler.codec.dns.DnsResponseCode;
import io.netty.handler.codec.dns.DnsSection;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** A small DNS server on loopback. It notes each query as {@code "A name."}. */
final class NameServer implements AutoCloseable {
    private record Data(int ttl, List<String> addresses) {}

    private final MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final Channel channel;
    private final Map<String, Data> data = new ConcurrentHashMap<>();
    private final List<String> queries = new CopyOnWriteArrayList<>();
    private volatile DnsResponseCode code = DnsResponseCode.NOERROR;
    private volatile String silentFor = "";
    private volatile int lost;

    NameServer() {
        channel = new Bootstrap()
                .group(group)
                .channel(NioDatagramChannel.class)
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel made) {
                        made.pipeline()
                                .addLast(
                                        new DatagramDnsQueryDecoder(), new DatagramDnsResponseEncoder(), new Answers());
                    }
                })
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .syncUninterruptibly()
                .channel();
    }

    InetSocketAddress address() {
        return (InetSocketAddress) channel.localAddress();
    }

    /** Says this from now on; the family follows from the addresses. A name that was never set does not exist. */
    NameServer set(String name, int ttlSeconds, String... addresses) {
        data.put(name + ".", new Data(ttlSeconds, List.of(addresses)));
        return this;
    }

    /** Answers everything with this code; NOERROR is as usual. */
    void answerWith(DnsResponseCode value) {
        code = value;
    }

    /** Does not answer queries of this type: "A", "AAAA"; "*" for all, "" for none. */
    void silentFor(String type) {
        silentFor = type;
    }

    /** Loses the next queries. */
    void lose(int count) {
        lost = count;
    }

    List<String> queries() {
        return queries;
    }

    private final class Answers extends SimpleChannelInboundHandler<DatagramDnsQuery> {
        @Override
        protected void channelRead0(ChannelHandlerContext ctx, DatagramDnsQuery query) {
            DnsQuestion question = query.recordAt(DnsSection.QUESTION);
            String type = question.type().name();
            queries.add(type + " " + question.name());
            if (silentFor.equals("*") || silentFor.equals(type)) {
                return;
            }
            if (lost > 0) {
                lost--;
                return;
            }
            DatagramDnsResponse response = new DatagramDnsResponse(query.recipient(), query.sender(), query.id());
            response.addRecord(DnsSection.QUESTION, new DefaultDnsQuestion(question.name(), question.type()));
            Data known = data.get(question.name());
            response.setCode(code.equals(DnsResponseCode.NOERROR) && known == null ? DnsResponseCode.NXDOMAIN : code);
            if (known != null && response.code().equals(DnsResponseCode.NOERROR)) {
                for (byte[] address : bytes(known.addresses())) {
                    if (question.type().equals(address.length == 4 ? DnsRecordType.A : DnsRecordType.AAAA)) {
                        response.addRecord(
                                DnsSection.ANSWER,
                                new DefaultDnsRawRecord(
                                        question.name(),
                                        question.type(),
                                        known.ttl(),
                                        Unpooled.wrappedBuffer(address)));
                    }
                }
            }
            ctx.writeAndFlush(response);
        }
    }

    private static List<byte[]> bytes(List<String> addresses) {
        List<byte[]> all = new ArrayList<>();
        for (String address : addresses) {
            all.add(NetUtil.createByteArrayFromIpAddressString(address));
        }
        return all;
    }

    @Override
    public void close() {
        channel.close().syncUninterruptibly();
        group.shutdownGracefully(0, 5, java.util.concurrent.TimeUnit.SECONDS).syncUninterruptibly();
    }
}
