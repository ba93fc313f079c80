package dev.vaultcipher.tls;

import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.ScriptedPeer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.X509ExtendedKeyManager;

/**
 * All servers of the zoo on one port: an HTTP proxy whose CONNECT to the port N of any host leads to the N-th server, which
 * answers every request like a Vault that holds one secret; where there are not so many, to the port N of this machine. So
 * each server has the host name that it needs, and none is looked up.
 */
final class CertificateZooServer implements AutoCloseable {
    private final List<CertificateZoo.Case> cases;
    private final String answer;
    private final ServerSocket listener;

    CertificateZooServer(List<CertificateZoo.Case> cases, String password) {
        this.cases = cases;
        String body = "{\"request_id\":\"0\",\"lease_id\":\"\",\"renewable\":false,\"lease_duration\":0,\"data\":{\"data\":{\"password\":"
                + Fixtures.json(password) + "},\"metadata\":{\"deletion_time\":\"\",\"destroyed\":false,\"version\":1}}}";
        answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: " + body.length()
                + "\r\n\r\n" + body;
        try {
            listener = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        daemon(() -> {
            while (!listener.isClosed()) {
                try {
                    Socket client = listener.accept();
                    daemon(() -> serve(client));
                } catch (IOException closed) {
                    return;
                }
            }
        });
    }

    int port() {
        return listener.getLocalPort();
    }

    /** Where the case's server is, through the proxy. */
    String address(CertificateZoo.Case one) {
        return "https://" + one.host + ':' + (cases.indexOf(one) + 1);
    }

    @Override
    public void close() {
        try {
            listener.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void serve(Socket client) {
        try (Socket raw = client) {
            raw.setSoTimeout(10_000);
            String connect = head(raw.getInputStream()).split(" ")[1];
            int number = Integer.parseInt(connect.substring(connect.lastIndexOf(':') + 1));
            raw.getOutputStream().write("HTTP/1.1 200 OK\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            if (number > cases.size()) {
                ScriptedPeer.pass(raw, number);
                return;
            }
            CertificateZoo.Case one = cases.get(number - 1);
            SSLContext tls = SSLContext.getInstance("TLS");
            tls.init(new KeyManager[] {new OneKey(one)}, null, null);
            try (SSLSocket socket = (SSLSocket) tls.getSocketFactory().createSocket(raw, null, raw.getPort(), true)) {
                socket.setUseClientMode(false);
                if (one.cipher != null) {
                    socket.setEnabledProtocols(new String[] {"TLSv1.2"});
                    socket.setEnabledCipherSuites(new String[] {one.cipher});
                }
                head(socket.getInputStream());
                socket.getOutputStream().write(answer.getBytes(StandardCharsets.US_ASCII));
            }
        } catch (IOException refused) {
            // the client does not like the certificate
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    /** The first line of a request; the rest of its head is read as well. */
    private static String head(InputStream in) throws IOException {
        BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.ISO_8859_1));
        String first = lines.readLine();
        String line = first;
        while (line != null && !line.isEmpty()) {
            line = lines.readLine();
        }
        if (line == null) {
            throw new IOException("no request");
        }
        return first;
    }

    private static void daemon(Runnable work) {
        Thread thread = new Thread(work, "certificate-zoo");
        thread.setDaemon(true);
        thread.start();
    }

    /** Sends a certificate whatever Java thinks of it. */
    private static final class OneKey extends X509ExtendedKeyManager {
        private final PrivateKey key;
        private final X509Certificate[] chain;

        OneKey(CertificateZoo.Case one) {
            key = (one.key == null ? one.chain.get(0).key() : one.key).getPrivate();
            chain = one.chain.stream().map(link -> link.certificate).toArray(X509Certificate[]::new);
        }

        @Override
        public String chooseServerAlias(String keyType, Principal[] issuers, Socket socket) {
            return keyType.equals(key.getAlgorithm()) ? "server" : null;
        }

        @Override
        public String[] getServerAliases(String keyType, Principal[] issuers) {
            return new String[] {"server"};
        }

        @Override
        public X509Certificate[] getCertificateChain(String alias) {
            return chain.clone();
        }

        @Override
        public PrivateKey getPrivateKey(String alias) {
            return key;
        }

        @Override
        public String chooseClientAlias(String[] keyTypes, Principal[] issuers, Socket socket) {
            return null;
        }

        @Override
        public String[] getClientAliases(String keyType, Principal[] issuers) {
            return null;
        }
    }
}
