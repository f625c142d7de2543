package dev.lawu.proxy.behaviour;

import dev.lawu.proxy.testkit.Wire;
import dev.lawu.proxy.testkit.World;

/** Reads and makes bodies. */
final class Bodies {
    private Bodies() {}

    /** The data of a whole chunked body without trailers. */
    static String chunked(String raw) {
        StringBuilder found = new StringBuilder();
        int at = 0;
        while (true) {
            int line = raw.indexOf("\r\n", at);
            int size = Integer.parseInt(raw.substring(at, line), 16);
            if (size == 0) {
                return found.toString();
            }
            found.append(raw, line + 2, line + 2 + size);
            at = line + 2 + size + 2;
        }
    }

    /** Takes a chunked body off a wire: its data, and behind it each trailer line after a bar. */
    static String chunked(Wire wire) {
        StringBuilder found = new StringBuilder();
        while (true) {
            String line = wire.until("\r\n");
            int size = Integer.parseInt(line.strip(), 16);
            if (size == 0) {
                break;
            }
            String data = wire.take(size + 2);
            if (!data.endsWith("\r\n")) {
                throw new AssertionError("no CRLF behind a chunk: " + data);
            }
            found.append(data, 0, size);
        }
        for (String trailer = wire.until("\r\n"); !trailer.equals("\r\n"); trailer = wire.until("\r\n")) {
            found.append('|').append(trailer.strip());
        }
        return found.toString();
    }

    /** Takes this many bytes; for many of them. */
    static String take(World world, Wire wire, int length) {
        long before = wire.count() - wire.text().length();
        world.await(() -> wire.count() - before >= length, () -> length + " bytes; found " + (wire.count() - before));
        return wire.take(length);
    }

    /** A text in which no part is like another of its neighbours. */
    static String pattern(int length) {
        StringBuilder text = new StringBuilder(length + 16);
        for (int i = 0; text.length() < length; i++) {
            text.append(i).append(i % 3 == 0 ? "\r\n" : " ");
        }
        text.setLength(length);
        return text.toString();
    }
}
