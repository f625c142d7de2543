package dev.lawu.proxy.upstream;

/** Whether a connection begins with a header of HAProxy's PROXY protocol, which tells the peer who the client is. */
public enum ProxyProtocol {
    /** It does not. */
    NONE,
    /** Version 1, a line of text. */
    V1,
    /** Version 2, binary. */
    V2
}
