package dev.lawu.proxy;

/** Marks what can be plugged into a proxy or a server by an explicit builder call: a cache, a protocol, a transport. The types are in {@code dev.lawu.proxy.spi}. */
public interface Plugin {}
