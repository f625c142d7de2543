package dev.lawu.examples.gateway.files;

import dev.lawu.examples.gateway.files.ByteRanges.Range;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;

/** Parts of a file, with texts between them. Holds no more than the caller's buffer. Not thread-safe. */
final class FileBody extends InputStream {
    private final FileChannel channel;
    private final Queue<Part> parts;
    private long sentOfPart;

    /** A text, or, where that is empty, a part of the file. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Part(byte[] text, long first, long length) {}

    private FileBody(FileChannel channel, Queue<Part> parts) {
        this.channel = channel;
        this.parts = parts;
    }

    /** Opens one part of a file. Throws {@link IOException} if the file does not reach so far any more. */
    static FileBody open(Path file, Range range) throws IOException {
        Queue<Part> parts = new ArrayDeque<>();
        parts.add(part(range));
        return open(file, parts, range.last());
    }

    /**
     * Opens several parts of a file.
     *
     * @param texts one in front of each part, and one behind the last
     */
    static FileBody open(Path file, List<Range> ranges, List<String> texts) throws IOException {
        Queue<Part> parts = new ArrayDeque<>();
        long last = 0;
        for (int i = 0; i < texts.size(); i++) {
            byte[] text = texts.get(i).getBytes(StandardCharsets.ISO_8859_1);
            parts.add(new Part(text, 0, text.length));
            if (i < ranges.size()) {
                parts.add(part(ranges.get(i)));
                last = Math.max(last, ranges.get(i).last());
            }
        }
        return open(file, parts, last);
    }

    private static Part part(Range range) {
        return new Part(new byte[0], range.first(), range.length());
    }

    private static FileBody open(Path file, Queue<Part> parts, long last) throws IOException {
        // The file was resolved before; a link that has come in its place since then is not followed.
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
        try {
            if (channel.size() <= last) {
                throw new EOFException(file + " has only " + channel.size() + " bytes by now (expected: more than "
                        + last + ", as its head said)");
            }
        } catch (IOException e) {
            channel.close();
            throw e;
        }
        return new FileBody(channel, parts);
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        int read = read(one, 0, 1);
        return read < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        Part part = parts.peek();
        while (part != null && sentOfPart == part.length) {
            parts.poll();
            sentOfPart = 0;
            part = parts.peek();
        }
        if (part == null) {
            return -1;
        }
        int most = (int) Math.min(length, part.length - sentOfPart);
        if (most == 0) {
            return 0;
        }
        if (part.text.length > 0) {
            System.arraycopy(part.text, (int) sentOfPart, buffer, offset, most);
            sentOfPart += most;
            return most;
        }
        int read = channel.read(ByteBuffer.wrap(buffer, offset, most), part.first + sentOfPart);
        if (read < 0) {
            throw new EOFException("the file has become shorter while it was sent");
        }
        sentOfPart += read;
        return read;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
