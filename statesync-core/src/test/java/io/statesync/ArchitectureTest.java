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
            .resideInAnyPackage("io.statesync", "io.statesync.engine..", "java..", "org.slf4j..", "org.jspecify..");

    @ArchTest
    static final ArchRule onlyTheMicrometerPackageNeedsMicrometer = noClasses()
            .that()
            .resideOutsideOfPackage("io.statesync.micrometer..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.micrometer..", "io.statesync.micrometer..");

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
    static final ArchRule onlyTheEngineAndTheSourceSideLog = noClasses()
            .that()
            .resideOutsideOfPackages("io.statesync.engine..", "io.statesync.source..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.slf4j..");
}
