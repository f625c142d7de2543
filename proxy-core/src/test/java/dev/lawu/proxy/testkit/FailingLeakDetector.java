package dev.lawu.proxy.testkit;

import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakTracker;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Keeps each leak report, where Netty's own detector only logs it; {@link LeakCheck} fails the test class. Netty loads
 * it by the system property {@code io.netty.customResourceLeakDetector}, one instance for each type of resource.
 *
 * <p>Netty reports one place only once: a leak with the same access records as an earlier one is not reported again.
 */
public final class FailingLeakDetector<T> extends ResourceLeakDetector<T> {
    private static final List<FailingLeakDetector<?>> INSTANCES = new CopyOnWriteArrayList<>();
    private static final Queue<String> REPORTS = new ConcurrentLinkedQueue<>();
    private static volatile boolean tracked;

    public FailingLeakDetector(Class<?> resourceType, int samplingInterval) {
        super(resourceType, samplingInterval);
        INSTANCES.add(this);
    }

    /** The older signature, which Netty looks for too. */
    public FailingLeakDetector(Class<?> resourceType, int samplingInterval, long maxActive) {
        this(resourceType, samplingInterval);
    }

    /** Whether Netty uses this detector: false where a test runner was not given the system property. */
    public static boolean isActive() {
        return !INSTANCES.isEmpty();
    }

    /** Whether a resource was tracked since the last call. */
    static boolean resetTracked() {
        boolean was = tracked;
        tracked = false;
        return was;
    }

    /** Makes every detector look for resources that were collected without being released. */
    static void poll() {
        INSTANCES.forEach(FailingLeakDetector::pollQueue);
    }

    /** The reports since the last call. */
    static List<String> drain() {
        List<String> reports = new ArrayList<>();
        for (String report = REPORTS.poll(); report != null; report = REPORTS.poll()) {
            reports.add(report);
        }
        return reports;
    }

    @Override
    public ResourceLeakTracker<T> track(T resource) {
        tracked = true;
        return super.track(resource);
    }

    @Override
    public ResourceLeakTracker<T> trackForcibly(T resource) {
        tracked = true;
        return super.trackForcibly(resource);
    }

    @Override
    protected boolean needReport() {
        return true;
    }

    @Override
    protected void reportTracedLeak(String resourceType, String records) {
        REPORTS.add(resourceType + " was not released before it was garbage-collected." + records);
    }

    @Override
    protected void reportUntracedLeak(String resourceType) {
        REPORTS.add(resourceType + " was not released before it was garbage-collected (no access records).");
    }

    /** A detector looks at its queue when it tracks something: so let it track a thing that is released at once. */
    @SuppressWarnings("unchecked")
    private void pollQueue() {
        T resource = (T) new Object();
        ResourceLeakTracker<T> tracker = super.trackForcibly(resource);
        if (tracker != null) {
            tracker.close(resource);
        }
    }
}
