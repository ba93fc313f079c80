package dev.vaultcipher.engine;

import static org.junit.Assert.assertTrue;

import dev.vaultcipher.connection.FailuresTest;
import dev.vaultcipher.harness.Canaries;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.StoreSession;
import java.util.List;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/** Every kind of 404, and the 403 that hides one, is told apart: {@link FailuresTest} has the plain ones. */
public class NotFoundTest {
    private static EngineReads reads;

    @BeforeClass
    public static void startVault() {
        reads = new EngineReads();
        for (int i = 1; i <= 4; i++) {
            reads.vault.putSecret("app/database", "password", Fixtures.randomText());
        }
        reads.vault.put("secret/delete/app/database", "{\"versions\":[2,4]}");
        reads.vault.put("secret/destroy/app/database", "{\"versions\":[3]}");
        reads.mountKv("team/kv", 2);
        reads.mountKv("old", 1);
    }

    @AfterClass
    public static void stopVault() {
        reads.close();
    }

    @Test
    public void nothingThere() {
        fails(text("path", "app/databse"), "There is no secret at", "mount \"secret\"", "path \"app/databse\"",
                "vault kv get -mount=secret app/databse");
        fails(text("mount", "team/kv"), "There is no secret at", "vault kv get -mount=team/kv app/database");
        fails(text("mount", "old"), "There is no secret at", "GET " + reads.vault.address() + "/v1/old/app/database");
    }

    @Test
    public void aDeletedVersionSaysWhenAndWhichVersionsCanBeRead() {
        String when = Fixtures.jsonMember(
                reads.vault.request("GET", "secret/data/app/database", null, reads.vault.rootToken()).body, "deletion_time");
        fails(text(), "Version 4 of the secret was deleted on " + when, "versions that can be read: 1. What",
                "vault kv undelete -mount=secret -versions=4 app/database");
        fails(text("version", 2), "Version 2 of the secret was deleted on 20", "versions that can be read: 1. What",
                "-versions=2");
        fails(text("path", "data/app/database"), "Version 4 of the secret was deleted on " + when, "path \"app/database\"");
    }

    @Test
    public void aTokenThatMaySeeNoMetadataLearnsTheSameButTheOtherVersions() {
        String token = reads.reader("secret/data/app/database");
        StoreSession.Outcome outcome = reads.read(token, text()).assertFails("Version 4 of the secret was deleted on 20");
        assertTrue(outcome.toString(), !outcome.call.message.contains("can be read"));
        reads.read(token, text("version", 3)).assertFails("Version 3 of the secret was destroyed");
        reads.read(token, text("version", 9)).assertFails("no version 9");
    }

    @Test
    public void aDestroyedVersion() {
        fails(text("version", 3), "Version 3 of the secret was destroyed and cannot be restored",
                "versions that can be read: 1. What", "vault kv put -mount=secret app/database");
    }

    @Test
    public void aVersionThatNeverWas() {
        fails(text("version", 5), "The secret has no version 5", "versions that can be read: 1)", "correct \"version\"");
        fails(text("version", 1, "path", "app/nothing"), "There is no secret at", "path \"app/nothing\"");
    }

    @Test
    public void aPathOfTheOtherKvVersion() {
        reads.vault.put("old/app/database", "{\"password\":\"" + Canaries.keep(Fixtures.randomText()) + "\"}");
        try {
            fails(text("mount", "old", "engine", "kv2"), "it is KV version 1");
            fails(text("engine", "kv1"), "it is KV version 2");
            // The whole path of the API below the wrong mount's version.
            fails(text("mount", "old", "path", "data/app/database"), "There is no secret at", "path \"data/app/database\"");
        } finally {
            reads.vault.delete("old/app/database");
        }
    }

    @Test
    public void mountAndPathThatAreDividedAtTheWrongPlace() {
        for (String token : List.of(reads.vault.rootToken(), reads.reader("secret/data/app/database"))) {
            reads.read(token, text("mount", "secret/app", "path", "database"))
                    .assertFails("the mount is \"secret\"", "correct \"mount\", and write the rest of it at the beginning of \"path\"");
        }
    }

    @Test
    public void aPathThatWasCopiedFromVaultsPagesIsToldAsItIsMeant() {
        String reader = reads.reader("secret/data/app/other");
        for (String[] copied : new String[][] {{"secret", "v1/secret/data/app/other"}, {"secret", "secret/data/app/other"},
            {"secret", "secret/app/other"}, {"secret", "ui/vault/secrets/secret/show/app/other"},
            {"secret", "ui/vault/secrets/secret/kv/app%2Fother/details?version=1"}, {"secret/data", "app/other"},
            {"v1/secret", "app/other"}, {"ui/vault/secrets/secret", "app/other"}, {"secret", "/v1/secret/data/app/other/"},
            {"secret", "/ui/vault/secrets/secret/kv/app%2Fother"}, {"secret", "secret/metadata/app/other"},
            {"/ui/vault/secrets/secret/", "app/other"}}) {
            for (String token : List.of(reads.vault.rootToken(), reader)) {
                reads.read(token, text("mount", copied[0], "path", copied[1]))
                        .assertFails("What to do: write \"mount\":\"secret\", \"path\":\"app/other\": the text has an address of Vault's API");
            }
        }
        for (String address : List.of("https://vault.example.com:8200/v1/secret/data/app/other",
                "HTTP://vault.example.com/ui/vault/secrets/secret/kv/app%2Fother/details?version=1")) {
            fails(text("path", address), "\"path\" is a whole address: leave out its scheme and host");
        }
        StoreSession.Outcome plain = reads.read(text("path", "app/secret/data/other")).assertFails("There is no secret at");
        assertTrue(plain.toString(), plain.call.message.contains("What to do: check \"path\" and \"mount\""));
    }

    @Test
    public void anUnknownMountIsToldWithTheNearestThatTheTokenMaySee() {
        fails(text("mount", "secrets"), "no secrets engine at mount \"secrets\"", "did you mean \"secret\"?");
        fails(text("mount", "team/vk"), "no secrets engine at mount \"team/vk\"", "did you mean \"team/kv\"?");
        StoreSession.Outcome far = reads.read(text("mount", "nothing-like-it")).assertFails("vault secrets list");
        assertTrue(far.toString(), !far.call.message.contains("did you mean"));
        // A limited token is denied, as if the mount were there.
        String token = reads.reader("team/kv/data/app/database");
        reads.read(token, text("mount", "team/vk")).assertFails("does not allow", "it can see the mount \"team/kv\": did you mean this one?",
                "path \"team/vk/data/app/database\"");
        StoreSession.Outcome other = reads.read(token, text("mount", "team/kv", "path", "other")).assertFails("does not allow");
        assertTrue(other.toString(), !other.call.message.contains("did you mean"));
    }

    @Test
    public void aWrongNamespace() {
        reads.vault.put("sys/namespaces/group", "{}");
        fails(text("namespace", "group"), "no secrets engine at mount \"secret\"", "(namespace: group)");
        fails(text("namespace", "gruop"), "no such namespace", "(namespace: gruop)", "vault namespace list");
        // A token of the root namespace that may do nothing in this one.
        reads.read(reads.reader("secret/data/app/database"), text("namespace", "group"))
                .assertFails("does not allow", "(namespace: group)", "namespace");
    }

    private static void fails(String text, String... parts) {
        reads.read(text).assertFails(parts);
    }

    /** These fields; secret app/database unless they say otherwise. */
    private static String text(Object... fields) {
        String text = reads.text(fields).replace("}", ",\"key\":\"password\"}");
        text = text.contains("\"mount\"") ? text : text.replace("}", ",\"mount\":\"secret\"}");
        return text.contains("\"path\"") ? text : text.replace("}", ",\"path\":\"app/database\"}");
    }
}
