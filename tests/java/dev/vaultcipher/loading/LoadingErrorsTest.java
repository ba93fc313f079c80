package dev.vaultcipher.loading;

import static dev.vaultcipher.harness.Installation.TEXT;
import static dev.vaultcipher.harness.Installation.assertAnswers;
import static dev.vaultcipher.harness.Installation.assertRefused;
import static dev.vaultcipher.harness.Installation.assertSays;
import static dev.vaultcipher.harness.Installation.host;
import static dev.vaultcipher.harness.Installation.jar;
import static dev.vaultcipher.harness.Installation.jarWithoutLibrary;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.VaultCipher;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.Installation;
import dev.vaultcipher.harness.Surroundings;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.StandardOpenOption;
import org.junit.After;
import org.junit.Before;
import org.junit.Test;


/** What an administrator reads when the native library cannot be loaded. */
public class LoadingErrorsTest {
    private Path folder;

    @Before
    public void makeFolder() {
        folder = Fixtures.temporaryFolder("errors");
    }

    @After
    public void deleteFolder() {
        Fixtures.delete(folder);
    }

    @Test
    public void aNamedFileMustBeAbsolute() {
        assertRefused(host(jar(folder)).jvmFlags("-Ddev.vaultcipher.library=lib/x.so").call(TEXT),
                "dev.vaultcipher.library must name the native library by its absolute path, but is 'lib/x.so'");
        assertRefused(host(HostProcess.ourJar()).jvmFlags("-Ddev.vaultcipher.library=").call(TEXT),
                "dev.vaultcipher.library must name the native library by its absolute path, but is ''");
    }

    @Test
    public void aNamedFileMustExist() {
        assertRefused(host(jar(folder)).jvmFlags("-Ddev.vaultcipher.library=/nowhere/x.so").call(TEXT),
                "dev.vaultcipher.library names /nowhere/x.so, which is not a file");
        assertRefused(host(HostProcess.ourJar()).jvmFlags("-Ddev.vaultcipher.library=" + folder).call(TEXT),
                "dev.vaultcipher.library names " + folder + ", which is not a file");
    }

    @Test
    public void anotherLibraryIsNoticed() {
        Path foreign = Paths.get(System.getProperty("java.home"), "lib", System.mapLibraryName("jimage"));
        assertRefused(host(jar(folder)).jvmFlags("-Ddev.vaultcipher.library=" + foreign).call(TEXT),
                "The native library " + foreign + ", which the system property dev.vaultcipher.library names, is not the "
                        + "one that belongs to this jar");
    }

    @Test
    public void aFailedLoadIsTriedAgainByTheNextCall() {
        Path jar = jarWithoutLibrary(folder);
        assertSays("tried again",
                Installation.run(jar, TriedAgain.class, Installation.library(folder.resolve("good")).toString()));
    }

    static final class TriedAgain {
        public static void main(String[] arguments) {
            ClassLoader loader = TriedAgain.class.getClassLoader();
            for (int i = 0; i < 2; i++) {
                Throwable failure = Installation.failure(loader, VaultCipher.class.getName(), "decrypt", TEXT);
                assertEquals(IllegalStateException.class, failure.getClass());
                assertTrue(failure.getMessage(), failure.getMessage().contains("There is no native library for this platform"));
            }
            System.setProperty("dev.vaultcipher.library", arguments[0]);
            assertAnswers(loader);
            System.out.println("tried again");
        }
    }

    @Test
    public void aPlatformWithoutLibraryIsNamedWithThoseThatHaveOne() {
        assertRefused(host(jar(folder)).jvmFlags("-Dos.arch=riscv64", "-Djava.library.path=/a:/b").call(TEXT),
                "There is no native library for this platform, linux-riscv64. The jar holds: ", Installation.platform(),
                "Also looked for " + folder.resolve(Installation.LIBRARY) + " and in java.library.path (/a:/b)");
        assertRefused(host(HostProcess.ourJar()).jvmFlags("-Dos.name=SunOS", "-Dos.arch=amd64").call(TEXT),
                "There is no native library for this platform, sunos-x86_64.");
    }

    @Test
    public void aJarWithoutLibrarySaysSo() {
        assertRefused(host(jarWithoutLibrary(folder)).call(TEXT),
                "There is no native library for this platform, " + Installation.platform() + ". The jar holds: none.");
    }

    @Test
    public void muslIsAPlatformOfItsOwn() {
        HostProcess.Outcome outcome = Installation.run(
                jarWithoutLibrary(folder), OnMusl.class, folder.resolve("ld-musl-x86_64.so.1").toString());
        assertTrue(outcome.toString(), outcome.stdout.contains(
                "There is no native library for this platform, " + Installation.platform() + "-musl. "));
    }

    /** A process that has musl's loader mapped, as far as one can see from outside. */
    static final class OnMusl {
        public static void main(String[] arguments) throws IOException {
            Path loader = Files.write(Paths.get(arguments[0]), new byte[4096]);
            try (FileChannel channel = FileChannel.open(loader, StandardOpenOption.READ)) {
                Object mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, 4096);
                System.out.println(Installation.failure(
                        OnMusl.class.getClassLoader(), VaultCipher.class.getName(), "decrypt", TEXT).getMessage());
                assertTrue(mapped.toString(), channel.isOpen());
            }
        }
    }

    @Test
    public void aTemporaryDirectoryMountedNoexecIsNamedWithTheWayOut() throws IOException {
        Path tmp = Files.createDirectory(folder.resolve("tmp"));
        Path java = javaWithMount("noexec", tmp);
        assertRefused(host(jar(folder)).javaHome(java).jvmFlags("-Djava.io.tmpdir=" + tmp).call(TEXT),
                "temporary directory " + tmp + ", but programs may not be run from there (mounted noexec",
                "-Ddev.vaultcipher.tmpdir=/absolute/path");
        assertAnswers(host(HostProcess.ourJar()).javaHome(java)
                .jvmFlags("-Djava.io.tmpdir=" + tmp, "-Ddev.vaultcipher.tmpdir=" + folder).call(TEXT));
    }

    @Test
    public void aFullTemporaryDirectoryIsNamed() throws IOException {
        Path tmp = Files.createDirectory(folder.resolve("tmp"));
        assertRefused(host(jar(folder)).javaHome(javaWithMount("size=64k", tmp)).jvmFlags("-Djava.io.tmpdir=" + tmp)
                .call(TEXT), "cannot write to the temporary directory " + tmp, "No space left on device",
                "-Ddev.vaultcipher.tmpdir=/absolute/path");
    }

    @Test
    public void aReadOnlyTemporaryDirectoryIsNamed() throws IOException {
        Path tmp = Files.createDirectory(folder.resolve("tmp"));
        assertRefused(host(jar(folder)).javaHome(javaWithMount("ro", tmp)).jvmFlags("-Djava.io.tmpdir=" + tmp)
                .call(TEXT), "cannot write to the temporary directory " + tmp, "Read-only file system");
    }

    @Test
    public void aMissingTemporaryDirectoryIsNamed() {
        assertRefused(host(jar(folder)).jvmFlags("-Ddev.vaultcipher.tmpdir=/nowhere").call(TEXT),
                "cannot write to the temporary directory /nowhere: ");
    }

    /** A JDK whose java sees a fresh file system in this place, mounted with these options. */
    private Path javaWithMount(String options, Path place) {
        return Surroundings.javaHome(folder, "mount -t tmpfs -o " + options + " tmpfs " + place);
    }
}
