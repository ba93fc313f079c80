package dev.vaultcipher.loading;

import static dev.vaultcipher.harness.Installation.TEXT;
import static dev.vaultcipher.harness.Installation.assertAnswers;
import static dev.vaultcipher.harness.Installation.assertRefused;
import static dev.vaultcipher.harness.Installation.assertSays;
import static dev.vaultcipher.harness.Installation.garbage;
import static dev.vaultcipher.harness.Installation.host;
import static dev.vaultcipher.harness.Installation.jar;
import static dev.vaultcipher.harness.Installation.jarWithGarbage;
import static dev.vaultcipher.harness.Installation.jarWithoutLibrary;
import static dev.vaultcipher.harness.Installation.library;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNull;

import dev.vaultcipher.NativeAccess;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.Installation;
import java.io.File;
import java.nio.file.Path;
import java.util.Collections;
import org.junit.After;
import org.junit.Before;
import org.junit.Test;


/** Where the native library is taken from, in which order, each in a JVM of its own. */
public class LoadingWaysTest {
    private Path folder;
    private Path empty;

    @Before
    public void makeFolder() {
        folder = Fixtures.temporaryFolder("loading");
        empty = folder.resolve("tmp");
        assertEquals(true, empty.toFile().mkdir());
    }

    @After
    public void deleteFolder() {
        Fixtures.delete(folder);
    }

    @Test
    public void fromInsideTheJarAndNothingIsLeftInTheTemporaryDirectory() {
        assertAnswers(host(jar(folder)).jvmFlags("-Djava.io.tmpdir=" + empty).call(TEXT));
        assertEquals(Collections.emptyList(), Installation.content(empty));
    }

    @Test
    public void theTemporaryDirectoryCanBeNamedAndIsLeftEmptyToo() {
        assertAnswers(host(jar(folder)).jvmFlags("-Djava.io.tmpdir=/nowhere", "-Ddev.vaultcipher.tmpdir=" + empty)
                .call(TEXT));
        assertEquals(Collections.emptyList(), Installation.content(empty));
    }

    @Test
    public void nothingIsLeftWhenTheUnpackedLibraryCannotBeLoaded() {
        assertRefused(host(jarWithGarbage(folder)).jvmFlags("-Djava.io.tmpdir=" + empty).call(TEXT),
                "cannot be loaded on this platform, " + Installation.platform());
        assertEquals(Collections.emptyList(), Installation.content(empty));
    }

    @Test
    public void anInterruptedThreadLoadsItAsWell() {
        assertSays("still interrupted", Installation.run(jar(folder), Interrupted.class));
    }

    static final class Interrupted {
        public static void main(String[] arguments) {
            Thread.currentThread().interrupt();
            Installation.assertAnswers(Interrupted.class.getClassLoader());
            System.out.println(Thread.interrupted() ? "still interrupted" : "the flag was cleared");
        }
    }

    @Test
    public void fromBesideTheJar() {
        Path jar = jarWithoutLibrary(folder);
        library(folder);
        assertAnswers(host(jar).jvmFlags("-Djava.io.tmpdir=/nowhere").call(TEXT));
    }

    @Test
    public void fromBesideTheJarInAFolderWithSpacesAndSigns() {
        Path odd = folder.resolve("a b+c 100% %20 #1; ü");
        Path jar = jarWithoutLibrary(odd);
        library(odd);
        assertAnswers(host(jar).environment("LC_ALL", "C.UTF-8").jvmFlags("-Djava.io.tmpdir=/nowhere").call(TEXT));
    }

    @Test
    public void fromTheNamedFile() {
        Path library = library(folder.resolve("elsewhere"));
        assertAnswers(host(jarWithoutLibrary(folder))
                .jvmFlags("-Ddev.vaultcipher.library=" + library, "-Djava.io.tmpdir=/nowhere").call(TEXT));
    }

    @Test
    public void fromTheLibraryPath() {
        library(folder.resolve("second"));
        assertAnswers(host(jarWithoutLibrary(folder))
                .jvmFlags("-Djava.library.path=/nowhere" + File.pathSeparator + folder.resolve("second")).call(TEXT));
    }

    @Test
    public void theNamedFileComesBeforeTheOneBesideTheJar() {
        Path jar = jar(folder);
        garbage(folder);
        assertAnswers(host(jar).jvmFlags("-Ddev.vaultcipher.library=" + library(folder.resolve("good"))).call(TEXT));
    }

    @Test
    public void theNamedFileHasNoFallBack() {
        Path jar = jar(folder);
        library(folder);
        Path garbage = garbage(folder.resolve("bad"));
        assertRefused(host(jar).jvmFlags("-Ddev.vaultcipher.library=" + garbage).call(TEXT), "The native library " + garbage
                + ", which the system property dev.vaultcipher.library names, cannot be loaded on this platform");
    }

    @Test
    public void theOneBesideTheJarComesBeforeTheOneInsideAndHasNoFallBack() {
        Path jar = jar(folder);
        Path garbage = garbage(folder);
        assertRefused(host(jar).call(TEXT), "The native library " + garbage + ", which lies beside the jar, cannot be loaded");
    }

    @Test
    public void theOneInsideTheJarComesBeforeTheLibraryPath() {
        garbage(folder.resolve("path"));
        assertAnswers(host(jar(folder)).jvmFlags("-Djava.library.path=" + folder.resolve("path")).call(TEXT));
    }

    @Test
    public void theJarIsFoundFromWhateverAddressAClassLoaderGives() {
        assertEquals(new File("/a b/x.jar"), NativeAccess.jar("file:/a%20b/x.jar"));
        assertEquals(new File("/a b/x.jar"), NativeAccess.jar("file:/a b/x.jar"));
        assertEquals(new File("/100%/x.jar"), NativeAccess.jar("file:/100%/x.jar"));
        assertEquals(new File("/ü 𝔘/x.jar"), NativeAccess.jar("file:///ü 𝔘/x.jar"));
        assertEquals(new File("/ü/x.jar"), NativeAccess.jar("file:/%C3%BC/x.jar"));
        assertEquals(new File("/a b/x.jar"), NativeAccess.jar("jar:file:/a%20b/x.jar!/"));
        assertEquals(new File("/x.jar"), NativeAccess.jar("jar:file:/x.jar!/dev/vaultcipher/Native.class"));
        assertNull(NativeAccess.jar("file:/build/classes/"));
        assertNull(NativeAccess.jar("war:file:/app.war*/WEB-INF/lib/x.jar"));
        assertNull(NativeAccess.jar("http://example.com/x.jar"));
    }
}
