package dev.lawu.proxy.testkit;

import static com.tngtech.archunit.lang.SimpleConditionEvent.violated;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaType;
import com.tngtech.archunit.core.domain.JavaTypeVariable;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** Rules that hold in every module, and the pieces that a module's own rules are made of. */
public final class HouseRules {
    private static final int MAX_LINES = 600;
    private static final Path SOURCES = Path.of("src", "main");

    private HouseRules() {}

    /** The main classes of the module under test, in whichever directory the build put them. */
    public static JavaClasses mainClasses() {
        return new ClassFileImporter().importPath(Path.of(System.getProperty("lawu.classes", "target/classes")));
    }

    /** Names say what a thing does: no {@code IThing}, {@code ThingImpl}, {@code ThingUtil(s)}, {@code ThingManager}. */
    public static ArchRule names() {
        return noClasses()
                .should()
                .haveNameMatching("(.*[.$])?(I[A-Z][a-z]\\w*|\\w*(Impl|Utils?|Manager))")
                .as("Names have no I prefix, and do not end in Impl, Util, Utils or Manager")
                .allowEmptyShould(true);
    }

    /** Only the modules' public packages may be used from another module. */
    public static ArchRule noUseOfCoreInternals() {
        return noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.lawu.proxy.internal..")
                .as("No class of this module uses the core's internal packages")
                .allowEmptyShould(true);
    }

    /** Types that {@code forbidden} matches do not appear in what users of the public types in {@code where} see. */
    public static ArchRule signatures(String what, Predicate<JavaClass> where, Predicate<JavaClass> forbidden) {
        return classes()
                .should(new ArchCondition<JavaClass>("have no " + what + " in public or protected signatures") {
                    @Override
                    public void check(JavaClass type, ConditionEvents events) {
                        if (!where.test(type) || !isVisible(type)) {
                            return;
                        }
                        reject(type, type.getFullName(), typeSignature(type), events);
                        for (JavaMember member : type.getMembers()) {
                            if (isVisible(member.getModifiers())) {
                                reject(type, member.getFullName(), memberSignature(member), events);
                            }
                        }
                    }

                    private void reject(JavaClass type, String place, Set<JavaClass> used, ConditionEvents events) {
                        used.stream()
                                .filter(forbidden)
                                .forEach(bad -> events.add(violated(type, place + " mentions " + bad.getName())));
                    }
                })
                .allowEmptyShould(true);
    }

    /** Source files that have outgrown one idea. */
    public static List<String> tooLongSources() {
        List<String> found = new ArrayList<>();
        for (Path source : sources()) {
            int lines = read(source).size();
            if (lines > MAX_LINES) {
                found.add(source + ": " + lines + " lines (expected: at most " + MAX_LINES + ")");
            }
        }
        return found;
    }

    /** Packages whose nulls NullAway would not check. */
    public static Set<String> packagesNotNullMarked() {
        Set<String> found = new LinkedHashSet<>();
        for (Path source : sources()) {
            Path info = source.resolveSibling("package-info.java");
            if (!Files.exists(info) || read(info).stream().noneMatch("@NullMarked"::equals)) {
                found.add(source.getParent() + " (expected: a package-info.java with @NullMarked)");
            }
        }
        return found;
    }

    private static List<Path> sources() {
        if (!Files.isDirectory(SOURCES)) {
            return List.of();
        }
        try (Stream<Path> files = Files.walk(SOURCES)) {
            return files.filter(file -> file.toString().endsWith(".java"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<String> read(Path source) {
        try {
            return Files.readAllLines(source);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean isVisible(JavaClass type) {
        for (Optional<JavaClass> at = Optional.of(type);
                at.isPresent();
                at = at.get().getEnclosingClass()) {
            if (!isVisible(at.get().getModifiers())) {
                return false;
            }
        }
        return true;
    }

    private static boolean isVisible(Set<JavaModifier> modifiers) {
        return !modifiers.contains(JavaModifier.SYNTHETIC)
                && (modifiers.contains(JavaModifier.PUBLIC) || modifiers.contains(JavaModifier.PROTECTED));
    }

    private static Set<JavaClass> typeSignature(JavaClass type) {
        Set<JavaClass> used = new LinkedHashSet<>();
        type.getSuperclass().ifPresent(parent -> used.addAll(parent.getAllInvolvedRawTypes()));
        type.getInterfaces().forEach(parent -> used.addAll(parent.getAllInvolvedRawTypes()));
        addBounds(type.getTypeParameters(), used);
        return used;
    }

    private static Set<JavaClass> memberSignature(JavaMember member) {
        Set<JavaClass> used = new LinkedHashSet<>(member.getAllInvolvedRawTypes());
        if (member instanceof JavaCodeUnit code) {
            used.addAll(code.getExceptionTypes());
            addBounds(code.getTypeParameters(), used);
        }
        return used;
    }

    private static void addBounds(List<? extends JavaTypeVariable<?>> parameters, Set<JavaClass> used) {
        for (JavaTypeVariable<?> parameter : parameters) {
            for (JavaType bound : parameter.getUpperBounds()) {
                used.addAll(bound.getAllInvolvedRawTypes());
            }
        }
    }
}
