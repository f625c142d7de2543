package dev.lawu.proxy.testkit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

/** One end of a raw connection that a test drives: it sends bytes and looks at bytes. Text is ISO 8859-1. */
public abstract class Wire {
    private final World world;
    private int taken;

    protected Wire(World world) {
        this.world = world;
    }

    /** Sends these bytes. */
    public abstract void send(byte[] bytes);

    /** Sends this text. */
    public final Wire send(String text) {
        send(text.getBytes(ISO_8859_1));
        return this;
    }

    /** Everything that was received so far. */
    public abstract byte[] bytes();

    /** How many bytes were received so far. */
    public abstract long count();

    /** Ends the sending direction (FIN). */
    public abstract void finish();

    /** Resets the connection (RST). */
    public abstract void reset();

    /** Closes the connection. */
    public abstract void close();

    /** True once the other side has ended its sending direction, or reset. */
    public abstract boolean isEnded();

    /** True once the other side has reset the connection. */
    public abstract boolean isReset();

    /** Stops to take bytes, as a slow reader does. */
    public abstract void stopReading();

    /** Goes on to take bytes. */
    public abstract void startReading();

    /** What was received and not taken yet. */
    public final String text() {
        return new String(bytes(), ISO_8859_1).substring(taken);
    }

    /** Waits until the text that was not taken yet contains this, and takes everything up to its end. */
    public final String until(String mark) {
        world.await(
                () -> text().contains(mark),
                () -> "\"" + mark + "\" in what was received: <" + text() + ">" + (isEnded() ? " (ended)" : ""));
        String found = text().substring(0, text().indexOf(mark) + mark.length());
        taken += found.length();
        return found;
    }

    /** Waits for a head and takes it. */
    public final String head() {
        return until("\r\n\r\n");
    }

    /** Waits for this many bytes and takes them. */
    public final String take(int length) {
        world.await(() -> text().length() >= length, () -> length + " bytes; received: <" + text() + ">");
        String found = text().substring(0, length);
        taken += length;
        return found;
    }

    /** Waits until the other side has ended, and takes the rest. */
    public final String rest() {
        world.await(this::isEnded, () -> "the end; received so far: <" + text() + ">");
        String found = text();
        taken += found.length();
        return found;
    }
}
