package dev.lawu.proxy;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import dev.lawu.proxy.testkit.HouseRules;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Keeps the packages pointing one way, and what users see free of the engine's parts. */
class ArchitectureTest {
    private static final String ROOT = "dev.lawu.proxy";

    /** From the lowest up: a package may use those on the lines above its own, and its neighbours on the same line. */
    private static final List<List<String>> LAYERS = List.of(
            List.of(ROOT + ".http.."),
            List.of(ROOT + ".tls.."),
            List.of(ROOT + ".upstream.."),
            List.of(ROOT),
            List.of(ROOT + ".filter..", ROOT + ".balance..", ROOT + ".limit..", ROOT + ".metrics.."),
            List.of(ROOT + ".spi.."),
            List.of(ROOT + ".internal.."),
            List.of(ROOT + ".testing.."));

    /**
     * The entry points that start the engine and so must name it, though they are below it. By class name; each is a
     * decision, and each still keeps the engine out of its signatures.
     */
    private static final List<String> ENGINE_DOORS = List.of();

    private static final JavaClasses CLASSES = HouseRules.mainClasses();

    @TestFactory
    Stream<DynamicTest> packagesPointOneWay() {
        List<DynamicTest> tests = new ArrayList<>();
        for (int layer = 0; layer < LAYERS.size() - 1; layer++) {
            String[] above = LAYERS.subList(layer + 1, LAYERS.size()).stream()
                    .flatMap(List::stream)
                    .toArray(String[]::new);
            for (String name : LAYERS.get(layer)) {
                tests.add(
                        DynamicTest.dynamicTest(name, () -> isBelow(name, above).check(CLASSES)));
            }
        }
        return tests.stream();
    }

    /** Within the engine, too: what a connection is does not depend on what is done with it. */
    @TestFactory
    Stream<DynamicTest> theEnginePointsOneWay() {
        String[] order = {".loop..", ".transport..", ".h1..", ".upstream..", ".exchange..", ".server.."};
        List<DynamicTest> tests = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            String name = ROOT + ".internal" + order[i];
            String[] above = Stream.of(order)
                    .skip(i + 1)
                    .map(each -> ROOT + ".internal" + each)
                    .toArray(String[]::new);
            tests.add(DynamicTest.dynamicTest(name, () -> isBelow(name, above).check(CLASSES)));
        }
        return tests.stream();
    }

    @Test
    void everyPackageHasALayer() {
        String[] known = LAYERS.stream().flatMap(List::stream).toArray(String[]::new);

        noClasses()
                .should()
                .resideOutsideOfPackages(known)
                .allowEmptyShould(true)
                .check(CLASSES);
    }

    @Test
    void neighboursHaveNoCycles() {
        SlicesRuleDefinition.slices()
                .matching(ROOT + ".(filter|balance|limit|metrics)..")
                .should()
                .beFreeOfCycles()
                .allowEmptyShould(true)
                .check(CLASSES);
    }

    @Test
    void internalTypesAreNotInSignatures() {
        HouseRules.signatures(
                        "internal types",
                        type -> !type.getPackageName().startsWith(ROOT + ".internal"),
                        used -> used.getBaseComponentType().getPackageName().startsWith(ROOT + ".internal"))
                .check(CLASSES);
    }

    @Test
    void nettyTypesAreInSignaturesOfSpiOnly() {
        HouseRules.signatures(
                        "Netty types",
                        type -> !type.getPackageName().startsWith(ROOT + ".internal")
                                && !type.getPackageName().startsWith(ROOT + ".spi"),
                        used -> used.getBaseComponentType().getPackageName().startsWith("io.netty"))
                .check(CLASSES);
    }

    @Test
    void coreKnowsNeitherQuicNorCaffeine() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("..quic..", "..http3..", "..caffeine..", "dev.lawu.cache..")
                .allowEmptyShould(true)
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

    private static ArchRule isBelow(String name, String[] above) {
        return noClasses()
                .that()
                .resideInAPackage(name)
                .and()
                .haveNameNotMatching(doors())
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(above)
                .allowEmptyShould(true);
    }

    /** The doors and what is nested in them. */
    private static String doors() {
        return "(" + String.join("|", ENGINE_DOORS).replace(".", "\\.") + ")([.$].*)?";
    }
}
