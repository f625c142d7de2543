package dev.lawu.proxy.internal.loop;

import dev.lawu.proxy.http.FieldSection;
import dev.lawu.proxy.http.Headers;

/** Recycles the arrays of heads within one event loop. At most {@value #MOST} are kept, of at most {@value #LARGEST} bytes each. */
public final class SectionPool {
    private static final int MOST = 256;
    private static final int LARGEST = 8 * 1024;

    private final FieldSection[] free = new FieldSection[MOST];
    private int count;

    /** An empty section. */
    public FieldSection take() {
        return count > 0 ? free[--count] : new FieldSection(2048, 32);
    }

    /** Gives back a section that nobody uses any more. */
    public void give(FieldSection section) {
        if (count < MOST && section.capacity() <= LARGEST) {
            section.clear();
            free[count++] = section;
        }
    }

    /** Retires these fields, after which their use is an error, and takes their section back. */
    public void retire(Headers headers) {
        FieldSection section = headers.retire();
        if (section != null) {
            give(section);
        }
    }
}
