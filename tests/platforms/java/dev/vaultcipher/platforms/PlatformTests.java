package dev.vaultcipher.platforms;

import java.util.Arrays;
import org.junit.runner.JUnitCore;
import org.junit.runner.Result;
import org.junit.runner.notification.Failure;

/**
 * Runs the tests for this platform; with the argument {@code epoll} those where that
 * or eventfd does not exist, with {@code qemu} those that an emulated processor allows. Prints a few lines for each failed one, then {@code N passed, N failed, on PLATFORM}; exit
 * code 1 if one failed.
 */
final class PlatformTests {
    private PlatformTests() {
    }

    public static void main(String[] arguments) {
        String system = System.getProperty("os.name");
        // qemu maps files itself, also those that may not be executed.
        Class<?> tests = Arrays.asList(arguments).contains("epoll") ? NoEpollTest.class
                : Arrays.asList(arguments).contains("qemu") ? UnixTest.class
                : system.startsWith("Windows") ? WindowsTest.class
                : system.startsWith("Linux") ? LinuxTest.class : UnixTest.class;
        Result result = JUnitCore.runClasses(tests);
        for (Failure failure : result.getFailures()) {
            System.out.println("FAILED " + failure.getTestHeader() + ": " + failure.getTrace());
        }
        System.out.println((result.getRunCount() - result.getFailureCount()) + " passed, " + result.getFailureCount() + " failed, on "
                + PlatformTest.PLATFORM + " (Java " + System.getProperty("java.version") + ", " + System.getProperty("os.name") + ' '
                + System.getProperty("os.arch") + ')');
        System.exit(result.wasSuccessful() ? 0 : 1);
    }
}
