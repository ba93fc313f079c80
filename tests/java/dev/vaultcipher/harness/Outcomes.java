package dev.vaultcipher.harness;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.List;
import org.junit.internal.TextListener;
import org.junit.runner.Description;
import org.junit.runner.JUnitCore;
import org.junit.runner.notification.Failure;
import org.junit.runner.notification.RunListener;

/**
 * Runs test classes, {@code Outcomes FILE CLASS…}, and writes a line for each test into FILE: JDK, class, method, outcome
 * (passed, failed, or absent where this {@link Jdk} has no such thing) and milliseconds, with tabs between them; {@link
 * TestedTable} makes build/tested.md of it. The last line that it prints counts them.
 */
final class Outcomes extends RunListener {
    private final PrintWriter file;
    private String outcome;
    private long start;
    private int passed;
    private int failed;
    private int absent;

    private Outcomes(PrintWriter file) {
        this.file = file;
    }

    public static void main(String[] arguments) throws IOException, ClassNotFoundException {
        List<Class<?>> classes = new ArrayList<>();
        for (int i = 1; i < arguments.length; i++) {
            classes.add(Class.forName(arguments[i]));
        }
        int failed;
        try (PrintWriter file = new PrintWriter(
                Files.newBufferedWriter(Paths.get(arguments[0]), StandardCharsets.UTF_8), true)) {
            Outcomes outcomes = new Outcomes(file);
            JUnitCore core = new JUnitCore();
            core.addListener(new TextListener(System.out));
            core.addListener(outcomes);
            core.run(classes.toArray(new Class<?>[0]));
            outcomes.count();
            failed = outcomes.failed;
        }
        System.exit(failed == 0 ? 0 : 1); // whatever threads a test has left
    }

    private void count() {
        System.out.printf("%d passed, %d failed, %d about what this JDK does not have%n", passed, failed, absent);
    }

    @Override
    public void testStarted(Description test) {
        outcome = "passed";
        start = System.nanoTime();
    }

    @Override
    public void testFailure(Failure failure) {
        outcome = "failed";
        if (failure.getDescription().isSuite()) {
            start = System.nanoTime();
            testFinished(failure.getDescription()); // what comes before or after all tests of a class
        }
    }

    @Override
    public void testAssumptionFailure(Failure failure) {
        if (failure.getException() instanceof Jdk.HasNoSuchThing && !failure.getDescription().isSuite()) {
            outcome = "absent";
        } else {
            refuse(failure.getDescription());
            testFailure(failure);
        }
    }

    @Override
    public void testIgnored(Description test) {
        refuse(test);
        testStarted(test);
        outcome = "failed";
        testFinished(test);
    }

    private static void refuse(Description test) {
        System.out.println("No test may be left out: " + test.getDisplayName());
    }

    @Override
    public void testFinished(Description test) {
        switch (outcome) {
            case "passed": passed++; break;
            case "failed": failed++; break;
            default: absent++;
        }
        String method = test.getMethodName() == null ? "" : test.getMethodName();
        file.println(String.join("\t", Integer.toString(Jdk.version()), test.getTestClass().getName(), method, outcome,
                Long.toString((System.nanoTime() - start) / 1_000_000)));
    }
}
