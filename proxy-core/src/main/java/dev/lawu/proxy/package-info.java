/** The programming model: implement {@link dev.lawu.proxy.ProxyHttp}, build an {@link dev.lawu.proxy.HttpProxy}, start a {@link dev.lawu.proxy.ProxyServer}. */
@NullMarked
package dev.lawu.proxy;

import org.jspecify.annotations.NullMarked;
