package dev.lawu.proxy.behaviour;

import dev.lawu.proxy.testkit.Wire;

/**
 * A chunked body as it came in, however it was divided.
 *
 * @param body the bytes
 * @param trailers the trailer section with the CRLF of each line; empty if there is none
 */
record Chunked(String body, String trailers) {
    /** Waits for a whole chunked body and takes it. */
    static Chunked of(Wire wire) {
        StringBuilder body = new StringBuilder();
        while (true) {
            String line = wire.until("\r\n");
            int size = Integer.parseInt(line.strip(), 16);
            if (size == 0) {
                StringBuilder trailers = new StringBuilder();
                for (String field = wire.until("\r\n"); !field.equals("\r\n"); field = wire.until("\r\n")) {
                    trailers.append(field);
                }
                return new Chunked(body.toString(), trailers.toString());
            }
            body.append(wire.take(size));
            if (!wire.take(2).equals("\r\n")) {
                throw new AssertionError("no CRLF after a chunk of " + size + " bytes; so far: " + body);
            }
        }
    }
}
