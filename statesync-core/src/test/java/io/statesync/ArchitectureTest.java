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
            .resideInAnyPackage("io.statesync", "io.statesync.engine..")
            .allowEmptyShould(true);

    @ArchTest
    static final ArchRule theRootPackageUsesNoOtherPackageThanTheEngine = noClasses()
            .that()
            .resideInAPackage("io.statesync")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.statesync.source..", "io.statesync.replica..", "io.statesync.apply..");

    @ArchTest
    static final ArchRule theEngineUsesOnlyTheRootPackage = noClasses()
            .that()
            .resideInAPackage("io.statesync.engine..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.statesync.source..", "io.statesync.replica..", "io.statesync.apply..")
            .allowEmptyShould(true);
}
