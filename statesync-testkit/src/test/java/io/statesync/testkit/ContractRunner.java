package io.statesync.testkit;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.opentest4j.TestAbortedException;

/** Runs a contract's tests as JUnit does, each on an instance of its own, and says how each ended. */
final class ContractRunner {
    private ContractRunner() {}

    /** How a test ended. */
    enum Result {
        PASSED,
        SKIPPED,
        FAILED
    }

    /** The result of each test, by its method's name. */
    static Map<String, Result> run(Supplier<?> contract) throws Exception {
        Map<String, Result> results = new TreeMap<>();
        for (Method test : annotated(contract.get().getClass(), Test.class)) {
            Object instance = contract.get();
            Result result = call(test, instance);
            for (Method after : annotated(instance.getClass(), AfterEach.class)) {
                Result end = call(after, instance);
                result = end == Result.FAILED ? end : result;
            }
            results.put(test.getName(), result);
        }
        return results;
    }

    /** The names of the tests that failed. */
    static List<String> failed(Supplier<?> contract) throws Exception {
        return run(contract).entrySet().stream()
                .filter(e -> e.getValue() == Result.FAILED)
                .map(Map.Entry::getKey)
                .toList();
    }

    private static List<Method> annotated(Class<?> type, Class<? extends java.lang.annotation.Annotation> annotation) {
        List<Method> methods = new ArrayList<>();
        for (Method method : type.getMethods()) {
            if (method.isAnnotationPresent(annotation)) {
                methods.add(method);
            }
        }
        return methods;
    }

    private static Result call(Method method, Object instance) throws Exception {
        try {
            method.invoke(instance);
            return Result.PASSED;
        } catch (InvocationTargetException e) {
            return e.getCause() instanceof TestAbortedException ? Result.SKIPPED : Result.FAILED;
        }
    }
}
