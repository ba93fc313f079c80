package dev.vaultcipher.bench;

import dev.vaultcipher.harness.Installation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * {@code benches/run.sh --profiles}: our jar, built in several ways, measured in turns in one run. Arguments: the jars, each named
 * after how it was built. Prints the table of docs/size.md: the library's bytes, and medians as ratios to the first jar's. A ratio
 * of throughput is above 1 where more reads get done; all others are below 1 where it is faster.
 */
final class Profiles {
    private static final int ROUNDS = Integer.parseInt(System.getenv().getOrDefault("BENCH_ROUNDS", "20"));
    private static final String STORE = "dev.vaultcipher.VaultSecretStore";
    private static final int[] THREADS = {1, 8, 64};

    private final Map<String, Map<String, List<Double>>> measured = new LinkedHashMap<>();
    private final List<Contestant.Java> beside = new ArrayList<>();
    private final List<Contestant.Java> inside = new ArrayList<>();
    private final BenchServers servers;

    private Profiles(BenchServers servers, String[] jars) throws IOException {
        this.servers = servers;
        for (String jar : jars) {
            String id = Paths.get(jar).getFileName().toString().replaceFirst("\\.jar$", "");
            Path folder = servers.folder("profile-" + id);
            Path copy = Files.copy(Paths.get(jar), Files.createDirectories(folder.resolve("inside")).resolve("vault-cipher.jar"));
            inside.add(new Contestant.Java(id, STORE, copy));
            copy = Files.copy(copy, Files.createDirectories(folder.resolve("beside")).resolve("vault-cipher.jar"));
            try (ZipFile zip = new ZipFile(copy.toFile())) {
                ZipEntry library = zip.getEntry(Installation.libraryEntry());
                Files.copy(zip.getInputStream(library), copy.resolveSibling(Installation.LIBRARY));
                add("bytes of the library", id, library.getSize());
            }
            beside.add(new Contestant.Java(id, STORE, copy));
        }
    }

    public static void main(String[] jars) throws IOException {
        try (BenchServers servers = new BenchServers()) {
            Profiles profiles = new Profiles(servers, jars);
            profiles.measure();
            profiles.print();
        }
    }

    private void measure() throws IOException {
        BenchServers.Server http = servers.http();
        BenchServers.Server https = servers.https();
        String jks = "-Djavax.net.ssl.trustStore=" + servers.trustStore("JKS");
        for (int round = 0; round < ROUNDS; round++) {
            for (int i : order(round)) {
                first("first secret, HTTP, beside the jar", beside.get(i), http);
                first("first secret, HTTP, inside the jar", inside.get(i), http);
                first("first secret, HTTPS, beside the jar", beside.get(i), https, jks);
                first("first secret, HTTPS, inside the jar", inside.get(i), https, jks);
            }
        }
        warm("warm read, HTTP", http);
        warm("warm read, HTTPS", https, jks);
    }

    private void first(String what, Contestant.Java contestant, BenchServers.Server server, String... flags) throws IOException {
        add(what, contestant.id, contestant.first(server, flags));
    }

    private void warm(String what, BenchServers.Server server, String... flags) throws IOException {
        List<Crew> crews = new ArrayList<>();
        try {
            for (Contestant.Java contestant : beside) {
                ProcessBuilder worker = contestant.worker(server, flags);
                worker.environment().put("SECRET_STORE_VAULT_CACHE_TIME", "0");
                crews.add(new Crew(servers, worker));
                crews.get(crews.size() - 1).order("reads 1000");
            }
            for (int round = 0; round < ROUNDS; round++) {
                for (int i : order(round)) {
                    add(what, beside.get(i).id, crews.get(i).number("reads 100"));
                }
            }
            for (int round = 0; flags.length == 0 && round < Math.min(ROUNDS, 10); round++) {
                for (int threads : THREADS) {
                    for (int i : order(round)) {
                        add("throughput, threads: " + threads, beside.get(i).id, crews.get(i).number("load " + threads + " 500"));
                    }
                }
            }
        } finally {
            crews.forEach(Crew::close);
        }
    }

    /** Another one is the first in each round. */
    private List<Integer> order(int round) {
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < beside.size(); i++) {
            order.add(i);
        }
        Collections.rotate(order, round);
        return order;
    }

    private void add(String what, String id, double sample) {
        measured.computeIfAbsent(what, none -> new LinkedHashMap<>()).computeIfAbsent(id, none -> new ArrayList<>()).add(sample);
    }

    private void print() {
        List<String> ids = beside.stream().map(contestant -> contestant.id).collect(Collectors.toList());
        System.out.println("| | " + String.join(" | ", ids) + " |\n|---" + "|---".repeat(ids.size()) + '|');
        measured.forEach((what, samples) -> {
            double reference = median(samples.get(ids.get(0)));
            boolean bytes = what.startsWith("bytes");
            System.out.println("| " + what + " | " + ids.stream().map(id -> median(samples.get(id)))
                    .map(median -> String.format(Locale.ROOT, bytes ? "%,.0f" : "%.2f", bytes ? median : median / reference))
                    .collect(Collectors.joining(" | ")) + " |");
        });
    }

    private static double median(List<Double> samples) {
        List<Double> sorted = new ArrayList<>(samples);
        Collections.sort(sorted);
        return sorted.get(sorted.size() / 2);
    }
}
