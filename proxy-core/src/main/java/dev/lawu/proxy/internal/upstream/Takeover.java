package dev.lawu.proxy.internal.upstream;

/** How an idle connection of one event loop comes to another. Called on the loop of its first argument. */
interface Takeover {
    /** Connect instead. */
    Takeover NEVER = new Takeover() {
        @Override
        public boolean ask(Opening opening) {
            return false;
        }

        @Override
        public boolean send(PooledConnection connection, Opening to) {
            return false;
        }
    };

    /** Asks another loop for an idle connection, the next one at each call; what comes of it is told to the opening. False if there is none left to ask. */
    boolean ask(Opening opening);

    /** Sends a connection, which was taken from its pool, to an opening of another loop. False if it cannot be moved; then it is as it was. */
    boolean send(PooledConnection connection, Opening to);
}
