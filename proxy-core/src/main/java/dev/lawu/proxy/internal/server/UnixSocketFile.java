package dev.lawu.proxy.internal.server;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The file of a Unix-domain socket, which outlives whoever listened on it, if nobody removes it. */
final class UnixSocketFile {
    private static final Logger logger = LoggerFactory.getLogger("dev.lawu.proxy.server");

    private final Path path;
    private @Nullable Object key;

    private UnixSocketFile(Path path) {
        this.path = path;
    }

    /**
     * Makes room for a socket: removes a file that a dead process has left.
     *
     * @throws BindException if somebody listens there, or there is something else than a socket
     */
    static UnixSocketFile prepare(UnixDomainSocketAddress address) throws IOException {
        Path path = address.getPath();
        if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            if (!Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                    .isOther()) {
                throw new BindException("there is a file that is no socket");
            }
            if (isLive(address)) {
                throw new BindException("Address already in use");
            }
            Files.delete(path);
            logger.info("{}: a socket that nobody listens on any more was replaced", path);
        }
        return new UnixSocketFile(path);
    }

    /** Anything but a plain refusal is a sign of life: a full backlog, or missing permission. */
    private static boolean isLive(UnixDomainSocketAddress address) throws IOException {
        try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            probe.configureBlocking(false); // a full backlog would block
            probe.connect(address);
            return true;
        } catch (ConnectException e) {
            return false;
        } catch (IOException e) {
            String message = String.valueOf(e.getMessage());
            if (message.contains("refused")) {
                return false;
            }
            logger.debug("a probe of {} failed", address, e);
            return true;
        }
    }

    /** The socket is bound: remembers which file is ours. */
    void bound() throws IOException {
        key = fileKey();
    }

    private @Nullable Object fileKey() throws IOException {
        return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                .fileKey();
    }

    /** Removes the file, if it is still ours. */
    void remove() {
        try {
            if (key != null && Files.exists(path, LinkOption.NOFOLLOW_LINKS) && key.equals(fileKey())) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            logger.warn("{}: the socket's file cannot be removed: {}", path, e.toString());
        }
    }
}
