package dev.lawu.examples;

import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
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
    void theGatewaysPackagesPointOneWay() {
        String gateway = "dev.lawu.examples.gateway";
        layeredArchitecture()
                .consideringOnlyDependenciesInAnyPackage("dev.lawu.examples..")
                .layer("route")
                .definedBy(gateway + ".route")
                .layer("action")
                .definedBy(gateway + ".action")
                .layer("files")
                .definedBy(gateway + ".files")
                .layer("filter")
                .definedBy(gateway + ".filter")
                .layer("proxy")
                .definedBy(gateway + ".proxy")
                .layer("config")
                .definedBy(gateway + ".config")
                .layer("command")
                .definedBy(gateway)
                .whereLayer("action")
                .mayOnlyBeAccessedByLayers("files", "filter", "proxy", "config", "command")
                .whereLayer("files")
                .mayOnlyBeAccessedByLayers("config", "command")
                .whereLayer("filter")
                .mayOnlyBeAccessedByLayers("proxy", "config", "command")
                .whereLayer("proxy")
                .mayOnlyBeAccessedByLayers("config", "command")
                .whereLayer("config")
                .mayOnlyBeAccessedByLayers("command")
                .whereLayer("command")
                .mayNotBeAccessedByAnyLayer()
                .check(CLASSES);
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
