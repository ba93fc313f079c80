package dev.vaultcipher.harness;

import dev.vaultcipher.VaultSecretStore;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * A fresh JVM of a test's own, for what one JVM has only once: environment variables, system properties that are read
 * at the start, the loaded library. No secret is ever in its argument list. Whatever it prints is searched for secrets
 * ({@link Canaries}) and for complaints of -Xcheck:jni, and its temporary folder must be empty in the end.
 *
 * <pre>
 * Outcome outcome = HostProcess.loading(VaultSecretStore.class.getName())
 *         .environment("SECRET_STORE_VAULT_TOKEN", token)
 *         .call(text);
 * assertEquals(Fixtures.sha256(value), outcome.calls.get(0).valueSha256);
 * </pre>
 */
public final class HostProcess {
    private static final long LIMIT_SECONDS = 120;

    private final Map<String, String> environment = new TreeMap<>();
    private final List<String> jvmFlags = new ArrayList<>();
    private final List<String> input = new ArrayList<>();
    private final String storeClass;
    private String javaBinary = Paths.get(System.getProperty("java.home"), "bin", "java").toString();
    private List<Path> classPath = List.of(testClasses(), apiStubs(), ourJar());

    private HostProcess(String storeClass) {
        this.storeClass = storeClass;
    }

    /** A JVM that loads a class by name as the vendor does, and calls it; see {@link #call}. */
    public static HostProcess loading(String storeClass) {
        return new HostProcess(storeClass);
    }

    /** A JVM for {@link #run}. */
    public static HostProcess plain() {
        return new HostProcess(null);
    }

    /** The folder (or jar) of the test classes, which holds the host harness as well. */
    public static Path testClasses() {
        return codeSource(HostProcess.class);
    }

    /** The jar with the vendor's two interfaces. */
    public static Path apiStubs() {
        return codeSource(com.atlassian.secrets.api.SecretStore.class);
    }

    /** The packaged jar that is under test. */
    public static Path ourJar() {
        return Fixtures.fromEnvironment("VAULT_CIPHER_JAR");
    }

    /** The jar or folder that this class was loaded from. */
    public static Path codeSource(Class<?> type) {
        try {
            return Paths.get(type.getProtectionDomain().getCodeSource().getLocation().toURI());
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    /**
     * Sets an environment variable of the JVM, or removes it when the value is null; the tests' own SECRET_STORE_…, VAULT_…,
     * BAO_… and proxy variables are never inherited. Unless a test says otherwise nothing is tried twice, so that a failure
     * takes no minute, and nothing that was read is reused, so that each call is one.
     */
    public HostProcess environment(String name, String value) {
        environment.put(name, value);
        return this;
    }

    /**
     * Sets a system property, or removes it when the value is null, before the texts that follow, without naming it on the
     * command line; only for call().
     */
    public HostProcess property(String name, String value) {
        input.add("property " + base64(name) + (value == null ? "" : ' ' + base64(value)));
        return this;
    }

    /** A text to resolve before those of call(), with the system properties that were set so far. */
    public HostProcess text(String text) {
        input.add("text " + base64(text));
        return this;
    }

    /** A text to store before what call() or store() do. */
    public HostProcess stored(String text) {
        input.add("store " + base64(text));
        return this;
    }

    /** A line for the standard input of run(). */
    public HostProcess stdin(String line) {
        input.add(line);
        return this;
    }

    /** Appends flags for the JVM. Nothing secret: everybody on the machine can read them. */
    public HostProcess jvmFlags(String... flags) {
        jvmFlags.addAll(Arrays.asList(flags));
        return this;
    }

    /** As the README says for JDK 24 and later, which warn of native libraries otherwise; earlier ones do not know the flag. */
    public HostProcess allowNativeAccess() {
        return Runtime.version().feature() < 24 ? this : jvmFlags("--enable-native-access=ALL-UNNAMED");
    }

    /** Another JDK or JRE than the one that runs the tests. */
    public HostProcess javaHome(Path javaHome) {
        javaBinary = javaHome.resolve("bin").resolve("java").toString();
        return this;
    }

    /** Replaces the class path: test classes, API stubs, our jar. */
    public HostProcess classPath(Path... entries) {
        classPath = List.of(entries);
        return this;
    }

    /**
     * Loads the class, makes one object and lets it resolve the texts one after the other, on one thread; all logging is
     * turned on, up to FINEST.
     */
    public Outcome call(String... texts) {
        for (String text : texts) {
            text(text);
        }
        return runCalls();
    }

    /** As call(), but lets the object store the texts; each may hold a secret. */
    public Outcome store(String... texts) {
        for (String text : texts) {
            stored(text);
        }
        return runCalls();
    }

    /** As store(), all texts at once, on a thread each. */
    public Outcome storeAtOnce(List<String> texts) {
        input.add("store-at-once " + texts.stream().map(HostProcess::base64).collect(Collectors.joining(" ")));
        return runCalls();
    }

    private Outcome runCalls() {
        jvmFlags.add("-Xcheck:jni");
        environment.put("RUST_LOG", "trace");
        environment.put("RUST_BACKTRACE", "full");
        input.add(0, "class " + base64(storeClass));
        return run(StoreCalls.class.getName());
    }

    /** Runs a main class to its end. */
    public Outcome run(String mainClass, String... arguments) {
        try (Cleanup cleanup = new Cleanup()) {
            Path folder = cleanup.folder("host");
            File stdout = folder.resolve("stdout").toFile();
            File stderr = folder.resolve("stderr").toFile();
            Path temporary = Files.createDirectory(folder.resolve("tmp"));
            jvmFlags.add(0, "-Djava.io.tmpdir=" + temporary);
            Process process = cleanup.start(
                    builder(mainClass, arguments).redirectOutput(stdout).redirectError(stderr));
            try (OutputStream stdin = process.getOutputStream()) {
                stdin.write(String.join("\n", input).getBytes(StandardCharsets.US_ASCII));
            } catch (IOException endedAlready) {
                // its exit code and its output say why
            }
            boolean ended = process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS);
            Fixtures.stop(process);
            Outcome outcome = new Outcome(process.exitValue(), text(stdout), text(stderr));
            if (!ended) {
                throw new AssertionError(mainClass + " did not end within " + LIMIT_SECONDS + " s\n" + outcome);
            }
            outcome.assertClean();
            String[] left = temporary.toFile().list();
            if (left == null || left.length > 0) {
                throw new AssertionError("files left in the temporary folder: " + Arrays.toString(left) + '\n' + outcome);
            }
            return outcome;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    /** The process as it would be started by run(), for a test that wants to do so itself. */
    public ProcessBuilder builder(String mainClass, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(javaBinary);
        // Of many JVMs that start at once, one may say on standard output that another has locked its file of counters.
        command.add("-XX:-UsePerfData");
        command.addAll(jvmFlags);
        command.add("-cp");
        command.add(classPath.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator)));
        command.add(mainClass);
        command.addAll(Arrays.asList(arguments));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().keySet().removeIf(name -> name.startsWith("SECRET_STORE_") || name.startsWith("VAULT_")
                || name.startsWith("BAO_") || name.matches("(AWS|GOOGLE|GCE|AZURE|IDENTITY)_.*") || name.toLowerCase(Locale.ROOT).endsWith("_proxy"));
        // Nobody's ~/.aws.
        builder.environment().put("HOME", "/nonexistent");
        builder.environment().put("VAULT_CLIENT_TIMEOUT", "0");
        builder.environment().put("SECRET_STORE_VAULT_CACHE_TIME", "0");
        environment.forEach((name, value) -> {
            if (value == null) {
                builder.environment().remove(name);
            } else {
                builder.environment().put(name, value);
            }
        });
        return builder;
    }

    /** What became of a JVM. */
    public static final class Outcome {
        public final int exitCode;
        public final String stdout;
        public final String stderr;
        /** What became of each text given to call(), in their order. */
        public final List<Call> calls = new ArrayList<>();

        public Outcome(int exitCode, String stdout, String stderr) {
            this.exitCode = exitCode;
            this.stdout = stdout;
            this.stderr = stderr;
            for (String line : stdout.split("\n")) {
                String[] words = line.split(" ", 3);
                if (words[0].equals("value") && words.length == 2) {
                    calls.add(new Call(words[1], null, null));
                } else if (words[0].equals("stored")) {
                    calls.add(new Call(line.substring(words[0].length() + 1)));
                } else if (words[0].equals("failure") && words.length == 3) {
                    calls.add(new Call(null, words[1], words[2]));
                }
            }
        }

        private void assertClean() {
            String output = toString();
            Canaries.assertNoneIn("the output of a JVM", output);
            if (output.contains("in native method") || output.contains("WARNING: JNI local refs")) {
                throw new AssertionError("-Xcheck:jni complains\n" + output);
            }
        }

        /** The only call. */
        public Call only() {
            if (exitCode != 0 || calls.size() != 1) {
                throw new AssertionError("expected one call and exit code 0\n" + this);
            }
            return calls.get(0);
        }

        @Override
        public String toString() {
            return "exit code " + exitCode + "\n--- stdout\n" + stdout + "--- stderr\n" + stderr;
        }
    }

    /** What became of one text: a value or a failure. */
    public static final class Call {
        /** SHA-256 of the value in hexadecimal digits, or null. */
        public final String valueSha256;
        /** Class of the exception, or null. */
        public final String failureClass;
        /** Message of the exception, or null; line breaks are written as {@code \n}, so that a test sees them. */
        public final String message;
        /** What store() or encrypt() returned, or null. */
        public final String storedText;

        public Call(String valueSha256, String failureClass, String message) {
            this.valueSha256 = valueSha256;
            this.failureClass = failureClass;
            this.message = message;
            this.storedText = null;
        }

        private Call(String storedText) {
            this.valueSha256 = null;
            this.failureClass = null;
            this.message = null;
            this.storedText = storedText;
        }

        @Override
        public String toString() {
            return failureClass != null ? failureClass + ": " + message : storedText == null ? "a value" : storedText;
        }
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String text(File file) throws IOException {
        return new String(Files.readAllBytes(file.toPath()), StandardCharsets.UTF_8);
    }
}
