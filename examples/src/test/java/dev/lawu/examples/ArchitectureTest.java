package dev.lawu.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import dev.lawu.proxy.testkit.HouseRules;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
    private static final JavaClasses CLASSES = HouseRules.mainClasses();

    @Test
    void coreInternalsAreNotUsed() {
        HouseRules.noUseOfCoreInternals().check(CLASSES);
    }

    @Test
    void namesSayWhatThingsDo() {
        HouseRules.names().check(CLASSES);
    }

    @Test
    void sourceFilesAreShort() {
        assertThat(HouseRules.tooLongSources()).isEmpty();
    }

    @Test
    void packagesAreNullMarked() {
        assertThat(HouseRules.packagesNotNullMarked()).isEmpty();
    }
}
