package dev.lawu.proxy.testing;

/** Something that has steps to do: an event loop, one direction of a connection, an executor. What all actors do is interleaved step by step. */
abstract class Actor {
    static final long NEVER = Long.MAX_VALUE;

    /** Actors are numbered in the order in which they were made, so that nothing depends on identity hash codes. */
    final int number;

    Actor(Scheduler scheduler) {
        this.number = scheduler.nextActorNumber();
    }

    /** Whether there is a step to do at this time. */
    abstract boolean isReady(long now);

    /** When it is ready next, if nothing else happens; {@link #NEVER} if it waits for something else. */
    abstract long readyAt();

    /** Does one step. Called only when ready. */
    abstract void step();

    /** Who it is and what it still has to do, for messages. */
    abstract String describe();
}
