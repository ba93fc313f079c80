package dev.vaultcipher.tls;

import static org.junit.Assert.assertEquals;

import dev.vaultcipher.VaultSecretStore;
import dev.vaultcipher.harness.Canaries;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import dev.vaultcipher.harness.Messages;
import dev.vaultcipher.harness.TestCertificate;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPairGenerator;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.Test;

/**
 * A private key in a file or a setting, in broken forms, gets into no message and no log: {@link HostProcess} searches all
 * output for what {@link Canaries} keeps, here the letters of the key and their numbers.
 */
public class PemLeaksTest {
    private static final int PIECE = 16;

    private final Path folder = Fixtures.temporaryFolder("pem-leaks");
    private final String ca = TestCertificate.ca("Company CA").pem();

    @Test
    public void noBrokenFormOfAKeyGetsIntoAMessageOrALog() throws IOException, GeneralSecurityException {
        String body = Base64.getEncoder().encodeToString(KeyPairGenerator.getInstance("EC").generateKeyPair().getPrivate().getEncoded());
        for (int at = 0; at + PIECE <= body.length(); at += PIECE / 2) {
            String piece = Canaries.keep(body.substring(at, at + PIECE));
            Canaries.keep(piece.chars().mapToObj(Integer::toString).collect(Collectors.joining(", ")));
        }
        String certificate = file("client.pem", ca);
        List<String> texts = new ArrayList<>();
        for (Map.Entry<String, String> form : forms(body).entrySet()) {
            String name = texts.size() + ".pem";
            String file = file(name, form.getValue());
            Path directory = Files.createDirectories(folder.resolve(name + ".d"));
            Files.writeString(directory.resolve("ca.pem"), form.getValue());
            for (String setting : new String[] {"caCert", "caPath", "clientCert", "tlsServerName", "caCertBytes"}) {
                texts.add(text(setting, form.getValue()));
            }
            texts.add(text("caCert", file));
            texts.add(text("caPath", directory.toString()));
            texts.add(text("clientCert", file));
            texts.add(text("clientCert", certificate, "clientKey", file));
            texts.add(text("clientCert", certificate, "clientKey", form.getValue()));
        }
        HostProcess.Outcome outcome = HostProcess.loading(VaultSecretStore.class.getName())
                .environment("SECRET_STORE_VAULT_TOKEN", Canaries.keep(Fixtures.randomText())).call(texts.toArray(new String[0]));
        assertEquals(texts.size(), outcome.calls.size());
        for (HostProcess.Call call : outcome.calls) {
            Messages.assertSays(call, "com.atlassian.secrets.api.SecretStoreException", "What to do: ");
        }
        Fixtures.delete(folder);
    }

    private static Map<String, String> forms(String body) {
        String lines = String.join("\n", body.split("(?<=\\G.{64})"));
        String begin = "-----BEGIN PRIVATE KEY-----";
        String end = "-----END PRIVATE KEY-----";
        String whole = begin + '\n' + lines + '\n' + end + '\n';
        Map<String, String> forms = new LinkedHashMap<>();
        forms.put("whole", whole);
        forms.put("literal line breaks", whole.replace("\n", "\\n"));
        forms.put("literal line breaks, without BEGIN line", (lines + '\n' + end).replace("\n", "\\n"));
        forms.put("in one line", whole.replace('\n', ' '));
        forms.put("without line breaks", whole.replace("\n", ""));
        forms.put("BEGIN line runs into the base64", whole.replace(begin + '\n', "-----BEGIN PRIVATE KEY"));
        forms.put("fewer dashes", whole.replace("KEY-----", "KEY---"));
        forms.put("without BEGIN line", lines + '\n' + end);
        forms.put("without END line", begin + '\n' + lines);
        forms.put("lines alone", lines);
        forms.put("base64 alone", body);
        forms.put("base64 cut", body.substring(0, body.length() - 3));
        forms.put("another END line", whole.replace("END PRIVATE", "END RSA PRIVATE"));
        forms.put("a foreign letter", whole.replace(body.substring(40, 50), "!" + body.substring(40, 50)));
        forms.put("cut in the middle", whole.substring(0, whole.length() / 2));
        forms.put("quoted", '"' + whole + '"');
        forms.put("another kind", whole.replace("PRIVATE KEY", "EC PRIVATE KEY"));
        forms.put("a kind of its own letters", whole.replace("PRIVATE KEY", body.substring(0, 24)));
        forms.put("after a cut certificate", "-----BEGIN CERTIFICATE-----\nMIIB\n" + whole);
        forms.put("UTF-16 read as Latin-1", new String(whole.getBytes(StandardCharsets.UTF_16LE), StandardCharsets.ISO_8859_1).replace("\0", " "));
        forms.put("as JSON", "{\"key\":\"" + whole.replace("\n", "\\n") + "\"}");
        return forms;
    }

    private String file(String name, String content) throws IOException {
        return Files.writeString(folder.resolve(name), content).toString();
    }

    private String text(String... settings) {
        StringBuilder text = new StringBuilder("{\"mount\":\"secret\",\"path\":\"p\",\"key\":\"k\",\"timeout\":\"0\","
                + "\"endpoint\":\"https://127.0.0.1:1\"");
        for (int i = 0; i < settings.length; i += 2) {
            text.append(",\"").append(settings[i]).append("\":").append(Fixtures.json(settings[i + 1]));
        }
        return text.append('}').toString();
    }
}
