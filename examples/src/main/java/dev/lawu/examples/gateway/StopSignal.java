package dev.lawu.examples.gateway;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Waits for SIGTERM or SIGINT. The second one, of an operator who does not want to wait for the drain, halts the process.
 *
 * <p>A shutdown hook alone would not do: the JVM then exits with 143, and ignores a second signal while hooks run. {@code sun.misc.Signal} is the one way to see signals on every JDK since 17; it is
 * looked up, as javac cannot be kept from warning of it. Without it a hook does what it can.
 */
final class StopSignal {
    private static final Logger LOG = LoggerFactory.getLogger(StopSignal.class);

    private final CountDownLatch stop = new CountDownLatch(1);
    private final Runnable drain;

    private StopSignal(Runnable drain) {
        this.drain = drain;
    }

    /** Waits for a signal, then drains. */
    static void drainOnSignal(Runnable drain) throws InterruptedException {
        StopSignal signal = new StopSignal(drain);
        boolean isTermHandled = signal.handle("TERM", 15);
        boolean isIntHandled = signal.handle("INT", 2);
        if (!isTermHandled || !isIntHandled) {
            Runtime.getRuntime().addShutdownHook(new Thread(signal::drainAndHalt, "shutdown"));
        }
        signal.stop.await();
        drain.run();
    }

    private boolean handle(String name, int number) {
        try {
            Class<?> type = Class.forName("sun.misc.Signal");
            Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
            InvocationHandler onSignal = (proxy, method, arguments) -> {
                if (method.getName().equals("handle")) {
                    onSignal(name, number);
                    return null;
                }
                // Object's methods, which the JDK's table of handlers may call.
                return switch (method.getName()) {
                    case "equals" -> arguments != null && proxy == arguments[0];
                    case "hashCode" -> System.identityHashCode(proxy);
                    default -> "handler of SIG" + name;
                };
            };
            Object handler =
                    Proxy.newProxyInstance(StopSignal.class.getClassLoader(), new Class<?>[] {handlerType}, onSignal);
            type.getMethod("handle", type, handlerType)
                    .invoke(null, type.getConstructor(String.class).newInstance(name), handler);
            return true;
        } catch (ReflectiveOperationException | LinkageError e) {
            LOG.warn("SIG{} cannot be handled: {} (the gateway still drains, a second signal does nothing)", name, e);
            return false;
        }
    }

    private void onSignal(String name, int number) {
        if (stop.getCount() == 0) {
            LOG.warn("SIG{} again: halting at once, running requests are lost", name);
            Runtime.getRuntime().halt(128 + number);
        }
        LOG.info("SIG{}: no new connections; running requests may end. Again to halt at once", name);
        stop.countDown();
    }

    private void drainAndHalt() {
        if (stop.getCount() > 0) {
            drain.run();
            Runtime.getRuntime().halt(0);
        }
    }
}
