package io.statesync;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The arrows between packages: all may use {@code io.statesync}, and it alone uses {@code io.statesync.engine}. */
@AnalyzeClasses(packages = "io.statesync", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

    @ArchTest
    static final ArchRule onlyTheRootPackageUsesTheEngine = classes()
            .that()
            .resideInAPackage("io.statesync.engine..")
            .should()
            .onlyHaveDependentClassesThat()
            .resideInAnyPackage("io.statesync", "io.statesync.engine..");

    @ArchTest
    static final ArchRule rootAndEngineUseNothingBesideThemselves = classes()
            .that()
            .resideInAnyPackage("io.statesync", "io.statesync.engine..")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(
                    "io.statesync",
                    "io.statesync.engine..",
                    "io.statesync.internal..",
                    "java..",
                    "org.slf4j..",
                    "org.jspecify..");

    @ArchTest
    static final ArchRule whatIsSharedUsesNothingButTheLog = classes()
            .that()
            .resideInAPackage("io.statesync.internal..")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage("io.statesync.internal..", "java..", "org.slf4j..", "org.jspecify..");

    @ArchTest
    static final ArchRule whatIsSharedLogsUnderItsOwnersNames = noClasses()
            .that()
            .resideInAPackage("io.statesync.internal..")
            .should()
            .dependOnClassesThat()
            .haveFullyQualifiedName("org.slf4j.LoggerFactory");

    @ArchTest
    static final ArchRule onlyTheMicrometerPackageNeedsMicrometer = noClasses()
            .that()
            .resideOutsideOfPackage("io.statesync.micrometer..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.micrometer..", "io.statesync.micrometer..");

    @ArchTest
    static final ArchRule onlyTheJacksonPackageNeedsJackson = noClasses()
            .that()
            .resideOutsideOfPackage("io.statesync.jackson..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("tools.jackson..", "com.fasterxml..", "io.statesync.jackson..");

    @ArchTest
    static final ArchRule codecsUseTheRootOnly = classes()
            .that()
            .resideInAPackage("io.statesync.jackson..")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(
                    "io.statesync",
                    "io.statesync.internal..",
                    "io.statesync.jackson..",
                    "tools.jackson..",
                    "java..",
                    "org.jspecify..");

    @ArchTest
    static final ArchRule packagesBesideTheEngineUseTheRootOnly = classes()
            .that()
            .resideInAPackage("io.statesync.micrometer..")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(
                    "io.statesync", "io.statesync.micrometer..", "io.micrometer..", "java..", "org.jspecify..");

    @ArchTest
    static final ArchRule theSourceSideUsesTheRootOnly = noClasses()
            .that()
            .resideInAPackage("io.statesync.source..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "io.statesync.engine..",
                    "io.statesync.micrometer..",
                    "io.statesync.replica..",
                    "io.statesync.apply..")
            .allowEmptyShould(true);

    @ArchTest
    static final ArchRule appliersUseTheRootOnly = classes()
            .that()
            .resideInAPackage("io.statesync.apply..")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage("io.statesync", "io.statesync.apply..", "java..", "org.jspecify..");

    @ArchTest
    static final ArchRule appliersAreForApplications = noClasses()
            .that()
            .resideInAnyPackage(
                    "io.statesync", "io.statesync.engine..", "io.statesync.source..", "io.statesync.micrometer..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("io.statesync.apply..");

    @ArchTest
    static final ArchRule theWritingSideUsesTheRootOnly = classes()
            .that()
            .resideInAPackage("io.statesync.replica..")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(
                    "io.statesync",
                    "io.statesync.internal..",
                    "io.statesync.replica..",
                    "java..",
                    "org.slf4j..",
                    "org.jspecify..")
            .allowEmptyShould(true);

    @ArchTest
    static final ArchRule onlyTheEngineTheSourceAndTheWritingSideLog = noClasses()
            .that()
            .resideOutsideOfPackages(
                    "io.statesync.engine..",
                    "io.statesync.source..",
                    "io.statesync.replica..",
                    "io.statesync.internal..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.slf4j..");
}
