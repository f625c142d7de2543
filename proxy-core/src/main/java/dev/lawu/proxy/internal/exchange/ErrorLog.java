package dev.lawu.proxy.internal.exchange;

import dev.lawu.proxy.ErrorSource;
import dev.lawu.proxy.ErrorType;
import dev.lawu.proxy.ProxyException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes the line of an exchange that failed, unless the proxy suppresses it. What clients do wrong is for debugging; the rest is a warning, and a bug comes with its stack. */
final class ErrorLog {
    private static final Logger logger = LoggerFactory.getLogger("dev.lawu.proxy");

    private ErrorLog() {}

    /** A callback that has no exchange to fail has failed. */
    static void callback(String what, Throwable failure) {
        try {
            logger.warn("{} failed: {}", what, Callbacks.text(failure), failure);
        } catch (RuntimeException | Error e) {
            logger.warn(
                    "{} failed: {}; it cannot be printed",
                    what,
                    failure.getClass().getName());
        }
    }

    /** The line of an exchange. A logger prints users' exceptions, which may fail; the exchange ends all the same. */
    static void exchange(Exchange exchange, ProxyException cause) {
        try {
            log(exchange, cause);
        } catch (RuntimeException | Error e) {
            callback("an error's line", e);
        }
    }

    private static void log(Exchange exchange, ProxyException cause) {
        Participant proxy = exchange.engine.table.proxyParticipant();
        boolean known = exchange.hasContext(proxy);
        if (known && isSuppressed(exchange, proxy, cause)) {
            return;
        }
        String summary = known ? summary(exchange, proxy) : exchange.request.toString();
        Attempt attempt = exchange.attempts.current();
        String refusal = exchange.attempts.refusal();
        String text = refusal == null ? cause.toString() : cause + "; not sent again: " + refusal;
        if (cause.source() == ErrorSource.DOWNSTREAM) {
            logger.debug("{}: {}", summary, text);
        } else if (cause.type() == ErrorType.INTERNAL && cause.getCause() != null) {
            logger.warn("{}: {}", summary, text, cause.getCause());
        } else if (attempt != null && attempt.peer() != null) {
            logger.warn("{}: {} ({})", summary, text, attempt);
        } else {
            logger.warn("{}: {}", summary, text);
        }
    }

    private static boolean isSuppressed(Exchange exchange, Participant proxy, ProxyException cause) {
        try {
            return Boolean.TRUE.equals(exchange.callbacks.call(
                    Phase.SUPPRESS_ERROR_LOG,
                    proxy,
                    (s, state) -> exchange.engine.table.proxy.suppressErrorLog(s, cause, state)));
        } catch (ProxyException e) {
            callback(proxy.name + ".suppressErrorLog", e);
            return false;
        }
    }

    private static String summary(Exchange exchange, Participant proxy) {
        try {
            return exchange.callbacks.ask(
                    Phase.REQUEST_SUMMARY, proxy, (s, state) -> exchange.engine.table.proxy.requestSummary(s, state));
        } catch (ProxyException e) {
            callback(proxy.name + ".requestSummary", e);
            return exchange.request.toString();
        }
    }
}
