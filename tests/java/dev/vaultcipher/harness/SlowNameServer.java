package dev.vaultcipher.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * A name server that answers questions for IPv4 addresses (with 127.0.0.1, whatever the name) and drops those for IPv6 addresses, as
 * some firewalls and old servers do. It listens on port 53, which the system's resolver asks without exception: the tests must be
 * root, or be allowed that port.
 */
public final class SlowNameServer implements AutoCloseable {
    /** An address that no other name server of the machine has. */
    private static final String ADDRESS = "127.83.0.53";
    private static final int IPV4 = 1;

    private final DatagramSocket socket;
    private final List<String> questions = Collections.synchronizedList(new ArrayList<>());

    public SlowNameServer() {
        try {
            socket = new DatagramSocket(53, InetAddress.getByName(ADDRESS));
        } catch (IOException e) {
            throw new UncheckedIOException("port 53 of " + ADDRESS + " cannot be had", e);
        }
        Thread thread = new Thread(this::serve, "slow-name-server");
        thread.setDaemon(true);
        thread.start();
    }

    /** A Java home whose JVM asks this server, and no other. */
    public Path javaHome(Path folder, String options) {
        try {
            Path file = Files.writeString(folder.resolve("resolv.conf"), "nameserver " + ADDRESS + "\noptions " + options + "\n");
            return Surroundings.javaHome(folder, "mount --bind " + file + " /etc/resolv.conf");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** How often an address of this name was asked for; the resolver itself asks again when it has no answer. */
    public long questions(String name) {
        synchronized (questions) {
            return questions.stream().filter(name::equals).count();
        }
    }

    private void serve() {
        byte[] buffer = new byte[512];
        while (!socket.isClosed()) {
            DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
            try {
                socket.receive(packet);
                int end = 12;
                StringBuilder name = new StringBuilder();
                for (; buffer[end] != 0; end += buffer[end] + 1) {
                    name.append(name.length() == 0 ? "" : ".").append(new String(buffer, end + 1, buffer[end], "US-ASCII"));
                }
                questions.add(name.toString());
                if (buffer[end + 2] == IPV4) {
                    byte[] answer = answer(Arrays.copyOf(buffer, end + 5));
                    socket.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
                }
            } catch (IOException closed) {
                return;
            }
        }
    }

    /** The question with one answer: type A, class IN, 60 s, 127.0.0.1. */
    private static byte[] answer(byte[] question) {
        byte[] record = {(byte) 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1};
        byte[] answer = Arrays.copyOf(question, question.length + record.length);
        System.arraycopy(record, 0, answer, question.length, record.length);
        answer[2] = (byte) 0x81; // an answer, recursion desired
        answer[3] = (byte) 0x80; // recursion available, no error
        answer[7] = 1; // one answer
        Arrays.fill(answer, 8, 12, (byte) 0);
        return answer;
    }

    @Override
    public void close() {
        socket.close();
    }
}
