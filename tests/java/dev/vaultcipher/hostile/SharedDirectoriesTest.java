package dev.vaultcipher.hostile;

import static dev.vaultcipher.harness.Installation.TEXT;
import static dev.vaultcipher.harness.Installation.assertAnswers;
import static dev.vaultcipher.harness.Installation.assertRefused;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.VaultCipher;
import dev.vaultcipher.harness.Cleanup;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.Installation;
import dev.vaultcipher.harness.Surroundings;
import java.io.IOException;
import java.net.URLClassLoader;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.junit.After;
import org.junit.Before;
import org.junit.Test;

/**
 * The library is unpacked where other users may write: refused, or nothing that they can do about it. The other user is the one
 * with the id 65534, "nobody"; to be able to act as that one, the tests have to run as root.
 */
public class SharedDirectoriesTest {
    private static final int SOMEBODY = 65534;
    private static final int LOADS = 60;
    private static final String[] UMASKS = {"000", "022", "077"};

    private Path folder;
    private Path tmp;

    @Before
    public void makeFolder() throws IOException {
        assertTrue("to act as a second user the tests have to run as root", Surroundings.ROOT);
        folder = Fixtures.temporaryFolder("shared");
        tmp = Files.createDirectories(folder.resolve("above/tmp"));
        mode(folder, 0711);
    }

    @After
    public void deleteFolder() {
        Fixtures.delete(folder);
    }

    @Test
    public void aDirectoryThatOthersMayWriteIsRefusedUnlessItHasTheStickyBit() throws IOException {
        for (int mode : new int[] {0777, 0757, 0775, 0702, 0720}) {
            mode(tmp, mode);
            assertUnsafe(tmp, tmp, "has no sticky bit");
        }
        for (int mode : new int[] {01777, 01775, 01702, 0755, 0700, 0711}) {
            mode(tmp, mode);
            assertSafe(tmp);
        }
    }

    @Test
    public void aDirectoryAboveItCountsAsWell() throws IOException {
        mode(tmp, 0700);
        mode(tmp.getParent(), 0777);
        assertUnsafe(tmp, tmp.getParent(), "has no sticky bit");
        mode(tmp.getParent(), 0770);
        assertUnsafe(tmp, tmp.getParent(), "can be written by its group");
        mode(tmp.getParent(), 01777);
        assertSafe(tmp);
    }

    /** With or without the sticky bit its owner can rename what is in it. */
    @Test
    public void aDirectoryOfAnotherUserIsRefused() throws IOException {
        for (int mode : new int[] {0755, 01777}) {
            mode(tmp, mode);
            owner(tmp, SOMEBODY);
            assertUnsafe(tmp, tmp, "belongs to the user with the id " + SOMEBODY);
            owner(tmp, 0);
            owner(tmp.getParent(), SOMEBODY);
            assertUnsafe(tmp, tmp.getParent(), "belongs to the user with the id " + SOMEBODY);
            owner(tmp.getParent(), 0);
        }
    }

    @Test
    public void aLinkIsAsSafeAsTheDirectoryThatItLeadsTo() throws IOException {
        Path link = Files.createSymbolicLink(folder.resolve("link"), tmp);
        mode(tmp, 0777);
        assertUnsafe(link, tmp, "can be written by everybody");
        mode(tmp, 01777);
        assertSafe(link);
    }

    /** The file beside the jar that another class loader has is copied there as well. */
    @Test
    public void theCopyForASecondWebApplicationIsNotMadeThereEither() throws IOException {
        mode(tmp, 0777);
        Path jar = Installation.jarWithoutLibrary(folder.resolve("install"));
        Installation.library(folder.resolve("install"));
        HostProcess.Outcome outcome = Installation.program(HostProcess.ourJar()).jvmFlags("-Ddev.vaultcipher.tmpdir=" + tmp)
                .run(SecondApplication.class.getName(), jar.toString(), HostProcess.apiStubs().toString());
        assertTrue(outcome.toString(), outcome.stdout.contains("has no sticky bit"));
    }

    static final class SecondApplication {
        public static void main(String[] arguments) throws IOException {
            Path[] jars = {Paths.get(arguments[0]), Paths.get(arguments[1])};
            try (URLClassLoader first = Installation.webApplication(jars);
                    URLClassLoader second = Installation.webApplication(jars)) {
                assertAnswers(first);
                System.out.println(
                        Installation.failure(second, VaultCipher.class.getName(), "decrypt", TEXT).getMessage());
            }
        }
    }

    @Test
    public void anotherUserAchievesNothingInADirectoryWithStickyBit() throws Exception {
        for (String umask : UMASKS) {
            mode(tmp, 01777);
            assertEquals("umask " + umask, LOADS + " answered, 0 refused, 0 otherwise", underAttack(umask));
        }
        report("with", LOADS * UMASKS.length + " loaded our library");
    }

    @Test
    public void anotherUserFindsNothingToReplaceInADirectoryWithoutStickyBit() throws Exception {
        for (String umask : UMASKS) {
            mode(tmp, 0777);
            assertEquals("umask " + umask, "0 answered, " + LOADS + " refused, 0 otherwise", underAttack(umask));
        }
        report("without", LOADS * UMASKS.length + " refused the place");
    }

    private static void report(String sticky, String outcome) {
        Attacks.report("loads of the library in a directory " + sticky + " the sticky bit, while a second user renames, replaces and links what "
                + "appears there; umask " + String.join(", ", UMASKS), LOADS * UMASKS.length,
                outcome + "; the second user renamed and linked nothing, and no foreign file was deleted");
    }

    /** What becomes of many loads while another user renames, replaces and links whatever appears in the directory. */
    private String underAttack(String umask) throws Exception {
        Path open = Files.createDirectories(folder.resolve("open"));
        Path foreign = Files.createDirectories(folder.resolve("foreign/" + umask));
        Path treasure = Files.write(foreign.resolve(Installation.LIBRARY), new byte[] {1});
        try (Cleanup cleanup = new Cleanup()) {
            // Nobody may look into the home folder of root, where Java and this checkout may lie.
            Files.createDirectories(open.resolve("java"));
            Path java = Surroundings.javaHome(folder.resolve("attacker" + umask), "cp -r '" + HostProcess.testClasses() + "/.' '"
                    + open + "/classes'", "chmod -R a+rX '" + open + "'",
                    "mount --bind '" + System.getProperty("java.home") + "' '" + open.resolve("java") + "'",
                    "shift; set -- setpriv --reuid=" + SOMEBODY + " --regid=" + SOMEBODY + " --clear-groups '"
                    + open.resolve("java/bin/java") + "' \"$@\"");
            Path evil = evil(umask);
            Path stop = folder.resolve("stop" + umask);
            Process attacker = cleanup.start(HostProcess.plain().javaHome(java).classPath(open.resolve("classes"))
                    .builder(Attacker.class.getName(), tmp.toString(), evil.toString(), foreign.toString(), stop.toString())
                    .redirectError(ProcessBuilder.Redirect.INHERIT));
            assertEquals('.', attacker.getInputStream().read());

            Path victim = Surroundings.javaHome(folder.resolve("victim" + umask), "umask " + umask);
            HostProcess.Outcome outcome = Installation.program(HostProcess.ourJar()).javaHome(victim)
                    .jvmFlags("-Ddev.vaultcipher.tmpdir=" + tmp)
                    .run(Loads.class.getName(), HostProcess.ourJar().toString(), HostProcess.apiStubs().toString());

            Files.createFile(stop);
            String successes = Fixtures.readAll(attacker.getInputStream());
            assertTrue(attacker.waitFor(20, TimeUnit.SECONDS));
            assertEquals(outcome.toString(), "0 renamed, 0 linked", successes.trim());
            assertTrue("a foreign file was deleted", Files.exists(treasure));
            assertEquals(Collections.emptyList(), Installation.content(tmp));
            assertEquals(outcome.toString(), 0, outcome.exitCode);
            return outcome.stdout.trim();
        }
    }

    /** Another library than ours, which says that it is not the one, where the loader might look for ours. */
    private Path evil(String umask) throws IOException {
        Path evil = Files.createDirectories(folder.resolve("evil" + umask));
        Path foreign = Paths.get(System.getProperty("java.home"), "lib", System.mapLibraryName("jimage"));
        Files.copy(foreign, evil.resolve(Installation.LIBRARY));
        Files.createDirectories(evil.resolve("private"));
        Files.copy(foreign, evil.resolve("private").resolve(Installation.LIBRARY));
        mode(evil, 0755);
        return evil;
    }

    /** Loads the library again and again, each time as another web application. */
    static final class Loads {
        public static void main(String[] arguments) throws IOException {
            int answered = 0;
            int refused = 0;
            List<String> otherwise = new ArrayList<>();
            for (int i = 0; i < LOADS; i++) {
                try (URLClassLoader loader = Installation.webApplication(Paths.get(arguments[0]), Paths.get(arguments[1]))) {
                    String message = Installation.failure(loader, VaultCipher.class.getName(), "decrypt", TEXT).getMessage();
                    if (message.contains("\"endpoint\" is missing")) {
                        answered++;
                    } else if (message.contains("has no sticky bit")) {
                        refused++;
                    } else {
                        otherwise.add(message);
                    }
                }
            }
            otherwise.forEach(System.err::println);
            System.out.println(answered + " answered, " + refused + " refused, " + otherwise.size() + " otherwise");
        }
    }

    /** Runs as another user until a file appears. */
    static final class Attacker {
        public static void main(String[] arguments) throws IOException {
            Path tmp = Paths.get(arguments[0]);
            Path evil = Paths.get(arguments[1]);
            Path foreign = Paths.get(arguments[2]);
            int renamed = 0;
            int linked = 0;
            System.out.print('.');
            System.out.flush();
            while (!Files.exists(Paths.get(arguments[3]))) {
                String[] names = tmp.toFile().list();
                for (String name : names == null ? new String[0] : names) {
                    Path directory = tmp.resolve(name);
                    linked += succeeds(() -> Files.createSymbolicLink(directory.resolve("private"), foreign));
                    linked += succeeds(() -> Files.createSymbolicLink(directory.resolve(Installation.LIBRARY), evil));
                    if (name.startsWith("vault-cipher-") && succeeds(
                            () -> Files.move(directory, tmp.resolve("taken-" + System.nanoTime()))) == 1) {
                        renamed++;
                        succeeds(() -> Files.createSymbolicLink(directory, evil));
                    }
                }
            }
            System.out.println(renamed + " renamed, " + linked + " linked");
        }

        private static int succeeds(Attempt attempt) throws IOException {
            try {
                attempt.run();
                return 1;
            } catch (FileSystemException e) {
                return 0;
            }
        }

        private interface Attempt {
            void run() throws IOException;
        }
    }

    private void assertUnsafe(Path directory, Path named, String why) {
        assertRefused(jvm(directory).call(TEXT), "not into the temporary directory " + directory + ": " + named + " ", why,
                "-Ddev.vaultcipher.tmpdir=/absolute/path");
        assertEquals(Collections.emptyList(), Installation.content(directory));
    }

    private void assertSafe(Path directory) {
        assertAnswers(jvm(directory).call(TEXT));
        assertEquals(Collections.emptyList(), Installation.content(directory));
    }

    private static HostProcess jvm(Path directory) {
        return Installation.host(HostProcess.ourJar()).jvmFlags("-Djava.io.tmpdir=" + directory);
    }

    private static void mode(Path path, int mode) throws IOException {
        Files.setAttribute(path, "unix:mode", mode);
    }

    private static void owner(Path path, int user) throws IOException {
        Files.setAttribute(path, "unix:uid", user);
    }
}
