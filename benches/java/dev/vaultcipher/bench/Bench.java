package dev.vaultcipher.bench;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * {@code make bench}: measures every contestant in identical conditions, interleaved, and writes benches/results.json, which
 * {@link Report} makes the pages from. What is measured how: docs/performance.md.
 *
 * <p>Environment: BENCH_LIMIT names the program of benches/limit.rs, BENCH_FLOOR the library of benches/floor.c, BENCH_ROUNDS how
 * many fresh processes of each contestant (20), BENCH_BUILD_SECONDS how long a clean build took, if that was measured.
 */
final class Bench {
    private static final int ROUNDS = Integer.parseInt(System.getenv().getOrDefault("BENCH_ROUNDS", "20"));
    private static final String LIBRARY = System.mapLibraryName("vault_cipher");
    private static final String OURS = "dev.vaultcipher.VaultSecretStore";
    private static final String SPRING = SpringStore.class.getName();
    private static final String KEPT = "-Dbench.keep=true";
    /** A JVM that grows by nothing of its own: its heap is resident from the start, and it compiles nothing. */
    private static final String[] STILL = {"-Xint", "-XX:+UseSerialGC", "-Xms32m", "-Xmx32m", "-XX:+AlwaysPreTouch"};
    /** Longer than anything is kept. */
    private static final long IDLE_MILLIS = 7_000;

    private static final String[] STEPS = {"loading the class", "loading the library", "the first read", "a second read"};

    private final BenchServers servers;
    private final Results results = new Results();
    private final long start = System.nanoTime();
    private final Path jarBeside;
    private final Contestant.Java ours;
    private final Contestant.Java inside;
    private final Contestant.Java springHost;
    private final Contestant.Java springNewest;
    private final Contestant.Java driver;
    private final Contestant.Java jdk;
    private final Contestant.Curl curl = new Contestant.Curl();
    private final Contestant.Floor floor;
    private final Contestant.Limit limit = new Contestant.Limit("limit", Paths.get(System.getenv("BENCH_LIMIT")), "stay");
    private final Contestant.Limit alone = new Contestant.Limit("alone", Paths.get(System.getenv("BENCH_LIMIT")), "library");

    private Bench(BenchServers servers) throws IOException {
        this.servers = servers;
        jarBeside = servers.installed(true);
        ours = new Contestant.Java("ours", OURS, jarBeside);
        inside = new Contestant.Java("inside", OURS, servers.installed(false));
        Path jar = servers.installed(false);
        floor = new Contestant.Floor(OURS, Files.copy(Paths.get(System.getenv("BENCH_FLOOR")), jar.resolveSibling(LIBRARY))
                .resolveSibling(jar.getFileName()));
        springHost = library("spring-host", SPRING);
        springNewest = library("spring-newest", SPRING);
        driver = library("driver", DriverStore.class.getName());
        jdk = new Contestant.Java("jdk", HttpClientStore.class.getName());
    }

    public static void main(String[] arguments) throws IOException, InterruptedException {
        try (BenchServers servers = new BenchServers()) {
            Bench bench = new Bench(servers);
            bench.measure();
            bench.write();
        }
    }

    private void measure() throws IOException, InterruptedException {
        facts();
        BenchServers.Server http = servers.http();
        BenchServers.Server https = servers.https();
        String jks = "-Djavax.net.ssl.trustStore=" + servers.trustStore("JKS");
        String[] p12 = {"-Djavax.net.ssl.trustStore=" + servers.trustStore("PKCS12"), "-Djavax.net.ssl.trustStorePassword=changeit"};
        results.facts.put("trusted", Integer.toString(servers.trusted()));
        List<Contestant> all = Arrays.asList(ours, inside, springHost, springNewest, driver, jdk, curl, limit);

        firstSecrets("first-http", with(floor, all), http);
        firstSecrets("first-jks", all, https, jks);
        firstSecrets("first-p12", Arrays.asList(ours, inside, springHost, jdk, limit), https, p12);
        steps("steps-http", ours, http);
        steps("steps-jks", ours, https, jks);
        steps("steps-inside", inside, http);
        tenProperties();
        List<Contestant.Java> kept = Arrays.asList(ours, springHost, springNewest, driver, jdk);
        warmReads("warm-http", kept, http);
        warmReads("warm-https", kept, https, jks);
        throughput(http);
        cachedReads(http);
        classes(http);
        footprint(http);
        sizes();
        countedRequests();
    }

    private void write() throws IOException {
        Path file = Paths.get("benches", "results.json");
        String build = System.getenv("BENCH_BUILD_SECONDS");
        if (build != null && !build.isEmpty()) {
            results.add("build", "ours", Double.parseDouble(build));
            results.facts.put("built", results.facts.get("date"));
        } else if (Files.exists(file)) {
            results.keep(Results.read(file), "build", "built");
        }
        results.write(file);
    }

    private void facts() throws IOException {
        Map<String, String> facts = results.facts;
        facts.put("date", LocalDate.now(ZoneOffset.UTC).toString());
        facts.put("rounds", Integer.toString(ROUNDS));
        String cpu = Files.readAllLines(Paths.get("/proc/cpuinfo")).stream().filter(line -> line.startsWith("model name"))
                .map(line -> line.replaceFirst(".*: ", "")).findFirst().orElse(System.getProperty("os.arch"));
        facts.put("machine", Runtime.getRuntime().availableProcessors() + " cores of " + cpu
                + (Files.readString(Paths.get("/proc/cpuinfo")).contains(" hypervisor") ? " (virtual machine)" : ""));
        facts.put("system", System.getProperty("os.name") + ' ' + System.getProperty("os.version"));
        facts.put("java", System.getProperty("java.vm.name") + ' ' + System.getProperty("java.vm.version"));
        facts.put("server", BenchServers.version());
        facts.put("ours", "vault-cipher " + System.getenv("BENCH_VERSION"));
        facts.put("spring-host", version("spring-host", "spring-vault-core") + " on " + version("spring-host", "spring-core"));
        facts.put("spring-newest", version("spring-newest", "spring-vault-core") + " on " + version("spring-newest", "spring-core"));
        facts.put("driver", version("driver", "vault-java-driver"));
        facts.put("curl", first(new ProcessBuilder("curl", "-q", "--version")).replaceFirst(" \\(.*?\\)", "").replaceFirst(" zlib.*", ""));
        facts.put("load", Files.readString(Paths.get("/proc/loadavg")).split(" ")[0]);
    }

    /** The version in the name of a jar. */
    private static String version(String library, String artifact) throws IOException {
        try (Stream<Path> jars = Files.list(libraries(library))) {
            String jar = jars.map(file -> file.getFileName().toString()).filter(name -> name.matches(artifact + "-\\d.*"))
                    .findFirst().orElseThrow(() -> new IOException(artifact + " is missing in " + libraries(library)));
            return jar.replace("-core", "").replaceFirst("\\.jar$", "").replaceFirst("-(?=\\d)", " ");
        }
    }

    private static Path libraries(String library) {
        return Paths.get("build", "bench-libs", library);
    }

    private static Contestant.Java library(String id, String store) throws IOException {
        try (Stream<Path> jars = Files.list(libraries(id))) {
            return new Contestant.Java(id, store, jars.sorted().toArray(Path[]::new));
        }
    }

    private void firstSecrets(String group, List<Contestant> contestants, BenchServers.Server server, String... flags)
            throws IOException {
        say(group + ": the first secret in " + ROUNDS + " fresh processes of each");
        for (int round = 0; round < ROUNDS; round++) {
            for (Contestant contestant : rotated(contestants, round)) {
                if (contestant instanceof Contestant.Java) {
                    Contestant.Java.First first = ((Contestant.Java) contestant).resolve(server, flags);
                    results.add(group, contestant.id, first.millis);
                    results.add(group + "-resident", contestant.id, first.residentMib);
                } else {
                    long begin = System.nanoTime();
                    results.add(group, contestant.id, contestant.first(server));
                    if (contestant == curl) {
                        results.add(group, "curl-process", (System.nanoTime() - begin) / 1e6);
                    }
                }
            }
        }
    }

    private static List<Contestant> with(Contestant another, List<Contestant> contestants) {
        List<Contestant> all = new ArrayList<>(contestants);
        all.add(another);
        return all;
    }

    /** Where the time of a first secret goes. */
    private void steps(String group, Contestant.Java contestant, BenchServers.Server server, String... flags) throws IOException {
        say(group + ": the parts of a first secret, in " + ROUNDS + " fresh processes");
        for (int round = 0; round < ROUNDS; round++) {
            ProcessBuilder jvm = contestant.jvm("dev.vaultcipher.Steps", Arrays.asList(flags), Collections.singletonList(server.text));
            jvm.environment().put("SECRET_STORE_VAULT_TOKEN", server.token);
            jvm.environment().put("SECRET_STORE_VAULT_CACHE_TIME", "0");
            String[] nanos = first(jvm).split(" ");
            for (int step = 0; step < STEPS.length; step++) {
                results.add(group, STEPS[step], Long.parseLong(nanos[step]) / 1e6);
            }
        }
    }

    private void tenProperties() throws IOException {
        say("ten: ten properties over three paths after a Kubernetes login, in " + ROUNDS + " fresh processes of each");
        for (int round = 0; round < ROUNDS; round++) {
            for (Contestant contestant : rotated(Arrays.asList(ours, springHost, springNewest), round)) {
                results.add("ten", contestant.id, ten((Contestant.Java) contestant));
            }
            results.add("ten", "spring-kept", ten(springHost, KEPT));
        }
    }

    private double ten(Contestant.Java contestant, String... flags) throws IOException {
        return contestant.resolve(Arrays.asList(flags), Arrays.asList(servers.kubernetesEnvironment()), servers.tenTexts()).millis;
    }

    /** Last, since the log that counts them costs time. */
    private void countedRequests() throws IOException {
        say("requests: the same, counted");
        servers.countRequests();
        int before = servers.requests();
        for (Contestant.Java contestant : Arrays.asList(ours, springHost, springNewest)) {
            ten(contestant);
            results.add("requests", contestant.id, servers.requests() - before);
            before = servers.requests();
        }
        ten(springHost, KEPT);
        results.add("requests", "spring-kept", servers.requests() - before);
    }

    private void warmReads(String group, List<Contestant.Java> contestants, BenchServers.Server server, String... flags)
            throws IOException {
        say(group + ": reads on a connection that is kept, " + ROUNDS + " times 100 of each");
        Map<String, Crew> crews = crews(contestants, server, flags);
        try {
            for (Crew crew : crews.values()) {
                crew.order("reads 1000");
            }
            for (int round = 0; round < ROUNDS; round++) {
                for (String id : rotated(new ArrayList<>(crews.keySet()), round)) {
                    results.add(group, id, crews.get(id).number("reads 100") / 1e3);
                }
                List<Double> millis = curl.requests(server, 101).subList(1, 101).stream().sorted().collect(Collectors.toList());
                results.add(group, "curl", millis.get(50) * 1e3);
            }
        } finally {
            crews.values().forEach(Crew::close);
        }
    }

    private void throughput(BenchServers.Server server) throws IOException {
        say("load: as many reads as get done with 1, 8 and 64 threads");
        Map<String, Crew> crews = crews(Arrays.asList(ours, springHost, jdk), server);
        try {
            for (Crew crew : crews.values()) {
                crew.order("load 8 3000");
            }
            for (int round = 0; round < Math.min(ROUNDS, 10); round++) {
                for (int threads : new int[] {1, 8, 64}) {
                    for (String id : rotated(new ArrayList<>(crews.keySet()), round)) {
                        results.add("load-" + threads, id, crews.get(id).number("load " + threads + " 500"));
                    }
                }
            }
        } finally {
            crews.values().forEach(Crew::close);
        }
    }

    /** Processes that read as often as they are told, without a cache; the limit and the HTTP library alone among them. */
    private Map<String, Crew> crews(List<Contestant.Java> contestants, BenchServers.Server server, String... flags) throws IOException {
        Map<String, Crew> crews = new LinkedHashMap<>();
        List<Contestant> all = new ArrayList<>(contestants);
        all.add(alone);
        all.add(limit);
        for (Contestant contestant : all) {
            ProcessBuilder worker = contestant.worker(server, flags);
            worker.environment().put("SECRET_STORE_VAULT_CACHE_TIME", "0");
            crews.put(contestant.id, new Crew(servers, worker));
        }
        return crews;
    }

    private void cachedReads(BenchServers.Server server) throws IOException {
        say("cached: reads of a secret that was read just now, and calls that find nothing to do");
        try (Crew crew = new Crew(servers, ours.worker(server))) {
            crew.order("reads 100000");
            for (int round = 0; round < ROUNDS; round++) {
                results.add("cached", "ours", crew.number("reads 10000") / 1e3);
            }
        }
        ProcessBuilder crossing = ours.jvm("dev.vaultcipher.Crossing", Collections.emptyList(),
                Collections.singletonList(Integer.toString(ROUNDS)));
        for (String nanos : first(crossing).split(" ")) {
            results.add("cached", "crossing", Double.parseDouble(nanos) / 1e3);
        }
    }

    /** Classes that the first secret took, and how many of them are the contestant's own. */
    private void classes(BenchServers.Server server) throws IOException {
        say("classes: those that the first secret loads");
        Path log = servers.folder("classes").resolve("log");
        for (Contestant.Java contestant : Arrays.asList(ours, inside, springHost, springNewest, driver, jdk)) {
            contestant.resolve(server, "-Xlog:class+load=info:file=" + log + ":none");
            List<String> loaded = Files.readAllLines(log, StandardCharsets.ISO_8859_1).stream()
                    .map(line -> line.split(" ")[0]).collect(Collectors.toList());
            loaded = loaded.subList(loaded.indexOf(FirstSecret.Begin.class.getName()) + 1,
                    loaded.indexOf(FirstSecret.End.class.getName()));
            results.add("classes", contestant.id, loaded.size());
            results.add("classes-own", contestant.id, loaded.stream().filter(name -> name.startsWith("dev.vaultcipher.")
                    && !name.startsWith("dev.vaultcipher.bench.")).count());
            Files.delete(log);
        }
    }

    private void footprint(BenchServers.Server server) throws IOException, InterruptedException {
        say("footprint: what is left after the first secret, after a million calls, and when it was idle");
        try (Crew crew = new Crew(servers, ours.worker(server, STILL))) {
            crew.order("state"); // loads what a look needs
            State fresh = new State(crew);
            crew.order("calls 1");
            State first = new State(crew);
            results.add("left-threads", "after the first secret", first.threadsSince(fresh));
            results.add("left-descriptors", "after the first secret", first.descriptors - fresh.descriptors);
            crew.order("calls " + System.getenv().getOrDefault("BENCH_CALLS", "1000000"));
            State many = new State(crew);
            results.add("grown-resident", "first secret", first.residentMib - fresh.residentMib);
            results.add("grown-resident", "a million cached reads", many.residentMib - first.residentMib);
            results.add("grown-heap", "first secret", first.heapMib - fresh.heapMib);
            results.add("grown-heap", "a million cached reads", many.heapMib - first.heapMib);
            Thread.sleep(IDLE_MILLIS);
            State idle = new State(crew);
            results.add("left-threads", "when idle", idle.threadsSince(fresh));
            results.add("left-descriptors", "when idle", idle.descriptors - fresh.descriptors);
        }
        ProcessBuilder uncached = ours.worker(server, STILL);
        uncached.environment().put("SECRET_STORE_VAULT_CACHE_TIME", "0");
        try (Crew crew = new Crew(servers, uncached)) {
            crew.order("state");
            crew.order("calls 1");
            State first = new State(crew);
            crew.order("calls 20000");
            State many = new State(crew);
            results.add("grown-resident", "20,000 reads without the cache", many.residentMib - first.residentMib);
            results.add("grown-heap", "20,000 reads without the cache", many.heapMib - first.heapMib);
        }
    }

    /** What a worker says of itself. */
    private static final class State {
        final double residentMib;
        final double heapMib;
        final int descriptors;
        private final Set<String> threads;

        State(Crew crew) throws IOException {
            String[] words = crew.order("state").split(" ");
            residentMib = Long.parseLong(words[0]) / 1024.0;
            heapMib = Long.parseLong(words[1]) / 1024.0;
            descriptors = Integer.parseInt(words[2]);
            threads = new LinkedHashSet<>(Arrays.asList(words).subList(3, words.length));
        }

        int threadsSince(State earlier) {
            Set<String> left = new LinkedHashSet<>(threads);
            left.removeAll(earlier.threads);
            return left.size();
        }
    }

    private void sizes() throws IOException {
        results.add("size", "library", Files.size(jarBeside.resolveSibling(LIBRARY)) / 1048576.0);
        results.add("size", "jar", Files.size(jarBeside) / 1048576.0);
    }

    /** Another order in each round: nobody is always the one after the slowest. */
    private static <T> List<T> rotated(List<T> list, int by) {
        List<T> rotated = new ArrayList<>(list);
        Collections.rotate(rotated, by);
        return rotated;
    }

    private static String first(ProcessBuilder process) throws IOException {
        return Contestant.output(process.redirectError(new File("/dev/null")).start());
    }

    private void say(String what) {
        System.err.printf("%4d s  %s%n", (System.nanoTime() - start) / 1_000_000_000, what);
    }
}
