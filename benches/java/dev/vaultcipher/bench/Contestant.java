package dev.vaultcipher.bench;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;

/** One way to read a secret: how its processes are started, and what they print. */
abstract class Contestant {
    final String id;

    private Contestant(String id) {
        this.id = id;
    }

    /** The first secret of a fresh process, in milliseconds. */
    abstract double first(BenchServers.Server server, String... jvmFlags) throws IOException;

    /** A process that stays and takes the orders of {@link Worker}. */
    abstract ProcessBuilder worker(BenchServers.Server server, String... jvmFlags);

    /** A store in a JVM. */
    static class Java extends Contestant {
        private static final String JAVA = Paths.get(System.getProperty("java.home"), "bin", "java").toString();
        private final String store;
        private final String classPath;

        Java(String id, String store, Path... classPath) {
            super(id);
            this.store = store;
            List<Path> all = new ArrayList<>(Arrays.asList(Paths.get("build/classes/java/bench"), BenchServers.hostInterfaces()));
            Collections.addAll(all, classPath);
            this.classPath = all.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator));
        }

        /** What a fresh JVM took to resolve some texts. */
        static final class First {
            final double millis;
            final double residentMib;

            private First(String line) {
                String[] words = line.split(" ");
                if (!words[2].equals(BenchServers.fingerprint())) {
                    throw new IllegalStateException("a wrong value");
                }
                millis = Long.parseLong(words[0]) / 1e6;
                residentMib = Long.parseLong(words[1]) / 1024.0;
            }
        }

        First resolve(List<String> jvmFlags, List<String> environment, List<String> texts) throws IOException {
            List<String> arguments = new ArrayList<>(Collections.singletonList(store));
            arguments.addAll(texts);
            ProcessBuilder jvm = jvm(FirstSecret.class.getName(), jvmFlags, arguments);
            for (int i = 0; i < environment.size(); i += 2) {
                jvm.environment().put(environment.get(i), environment.get(i + 1));
            }
            return new First(output(jvm.redirectError(Redirect.INHERIT).start()));
        }

        First resolve(BenchServers.Server server, String... jvmFlags) throws IOException {
            return resolve(Arrays.asList(jvmFlags), Arrays.asList("SECRET_STORE_VAULT_TOKEN", server.token),
                    Collections.singletonList(text(server)));
        }

        /** What the store is asked to resolve. */
        String text(BenchServers.Server server) {
            return server.text;
        }

        @Override
        double first(BenchServers.Server server, String... jvmFlags) throws IOException {
            return resolve(server, jvmFlags).millis;
        }

        @Override
        ProcessBuilder worker(BenchServers.Server server, String... jvmFlags) {
            List<String> flags = new ArrayList<>(Arrays.asList(jvmFlags));
            flags.add("-Dbench.keep=true");
            ProcessBuilder jvm = jvm(Worker.class.getName(), flags, Arrays.asList(store, server.text));
            jvm.environment().put("SECRET_STORE_VAULT_TOKEN", server.token);
            return jvm;
        }

        ProcessBuilder jvm(String mainClass, List<String> flags, List<String> arguments) {
            List<String> command = new ArrayList<>(Collections.singletonList(JAVA));
            command.addAll(flags);
            Collections.addAll(command, "-cp", classPath, mainClass);
            command.addAll(arguments);
            return clean(new ProcessBuilder(command));
        }
    }

    /** Our Java with benches/floor.c beside the jar, which takes a URL. */
    static final class Floor extends Java {
        Floor(String store, Path jar) {
            super("floor", store, jar);
        }

        @Override
        String text(BenchServers.Server server) {
            return server.address + server.path;
        }
    }

    /** benches/limit.rs: a bare socket, or the HTTP library alone. */
    static final class Limit extends Contestant {
        private final Path program;
        private final String verb;

        Limit(String id, Path program, String verb) {
            super(id);
            this.program = program;
            this.verb = verb;
        }

        @Override
        double first(BenchServers.Server server, String... jvmFlags) throws IOException {
            return Long.parseLong(output(process("first", server).redirectError(Redirect.INHERIT).start())) / 1e6;
        }

        @Override
        ProcessBuilder worker(BenchServers.Server server, String... jvmFlags) {
            return process(verb, server);
        }

        private ProcessBuilder process(String verb, BenchServers.Server server) {
            List<String> command = new ArrayList<>(
                    Arrays.asList(program.toString(), verb, server.address.replaceFirst("https?://", ""), server.path));
            if (server.ca != null) {
                command.add(server.ca.toString());
            }
            ProcessBuilder process = clean(new ProcessBuilder(command));
            process.environment().put("SECRET_STORE_VAULT_TOKEN", server.token);
            return process;
        }
    }

    /** curl, by its own clock; several requests of one process share a connection. */
    static final class Curl extends Contestant {
        Curl() {
            super("curl");
        }

        @Override
        double first(BenchServers.Server server, String... jvmFlags) throws IOException {
            return requests(server, 1).get(0);
        }

        @Override
        ProcessBuilder worker(BenchServers.Server server, String... jvmFlags) {
            throw new UnsupportedOperationException();
        }

        /** The milliseconds of so many requests, one after the other. */
        List<Double> requests(BenchServers.Server server, int count) throws IOException {
            StringBuilder configuration = new StringBuilder("silent\nnoproxy = \"*\"\nhttp1.1\nwrite-out = \"%{stderr}%{time_total} %{http_code}\\n\"\n")
                    .append("header = \"X-Vault-Token: ").append(server.token).append("\"\n");
            if (server.ca != null) {
                configuration.append("cacert = \"").append(server.ca).append("\"\n");
            }
            for (int i = 0; i < count; i++) {
                configuration.append("url = \"").append(server.address).append(server.path).append("\"\n");
            }
            Process curl = clean(new ProcessBuilder("curl", "-q", "-K", "-")).redirectOutput(Redirect.DISCARD).start();
            // Not an argument: everybody on the machine could read the token there.
            try (OutputStream in = curl.getOutputStream()) {
                in.write(configuration.toString().getBytes(StandardCharsets.US_ASCII));
            }
            List<Double> millis = new ArrayList<>();
            for (String line : new String(curl.getErrorStream().readAllBytes(), StandardCharsets.US_ASCII).split("\n")) {
                if (!line.endsWith(" 200")) {
                    throw new IllegalStateException("curl: " + line);
                }
                millis.add(Double.parseDouble(line.split(" ")[0]) * 1e3);
            }
            return millis;
        }
    }

    private static ProcessBuilder clean(ProcessBuilder process) {
        process.environment().keySet().removeIf(name -> name.startsWith("SECRET_STORE_") || name.startsWith("VAULT_")
                || name.startsWith("BAO_") || name.toLowerCase(java.util.Locale.ROOT).endsWith("_proxy") || name.contains("JAVA"));
        return process;
    }

    /** The only line that a process prints; fails unless it ends well. */
    static String output(Process process) throws IOException {
        process.getOutputStream().close();
        try (BufferedReader out = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII))) {
            String line = out.readLine();
            if (process.waitFor() != 0 || line == null) {
                throw new IOException("a contestant failed, see above");
            }
            return line;
        } catch (InterruptedException e) {
            process.destroy();
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }
}
