package dev.lawu.examples.gateway.files;

import dev.lawu.examples.gateway.action.Answer;
import dev.lawu.examples.gateway.action.PathRewrite;
import dev.lawu.examples.gateway.action.RequestVariables;
import dev.lawu.examples.gateway.files.ByteRanges.Range;
import dev.lawu.proxy.FilterResult;
import dev.lawu.proxy.LocalResponse;
import dev.lawu.proxy.http.Headers;
import dev.lawu.proxy.http.RequestHead;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Answers with files below a directory: GET and HEAD, with conditions and ranges. Thread-safe.
 *
 * <p>Disks are touched on the proxy's blocking executor only, and a file is read as the client takes it. What a link leads to is shown only if that is below the directory, too.
 */
public final class StaticFiles implements Answer {
    private static final LocalResponse NOT_FOUND = LocalResponse.of(404).text("404 Not Found: no such file\n");
    private static final LocalResponse FORBIDDEN = LocalResponse.of(403).text("403 Forbidden\n");
    private static final FilterResult NOT_ALLOWED = FilterResult.respond(LocalResponse.of(405)
            .header("Allow", "GET, HEAD")
            .text("405 Method Not Allowed: files can be read only\n"));

    private final Options options;
    private final PathRewrite rewrite;
    private final ContentTypes types;
    private final LongSupplier random;

    /**
     * What is shown.
     *
     * @param root the directory
     * @param index what stands for a directory, the first that there is
     * @param fallback what is shown where there is no file, relative to the root; empty for 404
     * @param showsHidden whether names that begin with a dot are shown, beside {@code .well-known}
     * @param types content types by the end of a name, beside the usual ones
     */
    public record Options(
            Path root, List<String> index, String fallback, boolean showsHidden, Map<String, String> types) {
        public Options {
            index = List.copyOf(index);
            types = Map.copyOf(types);
        }
    }

    /**
     * Files by these options.
     *
     * @param rewrite what is done to a path before it is looked up: prefixes taken away and added
     * @param random 64 random bits each time, for what separates parts
     */
    public StaticFiles(Options options, PathRewrite rewrite, LongSupplier random) {
        this.options = options;
        this.rewrite = rewrite;
        this.types = new ContentTypes(options.types());
        this.random = random;
    }

    @Override
    public FilterResult answer(RequestVariables variables) {
        RequestHead request = variables.request();
        boolean isHead = request.method().equals("HEAD");
        if (!isHead && !request.method().equals("GET")) {
            return NOT_ALLOWED;
        }
        String target = rewrite.rewrite(variables);
        // What begins with two slashes is a host to those who read it as a reference, in our own redirects too.
        boolean isPath = target != null && !request.path().startsWith("//");
        FilePath path = target == null || !isPath ? null : FilePath.of(withoutQuery(target), options.showsHidden());
        return FilterResult.blocking(() -> FilterResult.respond(respond(request, path, isHead)));
    }

    private static String withoutQuery(String target) {
        int question = target.indexOf('?');
        return question < 0 ? target : target.substring(0, question);
    }

    private LocalResponse respond(RequestHead request, @Nullable FilePath path, boolean isHead) {
        try {
            Path root = options.root().toRealPath();
            Path file = path == null ? null : below(root, path.relative());
            if (path != null && file != null && Files.isDirectory(file)) {
                if (!path.isDirectory()) {
                    return redirectToDirectory(request);
                }
                file = index(root, path.relative());
            } else if (path != null && path.isDirectory()) {
                file = null;
            }
            if ((file == null || !Files.isRegularFile(file))
                    && !options.fallback().isEmpty()) {
                file = below(root, options.fallback());
            }
            return file == null || !Files.isRegularFile(file) ? NOT_FOUND : send(request, file, isHead);
        } catch (AccessDeniedException e) {
            return FORBIDDEN;
        } catch (IOException e) {
            return NOT_FOUND;
        }
    }

    /** Where this leads to, links followed; null if there is nothing, or it is not below the root. */
    private static @Nullable Path below(Path root, String relative) throws AccessDeniedException {
        try {
            Path real = root.resolve(relative).toRealPath();
            return real.startsWith(root) ? real : null;
        } catch (AccessDeniedException e) {
            throw e;
        } catch (IOException | InvalidPathException e) {
            return null;
        }
    }

    private @Nullable Path index(Path root, String directory) throws AccessDeniedException {
        for (String name : options.index()) {
            Path file = below(root, directory.isEmpty() ? name : directory + "/" + name);
            if (file != null && Files.isRegularFile(file)) {
                return file;
            }
        }
        return null;
    }

    private static LocalResponse redirectToDirectory(RequestHead request) {
        String query = request.query();
        return LocalResponse.of(301).header("Location", request.path() + "/" + (query == null ? "" : "?" + query));
    }

    private LocalResponse send(RequestHead request, Path file, boolean isHead) throws IOException {
        if (!Files.isReadable(file)) {
            return FORBIDDEN;
        }
        BasicFileAttributes attributes =
                Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        Validators validators = Validators.of(attributes);
        Headers headers = request.headers();
        switch (validators.evaluate(headers)) {
            case NOT_MODIFIED -> {
                return validated(LocalResponse.of(304), validators);
            }
            case PRECONDITION_FAILED -> {
                return LocalResponse.of(412).text("412 Precondition Failed\n");
            }
            case SEND -> {}
        }
        long size = attributes.size();
        String type = types.of(String.valueOf(file.getFileName()));
        List<String> asked = headers.getAll("Range");
        // A range is for GET only (RFC 9110, section 14.2).
        List<Range> ranges = isHead || asked.size() != 1 || !validators.allowRange(headers)
                ? null
                : ByteRanges.parse(asked.get(0), size);
        if (ranges == null) {
            LocalResponse whole = validated(LocalResponse.of(200), validators)
                    .header("Accept-Ranges", "bytes")
                    .header("Content-Type", type);
            return size == 0 ? whole : whole.stream(() -> FileBody.open(file, new Range(0, size - 1)), size);
        }
        if (ranges.isEmpty()) {
            return LocalResponse.of(416)
                    .header("Content-Range", "bytes */" + size)
                    .text("416 Range Not Satisfiable: the file has " + size + " bytes\n");
        }
        LocalResponse part = validated(LocalResponse.of(206), validators);
        return ranges.size() > 1
                ? parts(part, file, ranges, size, type)
                : onePart(part, file, ranges.get(0), size, type);
    }

    private static LocalResponse validated(LocalResponse response, Validators validators) {
        return response.header("ETag", validators.etag())
                .header("Last-Modified", HttpDates.format(validators.lastModified()));
    }

    private static LocalResponse onePart(LocalResponse response, Path file, Range range, long size, String type) {
        return response.header("Content-Type", type).header("Content-Range", contentRange(range, size)).stream(
                () -> FileBody.open(file, range), range.length());
    }

    private static String contentRange(Range range, long size) {
        return "bytes " + range.first() + "-" + range.last() + "/" + size;
    }

    /** Several parts in one body (RFC 9110, section 14.6). */
    private LocalResponse parts(LocalResponse response, Path file, List<Range> ranges, long size, String type) {
        String boundary = "part-" + Long.toHexString(random.getAsLong()) + Long.toHexString(random.getAsLong());
        List<String> texts = new ArrayList<>();
        long length = 0;
        for (Range range : ranges) {
            texts.add((texts.isEmpty() ? "" : "\r\n") + "--" + boundary + "\r\nContent-Type: " + type
                    + "\r\nContent-Range: " + contentRange(range, size) + "\r\n\r\n");
            length += range.length();
        }
        texts.add("\r\n--" + boundary + "--\r\n");
        length += texts.stream().mapToInt(String::length).sum();
        return response.header("Content-Type", "multipart/byteranges; boundary=" + boundary).stream(
                () -> FileBody.open(file, ranges, texts), length);
    }
}
