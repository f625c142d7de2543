package dev.lawu.proxy;

import java.nio.file.Path;
import java.util.Objects;

/**
 * Where request bodies that outgrow the replay buffer are kept for another attempt: in a temporary file each, which has no name from the moment it is open where the system allows that (POSIX), so that
 * nothing is left whatever happens to the process; elsewhere it is deleted at the end. The files are written and read on the blocking executor. If that fails, or a limit is reached, the request goes
 * on without the possibility of another attempt.
 *
 * @param maxBytesPerRequest the largest body that is kept, 1 byte to 1 TiB
 * @param maxBytesInAll what all files may have together, at least {@code maxBytesPerRequest}, at most 1 PiB
 * @param directory an existing directory that can be written to, on a disk with room for {@code maxBytesInAll}
 */
public record ReplayFile(long maxBytesPerRequest, long maxBytesInAll, Path directory) {
    /** Checks the ranges; throws {@link IllegalArgumentException}. */
    public ReplayFile {
        if (maxBytesPerRequest < 1 || maxBytesPerRequest > 1L << 40) {
            throw new IllegalArgumentException(
                    "maxBytesPerRequest: " + maxBytesPerRequest + " (expected: 1..1099511627776)");
        }
        if (maxBytesInAll < maxBytesPerRequest || maxBytesInAll > 1L << 50) {
            throw new IllegalArgumentException("maxBytesInAll: " + maxBytesInAll + " (expected: " + maxBytesPerRequest
                    + "..1125899906842624, maxBytesPerRequest being the least)");
        }
        Objects.requireNonNull(directory, "directory");
    }
}
