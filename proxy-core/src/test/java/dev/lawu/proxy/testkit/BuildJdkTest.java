package dev.lawu.proxy.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Says which JDK the tests ran on, and fails where the build asked for a newer one and did not get it. */
class BuildJdkTest {
    @Test
    void runsOnTheJdkThatTheBuildAskedFor() {
        int asked = Integer.getInteger("lawu.jdk.least", 17);

        System.out.println("Tests run on JDK " + Runtime.version() + " (expected: at least " + asked + ")");

        assertThat(Runtime.version().feature()).isGreaterThanOrEqualTo(asked);
    }
}
