package dev.lawu.proxy.testing;

import io.netty.channel.ChannelId;

/** The same from run to run, with its hash code: Netty's own ids are random, and so is the order of a set of its channels. */
record SimulatedChannelId(int number) implements ChannelId {
    private static final long serialVersionUID = 1;

    @Override
    public String asShortText() {
        return "sim" + number;
    }

    @Override
    public String asLongText() {
        return asShortText();
    }

    @Override
    public int compareTo(ChannelId other) {
        return other instanceof SimulatedChannelId id
                ? Integer.compare(number, id.number)
                : asLongText().compareTo(other.asLongText());
    }
}
