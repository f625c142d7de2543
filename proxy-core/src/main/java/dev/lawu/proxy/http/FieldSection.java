package dev.lawu.proxy.http;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The storage behind {@link Headers} and the heads: one array with the bytes of a field section (RFC 9110, section 6.3) and an index over it. Not thread-safe.
 *
 * <p>This is the codecs' side of a field section; a {@code ProxyHttp} works with {@link Headers}. It is unstable.
 *
 * <p>Every field is stored as it goes over an HTTP/1.1 wire, {@code name: value CRLF}, whatever protocol it came from. A parser copies a head once into {@link #array()} and calls {@link #index} for
 * each line; edits append a new line behind the last byte and move the index, so the bytes that were received are never changed and an encoder can send runs of untouched lines with one copy. What
 * precedes the fields (a request line, say) may stand in the same array, from 0 to the first field.
 *
 * <p>A section is recycled: {@link #clear()} forgets the content and keeps the arrays.
 */
public final class FieldSection {
    /* The index holds STRIDE ints a field. A removed field has NAME_LENGTH 0. */
    private static final int STRIDE = 6;
    private static final int NAME = 0;
    private static final int NAME_LENGTH = 1;
    private static final int VALUE = 2;
    private static final int VALUE_LENGTH = 3;
    private static final int LINE_END = 4;
    private static final int HASH = 5;

    private byte[] bytes;
    private int end;
    private int[] slots;
    private int count;
    private int live;
    /* The bits of the names that are, or were, here (FieldName.bit): a search for a name that is not here mostly ends at once. */
    private long present;

    /** Creates a section whose arrays hold {@code byteCapacity} bytes and {@code fieldCapacity} fields before they grow. */
    public FieldSection(int byteCapacity, int fieldCapacity) {
        bytes = new byte[byteCapacity];
        slots = new int[fieldCapacity * STRIDE];
    }

    /** Forgets the content; the arrays are kept. */
    public void clear() {
        end = 0;
        count = 0;
        live = 0;
        present = 0;
    }

    /** The bytes. Valid up to {@link #end()}; a later edit may replace the array. */
    public byte[] array() {
        return bytes;
    }

    /** The number of bytes in use. */
    public int end() {
        return end;
    }

    /** How many bytes the array holds now. */
    public int capacity() {
        return bytes.length;
    }

    /** Makes room for {@code more} bytes behind {@link #end()}. */
    public void ensureWritable(int more) {
        if (bytes.length - end < more) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, end + more));
        }
    }

    /** Says that {@code more} bytes were written behind {@link #end()}, after {@link #ensureWritable}. */
    public void advance(int more) {
        end += more;
    }

    /**
     * Adds a field whose line stands in {@link #array()} already.
     *
     * @param name where the name starts, which is where the line starts
     * @param value where the value starts, without leading white space
     * @param lineEnd the first byte behind the line's CRLF
     * @param hash {@link #hash(byte[], int, int)} of the name
     */
    public void index(int name, int nameLength, int value, int valueLength, int lineEnd, int hash) {
        int at = slot();
        slots[at + NAME] = name;
        slots[at + NAME_LENGTH] = nameLength;
        slots[at + VALUE] = value;
        slots[at + VALUE_LENGTH] = valueLength;
        slots[at + LINE_END] = lineEnd;
        slots[at + HASH] = hash;
        present |= FieldName.bit(hash);
        count++;
        live++;
    }

    private int slot() {
        int at = count * STRIDE;
        if (at == slots.length) {
            slots = Arrays.copyOf(slots, Math.max(slots.length * 2, 8 * STRIDE));
        }
        return at;
    }

    /** The number of places in the index, removed fields included: the bound for {@code i} below. */
    public int slots() {
        return count;
    }

    /** The number of fields that are present. */
    public int size() {
        return live;
    }

    /** True if the field at {@code i} is present, false if it was removed. */
    public boolean isLive(int i) {
        return slots[i * STRIDE + NAME_LENGTH] != 0;
    }

    /** Where the name at {@code i} starts. */
    public int nameStart(int i) {
        return slots[i * STRIDE + NAME];
    }

    /** The length of the name at {@code i}; 0 if it was removed. */
    public int nameLength(int i) {
        return slots[i * STRIDE + NAME_LENGTH];
    }

    /** Where the value at {@code i} starts. */
    public int valueStart(int i) {
        return slots[i * STRIDE + VALUE];
    }

    /** The length of the value at {@code i}. */
    public int valueLength(int i) {
        return slots[i * STRIDE + VALUE_LENGTH];
    }

    /** The first byte behind the line at {@code i}, its CRLF included. */
    public int lineEnd(int i) {
        return slots[i * STRIDE + LINE_END];
    }

    /** The hash of the name at {@code i}. */
    public int nameHash(int i) {
        return slots[i * STRIDE + HASH];
    }

    /** The name at {@code i}, in the case it came in. */
    public String name(int i) {
        return latin1(nameStart(i), nameLength(i));
    }

    /** The value at {@code i}, each byte a character (ISO 8859-1). */
    public String value(int i) {
        return latin1(valueStart(i), valueLength(i));
    }

    /** True if the value at {@code i} is this text. */
    public boolean hasValue(int i, String text) {
        int start = valueStart(i);
        int length = valueLength(i);
        if (length != text.length()) {
            return false;
        }
        for (int k = 0; k < length; k++) {
            if ((bytes[start + k] & 0xFF) != text.charAt(k)) {
                return false;
            }
        }
        return true;
    }

    /** The bytes from {@code start}, as ISO 8859-1. */
    public String latin1(int start, int length) {
        return new String(bytes, start, length, StandardCharsets.ISO_8859_1);
    }

    /** The first place at or after {@code from} that holds this name, in any case; -1 if there is none. */
    public int find(FieldName name, int from) {
        if ((present & name.bit()) == 0) {
            return -1;
        }
        for (int i = from, at = from * STRIDE; i < count; i++, at += STRIDE) {
            if (slots[at + HASH] == name.hash() && name.matches(bytes, slots[at + NAME], slots[at + NAME_LENGTH])) {
                return i;
            }
        }
        return -1;
    }

    /** The first place at or after {@code from} that holds this name, in any case; -1 if there is none. */
    public int find(String name, int from) {
        int hash = hash(name);
        if ((present & FieldName.bit(hash)) == 0) {
            return -1;
        }
        for (int i = from, at = from * STRIDE; i < count; i++, at += STRIDE) {
            if (slots[at + HASH] == hash && matches(name, slots[at + NAME], slots[at + NAME_LENGTH])) {
                return i;
            }
        }
        return -1;
    }

    private boolean matches(String name, int start, int length) {
        if (name.length() != length) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if (lower(bytes[start + i]) != lower((byte) name.charAt(i))) {
                return false;
            }
        }
        return true;
    }

    /** Removes the field at {@code i}. */
    public void remove(int i) {
        if (isLive(i)) {
            slots[i * STRIDE + NAME_LENGTH] = 0;
            slots[i * STRIDE + HASH] = 0;
            live--;
        }
    }

    /** Removes all fields of this name and says whether there was one. */
    public boolean removeAll(FieldName name) {
        if ((present & name.bit()) == 0) {
            return false;
        }
        boolean found = false;
        boolean others = false;
        for (int i = 0, at = 0; i < count; i++, at += STRIDE) {
            if (slots[at + HASH] == name.hash() && name.matches(bytes, slots[at + NAME], slots[at + NAME_LENGTH])) {
                remove(i);
                found = true;
            } else {
                others |= slots[at + HASH] != 0 && FieldName.bit(slots[at + HASH]) == name.bit();
            }
        }
        if (!others) {
            present &= ~name.bit();
        }
        return found;
    }

    /** False if none of these names is here. True says nothing. */
    public boolean mayHave(long names) {
        return (present & names) != 0;
    }

    /** Appends a field. The value must have been checked ({@link FieldSyntax}). */
    @SuppressWarnings("deprecation") // String.getBytes(int, int, byte[], int) is ISO 8859-1 without an array in between
    public void append(FieldName name, String value) {
        byte[] line = name.line();
        int start = end;
        int valueLength = value.length();
        ensureWritable(line.length + valueLength + 2);
        System.arraycopy(line, 0, bytes, start, line.length);
        int valueStart = start + line.length;
        value.getBytes(0, valueLength, bytes, valueStart);
        end = valueStart + valueLength;
        crlf();
        index(start, line.length - 2, valueStart, valueLength, end, name.hash());
    }

    /** Appends a field. The name and the value must have been checked ({@link FieldSyntax}). */
    public void append(CharSequence name, CharSequence value) {
        int start = end;
        int nameLength = name.length();
        int valueLength = value.length();
        ensureWritable(nameLength + valueLength + 4);
        int hash = put(name);
        end = start + nameLength;
        separator();
        putLatin1(value);
        crlf();
        index(start, nameLength, start + nameLength + 2, valueLength, end, hash);
    }

    /** Appends a field from bytes, as a codec of another protocol has them. They must have been checked. */
    public void append(byte[] name, int nameStart, int nameLength, byte[] value, int valueStart, int valueLength) {
        int start = end;
        ensureWritable(nameLength + valueLength + 4);
        System.arraycopy(name, nameStart, bytes, end, nameLength);
        end += nameLength;
        separator();
        System.arraycopy(value, valueStart, bytes, end, valueLength);
        end += valueLength;
        crlf();
        index(start, nameLength, start + nameLength + 2, valueLength, end, hash(bytes, start, nameLength));
    }

    /** Gives the field at {@code i} another value; its place and the case of its name stay. */
    public void replaceValue(int i, CharSequence value) {
        int nameStart = nameStart(i);
        int nameLength = nameLength(i);
        int start = end;
        ensureWritable(nameLength + value.length() + 4);
        System.arraycopy(bytes, nameStart, bytes, start, nameLength);
        end += nameLength;
        separator();
        putLatin1(value);
        crlf();
        int at = i * STRIDE;
        slots[at + NAME] = start;
        slots[at + VALUE] = start + nameLength + 2;
        slots[at + VALUE_LENGTH] = value.length();
        slots[at + LINE_END] = end;
    }

    /** Makes this section equal to another; the bytes are copied. */
    public void copyFrom(FieldSection other) {
        if (bytes.length < other.end) {
            bytes = new byte[Math.max(other.end + 256, bytes.length)];
        }
        System.arraycopy(other.bytes, 0, bytes, 0, other.end);
        end = other.end;
        int used = other.count * STRIDE;
        if (slots.length < used) {
            slots = new int[used + 8 * STRIDE];
        }
        System.arraycopy(other.slots, 0, slots, 0, used);
        count = other.count;
        live = other.live;
        present = other.present;
    }

    private void separator() {
        bytes[end++] = ':';
        bytes[end++] = ' ';
    }

    private void crlf() {
        bytes[end++] = '\r';
        bytes[end++] = '\n';
    }

    private int put(CharSequence name) {
        int h = 0;
        for (int i = 0; i < name.length(); i++) {
            byte b = (byte) name.charAt(i);
            bytes[end + i] = b;
            h = h * 31 + lower(b);
        }
        return finish(h);
    }

    private void putLatin1(CharSequence value) {
        for (int i = 0; i < value.length(); i++) {
            bytes[end++] = (byte) value.charAt(i);
        }
    }

    /** The hash of a name, the same for every case of its letters; never 0. */
    public static int hash(byte[] name, int start, int length) {
        int h = 0;
        for (int i = start, stop = start + length; i < stop; i++) {
            h = h * 31 + lower(name[i]);
        }
        return finish(h);
    }

    /** The hash of a name, the same for every case of its letters; never 0. */
    public static int hash(String name) {
        int h = 0;
        for (int i = 0; i < name.length(); i++) {
            h = h * 31 + lower((byte) name.charAt(i));
        }
        return finish(h);
    }

    private static int finish(int h) {
        return h == 0 ? 1 : h;
    }

    private static int lower(byte b) {
        return b >= 'A' && b <= 'Z' ? b + ('a' - 'A') : b;
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < count; i++) {
            if (isLive(i)) {
                text.append(name(i)).append(": ").append(value(i)).append("\r\n");
            }
        }
        return text.toString();
    }
}
