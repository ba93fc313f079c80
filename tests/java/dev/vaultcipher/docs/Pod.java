package dev.vaultcipher.docs;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The specification of a pod that runs a product, and what its container finds when it starts. */
final class Pod {
    private static final String JAR_VOLUME_FILE = "vault-cipher.jar";
    private static final String TOKEN_VOLUME = "vault-token";

    private final String product;
    private final Object specification;

    Pod(String product, Object specification) {
        this.product = product;
        this.specification = specification;
    }

    /** Fails unless an init container leaves the jar where it is mounted from, and it is mounted where the product loads it. */
    void assertHasTheJar() {
        Map<?, ?> mount = mounts().stream().map(item -> (Map<?, ?>) item)
                .filter(item -> item.get("mountPath").equals(OfficialImage.LIBRARIES.get(product) + "/vault-cipher.jar"))
                .findFirst().orElseThrow(() -> new AssertionError("no jar in " + mounts()));
        assertEquals("a whole volume would hide the product's libraries", JAR_VOLUME_FILE, mount.get("subPath"));
        Object init = Quoting.at(specification, "initContainers", "0");
        List<?> command = (List<?>) Quoting.at(init, "command");
        String folder = Quoting.at(named(Quoting.at(init, "volumeMounts"), mount.get("name")), "mountPath").toString();
        assertEquals("what the init container leaves is what is mounted", List.of("cp", "/vault-cipher.jar", folder + '/'
                + JAR_VOLUME_FILE), command);
    }

    /**
     * The container's variables, with a real token of the product's service account in place of the projected one.
     *
     * @param configMap what variables are taken from that name a key of a ConfigMap
     */
    Map<String, String> environment(DocsServers servers, Map<?, ?> configMap) {
        Map<String, String> environment = new LinkedHashMap<>();
        for (Object variable : (List<?>) Quoting.at(specification, "containers", "0", "env")) {
            String name = Quoting.at(variable, "name").toString();
            Object source = ((Map<?, ?>) variable).get("valueFrom");
            String value = source == null ? Quoting.at(variable, "value").toString()
                    : configMap.get(Quoting.at(source, "configMapKeyRef", "key")).toString();
            assertTrue("Kubernetes would replace a variable in " + value, !value.contains("$("));
            assertEquals("set twice: " + name, null, environment.put(name, withToken(value, servers)));
        }
        return environment;
    }

    /** A text whose {@code jwtFile} is that of the pod, with the path of a real token instead. */
    String withToken(String text, DocsServers servers) {
        Object token = Quoting.at(named(Quoting.at(specification, "volumes"), TOKEN_VOLUME), "projected", "sources", "0",
                "serviceAccountToken");
        String inThePod = Quoting.at(named(mounts(), TOKEN_VOLUME), "mountPath") + "/" + Quoting.at(token, "path");
        return text.contains(inThePod)
                ? text.replace(inThePod, servers.tokenFile(product, Quoting.at(token, "audience").toString()).toString()) : text;
    }

    private List<?> mounts() {
        return (List<?>) Quoting.at(specification, "containers", "0", "volumeMounts");
    }

    private static Object named(Object items, Object name) {
        return ((List<?>) items).stream().filter(item -> name.equals(((Map<?, ?>) item).get("name"))).findFirst()
                .orElseThrow(() -> new AssertionError("there is no " + name + " in " + items));
    }
}
