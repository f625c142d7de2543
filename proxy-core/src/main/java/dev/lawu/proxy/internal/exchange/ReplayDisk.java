package dev.lawu.proxy.internal.exchange;

import dev.lawu.proxy.ReplayFile;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The directory of a proxy's replay files, and how much of it is used. Thread-safe. */
final class ReplayDisk {
    private static final Logger logger = LoggerFactory.getLogger("dev.lawu.proxy.replay");
    private static final AtomicLong NUMBERS = new AtomicLong();
    private static final int MOST_NAMES = 100;

    private final ReplayFile limits;
    private final FileAttribute<?>[] attributes;
    private final AtomicLong used = new AtomicLong();
    private final AtomicBoolean failing = new AtomicBoolean();

    ReplayDisk(ReplayFile limits) {
        this.limits = limits;
        Path directory = limits.directory();
        if (!Files.isDirectory(directory) || !Files.isWritable(directory)) {
            throw new IllegalArgumentException(
                    "replayFile: " + directory + " (expected: a directory that can be written to)");
        }
        boolean posix = directory.getFileSystem().supportedFileAttributeViews().contains("posix");
        attributes = posix
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
                }
                : new FileAttribute<?>[0];
    }

    /** The largest body. */
    long mostPerRequest() {
        return limits.maxBytesPerRequest();
    }

    /** Bytes that are reserved now. */
    long used() {
        return used.get();
    }

    /** Reserves bytes; false if there would be too many. */
    boolean reserve(long bytes) {
        long now = used.get();
        while (now + bytes <= limits.maxBytesInAll()) {
            if (used.compareAndSet(now, now + bytes)) {
                return true;
            }
            now = used.get();
        }
        return false;
    }

    void free(long bytes) {
        used.addAndGet(-bytes);
    }

    /** Opens a file of its own, which goes with its channel; blocking. DELETE_ON_CLOSE is more than its name: on POSIX the file has no name as soon as it is open. */
    FileChannel open() throws IOException {
        for (int i = 0; ; i++) {
            String name = "lawu-replay-" + ProcessHandle.current().pid() + "-" + NUMBERS.incrementAndGet();
            try {
                return FileChannel.open(
                        limits.directory().resolve(name),
                        Set.of(
                                StandardOpenOption.CREATE_NEW,
                                StandardOpenOption.READ,
                                StandardOpenOption.WRITE,
                                StandardOpenOption.DELETE_ON_CLOSE),
                        attributes);
            } catch (FileAlreadyExistsException e) {
                if (i == MOST_NAMES) {
                    throw e;
                }
            }
        }
    }

    /** Writing or reading has failed; the first time since it went well there is a line. */
    void failed(Throwable cause) {
        if (failing.compareAndSet(false, true)) {
            logger.warn(
                    "a replay file in {} failed: {}; requests go on, but are not sent again",
                    limits.directory(),
                    cause.toString());
        }
    }

    /** Something was written. */
    void went() {
        failing.setPlain(false);
    }

    @Override
    public String toString() {
        return limits.directory() + ", " + used + " bytes used (expected: at most " + limits.maxBytesInAll() + ")";
    }
}
