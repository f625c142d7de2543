package dev.lawu.proxy.internal.server;

import dev.lawu.proxy.Listener;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Says why an address cannot be listened on and what to do about it. Systems and transports word their errors differently, but all use the names that POSIX gives them. */
final class BindFailure {
    private static final int FIRST_UNPRIVILEGED_PORT = 1024;

    private BindFailure() {}

    static IllegalStateException of(Listener listener, @Nullable Throwable cause) {
        String message = cause == null ? "?" : String.valueOf(cause.getMessage());
        String advice = listener.address() instanceof UnixDomainSocketAddress unix
                ? forUnix(unix.getPath(), message)
                : listener.address() instanceof InetSocketAddress inet
                        ? forInternet(inet, message)
                        : "an address that the transport knows";
        return new IllegalStateException(
                "cannot listen on " + listener + ": " + message + " (expected: " + advice + ")", cause);
    }

    private static String forInternet(InetSocketAddress address, String message) {
        int port = address.getPort();
        if (message.contains("in use")) {
            return "a free port: stop what uses it, which `ss -ltnp 'sport = :" + port
                    + "'` names, or listen on another port, or on 0 for any";
        }
        if (message.contains("ermission denied")) {
            return port < FIRST_UNPRIVILEGED_PORT
                    ? "the right to listen on a port below " + FIRST_UNPRIVILEGED_PORT
                            + ": use another port, or grant CAP_NET_BIND_SERVICE, or lower the sysctl net.ipv4.ip_unprivileged_port_start"
                    : "the right to listen there: something in the system, such as SELinux, forbids it";
        }
        if (message.contains("ssign requested address")) {
            return "an address of this machine, which `ip address` lists, or 0.0.0.0 or :: for all of them";
        }
        if (message.contains("not supported")) {
            return "an address family that this machine has";
        }
        return "a free port and an address of this machine";
    }

    private static String forUnix(Path path, String message) {
        Path directory = path.toAbsolutePath().getParent();
        if (message.contains("in use")) {
            return "a path that nobody listens on: stop who does, which `ss -lxp` names, or use another path";
        }
        if (message.contains("no socket")) {
            return "a path where there is nothing, or a socket: remove the file, if it is not wanted";
        }
        if (directory != null && !Files.isDirectory(directory)) {
            return "a directory that exists: make " + directory;
        }
        if (message.contains("ermission denied")) {
            return "the right to write to " + directory + ", and to replace what is there";
        }
        if (message.contains("too long")) {
            return "a shorter path: this system holds less than Linux's 107 bytes";
        }
        return "a path in a directory that exists and may be written to";
    }
}
