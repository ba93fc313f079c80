package dev.vaultcipher.harness;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The memory of another process of the same user, as Linux shows it: what it holds of some secrets. */
public final class ProcessMemory {
    private static final int CHUNK = 1 << 20;
    /** A piece of a secret: long enough that none is found by accident, short enough that half a secret is found. */
    private static final int PIECE = 12;

    private final Path folder;

    public ProcessMemory(long pid) {
        folder = Paths.get("/proc", Long.toString(pid));
    }

    /** Where a piece of a secret stands. */
    public static final class Find {
        /** The name of the secret. */
        public final String secret;
        public final long address;
        /** What /proc/PID/maps says of the region. */
        public final String region;
        /** The bytes before it, printable ones as they are. */
        public final String before;

        private Find(String secret, long address, String region, String before) {
            this.secret = secret;
            this.address = address;
            this.region = region;
            this.before = before;
        }

        @Override
        public String toString() {
            return secret + " at " + Long.toHexString(address) + " in [" + region + "] after \"" + before + '"';
        }
    }

    /**
     * Each place outside of these addresses that holds a piece of a secret: its beginning, its middle or its end, for what is freed
     * loses its first bytes. Pieces that are next to each other are one find.
     */
    public List<Find> search(Map<String, byte[]> secrets, long notFrom, long notTo) {
        Map<Long, List<Piece>> pieces = new HashMap<>();
        secrets.forEach((name, secret) -> {
            if (secret.length < PIECE) {
                throw new IllegalArgumentException(name + " is too short to be looked for");
            }
            for (int at : new int[] {0, (secret.length - PIECE) / 2, secret.length - PIECE}) {
                byte[] bytes = Arrays.copyOfRange(secret, at, at + PIECE);
                pieces.computeIfAbsent(first(bytes, 0), key -> new ArrayList<>()).add(new Piece(name, at, bytes));
            }
        });
        List<Find> finds = new ArrayList<>();
        try (RandomAccessFile memory = new RandomAccessFile(folder.resolve("mem").toFile(), "r")) {
            for (String line : Files.readAllLines(folder.resolve("maps"))) {
                String[] words = line.split("\\s+", 6);
                String[] range = words[0].split("-");
                long from = Long.parseUnsignedLong(range[0], 16);
                long to = Long.parseUnsignedLong(range[1], 16);
                boolean left = from >= notFrom && to <= notTo || line.contains("[v");
                if (words[1].startsWith("r") && !left) {
                    search(memory, from, to, words[1] + ' ' + (words.length > 5 ? words[5] : ""), pieces, finds);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return finds;
    }

    private static final class Piece {
        private final String secret;
        private final int at;
        private final byte[] bytes;

        private Piece(String secret, int at, byte[] bytes) {
            this.secret = secret;
            this.at = at;
            this.bytes = bytes;
        }
    }

    private static void search(RandomAccessFile memory, long from, long to, String region, Map<Long, List<Piece>> pieces,
            List<Find> finds) {
        // A few bits of the first eight bytes rule out nearly every place.
        boolean[] likely = new boolean[1 << 16];
        pieces.keySet().forEach(key -> likely[hash(key)] = true);
        byte[] bytes = new byte[CHUNK + PIECE + 64];
        Map<String, Long> last = new HashMap<>();
        for (long start = from; start < to; start += CHUNK) {
            int length;
            try {
                memory.seek(start);
                length = memory.read(bytes, 0, (int) Math.min(bytes.length, to - start));
            } catch (IOException notThere) {
                continue;
            }
            long window = 0;
            for (int i = 0; i < length; i++) {
                window = window << 8 | bytes[i] & 0xff;
                if (i < 7 || !likely[hash(window)] || i - 7 >= CHUNK) {
                    continue;
                }
                int at = i - 7;
                for (Piece piece : pieces.getOrDefault(window, List.of())) {
                    if (at + PIECE <= length && Arrays.equals(piece.bytes, Arrays.copyOfRange(bytes, at, at + PIECE))) {
                        long begin = start + at - piece.at;
                        if (!Long.valueOf(begin).equals(last.put(piece.secret, begin))) {
                            finds.add(new Find(piece.secret, begin, region, printable(bytes, at)));
                        }
                    }
                }
            }
        }
    }

    private static int hash(long window) {
        return (int) ((window * 0x9E3779B97F4A7C15L) >>> 48);
    }

    private static long first(byte[] bytes, int at) {
        long window = 0;
        for (int i = 0; i < 8; i++) {
            window = window << 8 | bytes[at + i] & 0xff;
        }
        return window;
    }

    private static String printable(byte[] bytes, int end) {
        String before = new String(bytes, Math.max(0, end - 40), Math.min(40, end), StandardCharsets.ISO_8859_1);
        return before.replaceAll("[^ -~]", ".");
    }
}
