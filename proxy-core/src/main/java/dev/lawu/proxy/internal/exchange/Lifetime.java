package dev.lawu.proxy.internal.exchange;

import dev.lawu.proxy.http.Headers;
import dev.lawu.proxy.internal.loop.SectionPool;
import java.util.ArrayList;
import java.util.List;

/**
 * How long what an exchange holds can be reached from outside its loop, and the one list of what it gives back when it cannot any more: the fields of every head and trailer section.
 *
 * <p>A blocking callable may read them until it returns, so it {@linkplain #retain() retains} the exchange. When a pending result is given up nobody knows who still reads: then the arrays are left to
 * the garbage collector, and the exchange with them, instead of being used for somebody else's request.
 */
final class Lifetime {
    private final SectionPool sections;
    private final List<Headers> owned = new ArrayList<>(4);
    private int holders;
    private boolean leftBehind;

    Lifetime(SectionPool sections) {
        this.sections = sections;
    }

    void begin() {
        holders = 1;
    }

    /** These fields are given back at the end. */
    void own(Headers headers) {
        owned.add(headers);
    }

    void retain() {
        holders++;
    }

    /** A pending result was given up; whoever works on it may go on to read. */
    void leaveBehind() {
        leftBehind = true;
    }

    /** Returns true when nobody holds the exchange any more. */
    boolean release() {
        return --holders == 0;
    }

    /**
     * Ends the use of all fields.
     *
     * @return true if everything can be used again
     */
    boolean end() {
        for (int i = 0; i < owned.size(); i++) {
            if (leftBehind) {
                owned.get(i).retire();
            } else {
                sections.retire(owned.get(i));
            }
        }
        owned.clear();
        return !leftBehind;
    }
}
