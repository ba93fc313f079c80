package dev.vaultcipher.connection;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.harness.Canaries;
import dev.vaultcipher.harness.Cleanup;
import dev.vaultcipher.harness.FaultRelay;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.KubernetesCertificate;
import dev.vaultcipher.harness.StoreSession;
import dev.vaultcipher.harness.VaultServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/**
 * A real proxy between the store and a real Vault, named in each way there is. Vault's host has a name that only the proxy
 * knows: an address of this machine itself goes through no proxy unless that is asked for.
 */
public class ProxyTest {
    private static final String USER = "vault-cipher";
    private static final String PASSWORD = Canaries.keep(Fixtures.randomText());

    private static Cleanup cleanup;
    private static VaultServer http;
    private static VaultServer https;
    private static TinyProxy proxy;
    private static TinyProxy guarded;
    private static String value;

    @BeforeClass
    public static void startServers() {
        cleanup = new Cleanup();
        http = VaultServer.start();
        cleanup.add(http::close);
        https = VaultServer.startTls();
        cleanup.add(https::close);
        proxy = TinyProxy.start();
        cleanup.add(proxy::close);
        guarded = TinyProxy.start("BasicAuth " + USER + ' ' + PASSWORD);
        cleanup.add(guarded::close);
        value = Fixtures.randomText();
        http.putSecret("sample/secret", "password", value);
        https.putSecret("sample/secret", "password", value);
    }

    @AfterClass
    public static void stopServers() {
        cleanup.close();
    }

    @Test
    public void theJvmsPropertiesAreHeeded() {
        try (StoreSession session = session(https.rootToken())) {
            String unknown = "\"vault.test\" cannot be resolved";
            session.get(far(https)).assertFails(unknown);
            session.property("https.proxyHost", "127.0.0.1");
            session.property("https.proxyPort", Integer.toString(proxy.port()));
            assertThrough(() -> session.get(far(https)).assertValue(value), "CONNECT vault.test:" + https.port() + " HTTP/1.1");
            assertThrough(() -> session.get(near(https)).assertValue(value)); // this machine itself is exempt
            session.property("http.nonProxyHosts", "localhost|*.test");
            assertThrough(() -> session.get(far(https)).assertFails(unknown));
            // Once it is set it counts as it is: loopback is not exempt any more, as in Java.
            assertThrough(() -> session.get(near(https)).assertValue(value), "CONNECT 127.0.0.1:" + https.port() + " HTTP/1.1");
        }
        try (StoreSession session = session(http.rootToken())) {
            session.property("https.proxyHost", "127.0.0.1");
            session.property("https.proxyPort", "1");
            session.property("http.proxyHost", "127.0.0.1");
            session.property("http.proxyPort", Integer.toString(proxy.port()));
            assertThrough(() -> session.get(far(http)).assertValue(value),
                    "GET http://vault.test:" + http.port() + "/v1/secret/data/sample/secret HTTP/1.1");
        }
    }

    @Test
    public void theEnvironmentIsHeeded() {
        HostProcess jvm = jvm(https.rootToken()).environment("HTTPS_PROXY", proxy.address()).environment("HTTP_PROXY", "http://127.0.0.1:1")
                .environment("NO_PROXY", "example.com, .other.test,10.0.0.0/8");
        try (StoreSession session = StoreSession.start(jvm)) {
            assertThrough(() -> session.get(far(https)).assertValue(value), "CONNECT vault.test:" + https.port() + " HTTP/1.1");
            assertThrough(() -> session.get(near(https)).assertValue(value)); // never back to this machine
        }
        // The environment comes before the JVM's properties.
        jvm.jvmFlags("-Dhttps.proxyHost=127.0.0.1", "-Dhttps.proxyPort=1");
        try (StoreSession session = StoreSession.start(jvm)) {
            assertThrough(() -> session.get(far(https)).assertValue(value), "CONNECT vault.test:" + https.port() + " HTTP/1.1");
        }
        jvm = jvm(http.rootToken()).environment("http_proxy", proxy.address()).environment("no_proxy", "vault.test:1");
        try (StoreSession session = StoreSession.start(jvm)) {
            assertThrough(() -> session.get(far(http)).assertValue(value),
                    "GET http://vault.test:" + http.port() + "/v1/secret/data/sample/secret HTTP/1.1");
        }
    }

    @Test
    public void noProxyExemptsButNotFromTheProxyThatIsNamedForVault() {
        HostProcess jvm = jvm(https.rootToken()).environment("HTTPS_PROXY", proxy.address()).environment("NO_PROXY", "test");
        try (StoreSession session = StoreSession.start(jvm)) {
            assertThrough(() -> session.get(far(https)).assertFails("\"vault.test\" cannot be resolved"));
            assertThrough(() -> session.get(with(far(https), "proxy", proxy.address())).assertValue(value),
                    "CONNECT vault.test:" + https.port() + " HTTP/1.1");
        }
        jvm = jvm(https.rootToken()).environment("HTTPS_PROXY", "http://127.0.0.1:1").environment("NO_PROXY", "*")
                .environment("VAULT_PROXY_ADDR", proxy.address().substring("http://".length()));
        try (StoreSession session = StoreSession.start(jvm)) {
            assertThrough(() -> session.get(far(https)).assertValue(value), "CONNECT vault.test:" + https.port() + " HTTP/1.1");
            assertThrough(() -> session.get(near(https)).assertValue(value), "CONNECT 127.0.0.1:" + https.port() + " HTTP/1.1");
        }
    }

    @Test
    public void aPasswordIsGivenAndAWrongOneIsToldFromVaultsAnswers() {
        String good = guarded.address().replace("//", "//" + USER.replace("-", "%2D") + ':'
                + PASSWORD + '@');
        String wrong = guarded.address().replace("//", "//somebody:" + Canaries.keep(Fixtures.randomText()) + '@');
        List<String> texts = new ArrayList<>();
        for (VaultServer vault : Arrays.asList(http, https)) {
            texts.add(with(far(vault), "timeout", "5s"));
        }
        for (String address : Arrays.asList(wrong, guarded.address(), good)) {
            for (int i = 0; i < 2; i++) {
                try (StoreSession session = StoreSession.start(jvm(i == 0 ? http.rootToken() : https.rootToken())
                        .environment("VAULT_PROXY_ADDR", address))) {
                    StoreSession.Outcome outcome = session.get(texts.get(i));
                    String via = "via proxy " + guarded.address() + " from environment variable VAULT_PROXY_ADDR";
                    if (address.equals(good)) {
                        outcome.assertValue(value);
                    } else if (address.equals(wrong) && i == 0) {
                        // tinyproxy says 401 to a wrong password; in plain HTTP that may come from anybody.
                        outcome.assertFails("is not from Vault: status 401, text/html, a page titled", via);
                    } else {
                        outcome.assertFails("the proxy requires a user name and a password, or does not accept those that were sent ("
                                + (address.equals(wrong) ? "401" : "407") + ", text/html", via, "http://USER:PASSWORD@HOST:PORT");
                    }
                    outcome.assertTriedOnce();
                }
            }
        }
        try (StoreSession session = session(https.rootToken())) {
            session.property("https.proxyHost", "127.0.0.1");
            session.property("https.proxyPort", Integer.toString(guarded.port()));
            session.property("https.proxyUser", USER);
            session.property("https.proxyPassword", PASSWORD);
            session.get(far(https)).assertValue(value);
        }
    }

    @Test
    public void whatGoesWrongAtTheProxyIsToldFromWhatGoesWrongAtVault() {
        try (Cleanup files = new Cleanup(); StoreSession session = session(https.rootToken());
                TinyProxy strict = TinyProxy.start("Filter \"" + TinyProxy.file(files, "example\\.com") + '"', "FilterDefaultDeny Yes")) {
            String via = "via proxy " + proxy.address() + " from field \"proxy\" of the text";
            session.get(with(far(https), "proxy", strict.address()))
                    .assertFails("the proxy forbids the connection to Vault (403, text/html, a page titled \"403 Filtered\")",
                            "via proxy " + strict.address(), "GET https://vault.test:" + https.port());
            session.get(with(far(http), "proxy", strict.address())).assertFails("is not from Vault: status 403, text/html",
                    "via proxy " + strict.address());
            int closed = Fixtures.freePorts(1);
            session.get(with(far(https).replace(":" + https.port(), ":" + closed), "proxy", proxy.address()))
                    .assertFails("the proxy did not connect to Vault (500, text/html, a page titled \"500 Unable to connect\")", via);
            session.get(with(far(https).replace("vault.test", "vault.invalid"), "proxy", proxy.address()))
                    .assertFails("the proxy did not connect to Vault (500", via);
            for (VaultServer vault : Arrays.asList(http, https)) {
                session.get(with(far(vault), "proxy", "http://127.0.0.1:" + closed)).assertFails(
                        "the proxy cannot be reached: the connection was refused", "via proxy http://127.0.0.1:" + closed,
                        "check the address of the proxy");
                session.get(with(far(vault), "proxy", "proxy.invalid:3128")).assertFails(
                        "the proxy cannot be reached: the host name \"proxy.invalid\" cannot be resolved", "via proxy http://proxy.invalid:3128");
            }
            // Vault's own answers and its certificate say through whom they came.
            session.get(with(far(https), "proxy", proxy.address()).replace("sample/secret", "sample/missing"))
                    .assertFails("There is no secret at GET https://vault.test:", via);
            session.get(with(far(https), "proxy", proxy.address()).replace("localhost", "vault.test"))
                    .assertFails("TLS failed", "is not valid for", via);
        }
    }

    @Test
    public void aProxyMaySpeakTlsItself() throws Exception {
        KubernetesCertificate certificate = KubernetesCertificate.createIn(cleanup.folder("proxy-tls"));
        Path trusted = Files.writeString(cleanup.folder("trusted").resolve("ca.pem"), certificate.pem + Files.readString(https.caFile()));
        try (FaultRelay front = FaultRelay.withTls(certificate.serverContext(), proxy.port());
                StoreSession session = StoreSession.start(jvm(https.rootToken())
                        .environment("VAULT_PROXY_ADDR", "https://127.0.0.1:" + front.port()))) {
            String text = near(https).replace(https.caFile().toString(), trusted.toString());
            assertThrough(() -> session.get(text).assertValue(value), "CONNECT 127.0.0.1:" + https.port() + " HTTP/1.1");
            session.get(near(https)).assertFails("TLS failed", "via proxy https://127.0.0.1:" + front.port());
        }
    }

    @Test
    public void aVariableThatNamesNoProxyIsAnError() {
        String password = Canaries.keep(Fixtures.randomText());
        try (StoreSession session = StoreSession.start(jvm(https.rootToken())
                .environment("HTTPS_PROXY", "http://u:" + password + "@proxy.example.com:99999"))) {
            session.get(far(https)).assertFails("environment variable HTTPS_PROXY cannot be used: it is not a proxy's address");
        }
        try (StoreSession session = session(https.rootToken())) {
            session.property("https.proxyHost", "127.0.0.1");
            session.property("https.proxyPort", "many");
            session.get(far(https)).assertFails("system property https.proxyHost cannot be used: it is not a proxy's address");
        }
    }

    private static StoreSession session(String token) {
        return StoreSession.withToken(token);
    }

    private static HostProcess jvm(String token) {
        return HostProcess.plain().environment("SECRET_STORE_VAULT_TOKEN", token);
    }

    /** A text for Vault at an address of this machine. */
    private static String near(VaultServer vault) {
        return with(vault.text("sample/secret", "password"), "caCert", https.caFile().toString());
    }

    /** A text for Vault at the name that only the proxy knows; its certificate is for localhost. */
    private static String far(VaultServer vault) {
        return with(near(vault).replace("//127.0.0.1:", "//" + TinyProxy.HOST + ':'), "tlsServerName", "localhost");
    }

    private static String with(String text, String field, String content) {
        return text.substring(0, text.length() - 1) + ",\"" + field + "\":" + Fixtures.json(content) + '}';
    }

    /** Runs this and compares what the proxy was asked for meanwhile. */
    private static void assertThrough(Runnable call, String... requests) {
        int before = proxy.requests().size();
        call.run();
        List<String> all = proxy.requests();
        assertEquals(Arrays.asList(requests), all.subList(before, all.size()));
    }
}
