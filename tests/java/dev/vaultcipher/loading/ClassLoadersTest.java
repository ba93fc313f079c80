package dev.vaultcipher.loading;

import static dev.vaultcipher.harness.Installation.TEXT;
import static dev.vaultcipher.harness.Installation.assertAnswers;
import static dev.vaultcipher.harness.Installation.assertSays;
import static dev.vaultcipher.harness.Installation.jar;
import static dev.vaultcipher.harness.Installation.jarWithoutLibrary;
import static dev.vaultcipher.harness.Installation.library;
import static dev.vaultcipher.harness.Installation.webApplication;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNotNull;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertSame;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.VaultCipher;
import dev.vaultcipher.VaultSecretStore;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.Installation;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.ref.WeakReference;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.After;
import org.junit.Before;
import org.junit.Test;


/** Web applications: several at once, redeployed, stopped, and with class loaders of all kinds. */
public class ClassLoadersTest {
    private static final int REDEPLOYMENTS = 20;

    private Path folder;

    @Before
    public void makeFolder() throws IOException {
        folder = Fixtures.temporaryFolder("loaders");
        Files.createDirectory(folder.resolve("tmp"));
        System.setProperty("dev.vaultcipher.tmpdir", folder.resolve("tmp").toString());
    }

    @After
    public void deleteFolder() {
        System.clearProperty("dev.vaultcipher.tmpdir");
        System.clearProperty("dev.vaultcipher.library");
        Fixtures.delete(folder);
    }

    @Test
    public void twoAtOnceWithTheLibraryInsideTheJar() throws IOException {
        assertTwoAtOnce(jar(folder));
    }

    @Test
    public void twoAtOnceWithTheLibraryBesideTheJar() throws IOException {
        Path jar = jarWithoutLibrary(folder);
        library(folder);
        assertTwoAtOnce(jar);
    }

    @Test
    public void twoAtOnceWithTheLibraryNamed() throws IOException {
        System.setProperty("dev.vaultcipher.library", library(folder.resolve("named")).toString());
        assertTwoAtOnce(jarWithoutLibrary(folder));
    }

    @Test
    public void twoAtOnceWithTheLibraryOnTheLibraryPath() throws IOException {
        String before = System.getProperty("java.library.path");
        System.setProperty("java.library.path", library(folder.resolve("path")).getParent().toString());
        try {
            assertTwoAtOnce(jarWithoutLibrary(folder));
        } finally {
            System.setProperty("java.library.path", before);
        }
    }

    private void assertTwoAtOnce(Path jar) throws IOException {
        try (URLClassLoader first = webApplication(jar, HostProcess.apiStubs());
                URLClassLoader second = webApplication(jar, HostProcess.apiStubs())) {
            assertAnswers(first);
            assertAnswers(second);
            assertAnswers(first);
        }
        assertEquals(Collections.emptyList(), Installation.content(folder.resolve("tmp")));
    }

    @Test
    public void redeployedManyTimesAndEveryClassLoaderIsCollected() throws Exception {
        Path jar = jarWithoutLibrary(folder);
        library(folder);
        List<WeakReference<ClassLoader>> loaders = new ArrayList<>();
        for (int i = 0; i < REDEPLOYMENTS; i++) {
            loaders.add(deployAndStop(jar));
        }
        for (WeakReference<ClassLoader> loader : loaders) {
            awaitCollected(loader);
        }
        assertEquals(Collections.emptyList(), Installation.content(folder.resolve("tmp")));
    }

    private static void awaitCollected(WeakReference<ClassLoader> loader) {
        assertTrue("a class loader is still held", Fixtures.until(30, () -> {
            System.gc();
            return loader.get() == null;
        }));
    }

    private static WeakReference<ClassLoader> deployAndStop(Path jar) throws IOException {
        try (URLClassLoader loader = webApplication(jar, HostProcess.apiStubs())) {
            assertAnswers(loader);
            return new WeakReference<>(loader);
        }
    }

    /**
     * When its class loader is collected, the JVM unloads the library. Threads that were in it live on, with thread-local
     * data of Rust's and of the TLS library's that is cleaned up when they end.
     */
    @Test
    public void threadsThatUsedAnUnloadedLibraryEndInPeace() {
        Path jar = jarWithoutLibrary(folder);
        library(folder);
        assertSays("ended in peace", Installation.run(jar, Unloading.class, HostProcess.apiStubs().toString(), jar.toString()));
    }

    static final class Unloading {
        public static void main(String[] arguments) throws Exception {
            System.setProperty("secret.store.vault.token", "none");
            ServerSocket peer = new ServerSocket(0, 10, InetAddress.getByName("127.0.0.1"));
            Thread hangUp = new Thread(() -> closeEveryConnection(peer));
            hangUp.setDaemon(true);
            hangUp.start();
            String text = "{\"mount\":\"a\",\"path\":\"b\",\"key\":\"c\",\"endpoint\":\"https://localhost:"
                    + peer.getLocalPort() + "\"}";

            ExecutorService everLiving = Executors.newFixedThreadPool(2);
            for (int round = 0; round < 5; round++) {
                ExecutorService ending = Executors.newFixedThreadPool(2);
                WeakReference<ClassLoader> loader =
                        callFrom(Arrays.asList(everLiving, ending), text, Paths.get(arguments[0]), Paths.get(arguments[1]));
                awaitCollected(loader);
                ending.shutdown();
                assertTrue(ending.awaitTermination(10, TimeUnit.SECONDS));
            }
            everLiving.shutdown();
            assertTrue(everLiving.awaitTermination(10, TimeUnit.SECONDS));
            System.out.println("ended in peace");
        }

        private static WeakReference<ClassLoader> callFrom(List<ExecutorService> threads, String text, Path... jars)
                throws Exception {
            try (URLClassLoader loader = webApplication(jars)) {
                for (ExecutorService thread : threads) {
                    String message = thread.submit(() -> Installation.failure(
                            loader, VaultCipher.class.getName(), "decrypt", text).getMessage()).get();
                    assertTrue(message, message.contains("https://localhost:"));
                }
                return new WeakReference<>(loader);
            }
        }

        private static void closeEveryConnection(ServerSocket peer) {
            byte[] hello = new byte[4096];
            while (true) {
                try (Socket connection = peer.accept()) {
                    assertTrue(connection.getInputStream().read(hello) > 0);
                } catch (IOException e) {
                    return;
                }
            }
        }
    }

    @Test
    public void aStoppedApplicationsObjectStillAnswers() throws IOException {
        URLClassLoader loader = webApplication(jar(folder), HostProcess.apiStubs());
        assertAnswers(loader);
        loader.close();
        assertAnswers(loader);
    }

    @Test
    public void theContractsMayLieInAParent() throws IOException {
        try (URLClassLoader host = webApplication(HostProcess.apiStubs());
                URLClassLoader loader = webApplication(host, jar(folder))) {
            assertAnswers(loader);
            Throwable failure = Installation.failure(loader, VaultSecretStore.class.getName(), "get", TEXT);
            assertSame("the host's own exception", host, failure.getClass().getClassLoader());
        }
    }

    @Test
    public void aHostThatKnowsOnlyTheOldContractCanUseTheCipher() throws IOException {
        Path api = folder.resolve("old-api");
        String cipher = "com/atlassian/db/config/password/Cipher.class";
        Files.createDirectories(api.resolve(cipher).getParent());
        try (URLClassLoader stubs = webApplication(HostProcess.apiStubs());
                InputStream bytes = stubs.getResourceAsStream(cipher)) {
            Files.copy(bytes, api.resolve(cipher));
        }
        try (URLClassLoader loader = webApplication(jar(folder), api)) {
            for (String method : new String[] {"decrypt", "encrypt"}) {
                Throwable failure = Installation.failure(loader, VaultCipher.class.getName(), method, TEXT);
                assertSame(IllegalStateException.class, failure.getClass());
                assertTrue(failure.getMessage(), failure.getMessage().contains("\"endpoint\" is missing"));
            }
        }
    }

    /** In a JVM of its own, since it was seen to crash while Rust looked classes up, which goes through this class loader. */
    @Test
    public void aContextClassLoaderThatRefusesEverythingIsFine() {
        assertSays("answered twice", Installation.run(jar(folder), HostileContext.class));
    }

    static final class HostileContext {
        public static void main(String[] arguments) {
            ClassLoader stopped = new ClassLoader(null) {
                @Override
                protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
                    throw new ClassNotFoundException("stopped: " + name);
                }
            };
            Thread.currentThread().setContextClassLoader(stopped);
            assertAnswers(HostileContext.class.getClassLoader());
            assertSame(stopped, Thread.currentThread().getContextClassLoader());
            Thread.currentThread().setContextClassLoader(null);
            assertAnswers(HostileContext.class.getClassLoader());
            assertNull(Thread.currentThread().getContextClassLoader());
            System.out.println("answered twice");
        }
    }

    @Test
    public void aClassLoaderWithoutJarFileWillDoAndTheCopyIsPrivateWhileItLoads() throws IOException {
        List<String> seen = new ArrayList<>();
        try (URLClassLoader files = webApplication(jar(folder), HostProcess.apiStubs())) {
            assertAnswers(new FromMemory(files, () -> seen.add(lookAtTheCopy())));
        }
        assertEquals(Collections.singletonList("rwx------ " + Installation.LIBRARY), seen);
        assertEquals(Collections.emptyList(), Installation.content(folder.resolve("tmp")));
    }

    private String lookAtTheCopy() {
        List<String> directories = Installation.content(folder.resolve("tmp"));
        assertEquals(directories.toString(), 1, directories.size());
        Path directory = folder.resolve("tmp").resolve(directories.get(0));
        try (Stream<Path> inside = Files.walk(directory).filter(Files::isRegularFile)) {
            return PosixFilePermissions.toString(Files.getPosixFilePermissions(directory)) + ' '
                    + inside.map(file -> directory.relativize(file).toString()).collect(Collectors.joining(" "));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** Defines classes without saying where they come from, as some servers do. */
    private static final class FromMemory extends ClassLoader {
        private final ClassLoader files;
        private final Runnable beforeTheLibraryIsRead;

        FromMemory(ClassLoader files, Runnable beforeTheLibraryIsRead) {
            super(null);
            this.files = files;
            this.beforeTheLibraryIsRead = beforeTheLibraryIsRead;
        }

        @Override
        protected Class<?> findClass(String name) throws ClassNotFoundException {
            try (InputStream in = files.getResourceAsStream(name.replace('.', '/') + ".class")) {
                assertNotNull(name, in);
                byte[] bytes = in.readAllBytes();
                return defineClass(name, bytes, 0, bytes.length);
            } catch (IOException e) {
                throw new ClassNotFoundException(name, e);
            }
        }

        @Override
        public URL getResource(String name) {
            return null;
        }

        @Override
        public InputStream getResourceAsStream(String name) {
            InputStream in = files.getResourceAsStream(name);
            return in == null ? null : new FilterInputStream(in) {
                private boolean started;

                @Override
                public int read(byte[] buffer, int offset, int length) throws IOException {
                    if (!started) {
                        started = true;
                        beforeTheLibraryIsRead.run();
                    }
                    return super.read(buffer, offset, length);
                }
            };
        }
    }
}
