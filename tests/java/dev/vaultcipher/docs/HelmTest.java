package dev.vaultcipher.docs;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertTrue;

import dev.vaultcipher.harness.Cleanup;
import dev.vaultcipher.harness.DocsFiles;
import dev.vaultcipher.harness.Fixtures;
import dev.vaultcipher.harness.HostProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/**
 * The values for the vendor's charts: rendered by the real {@code helm template} with a chart that has the same keys
 * (tests/servers/helm/chart, since the vendor's is on no package registry), judged by a real Kubernetes API server, and started.
 */
public class HelmTest {
    private static final Path VALUES = Paths.get("docs", "kubernetes");
    private static final Path CHART = Paths.get("tests", "servers", "helm", "chart");

    private static final Cleanup CLEANUP = new Cleanup();
    private static DocsServers servers;

    @BeforeClass
    public static void startServers() {
        servers = DocsServers.start();
        CLEANUP.add(servers::close);
    }

    @AfterClass
    public static void stopServers() {
        CLEANUP.close();
    }

    @Test
    public void kubernetesTakesWhatEachChartMakesOfItsValues() {
        for (String product : DocsServers.PRODUCTS) {
            Rendered rendered = render(product, values -> values);
            rendered.objects.forEach((kind, object) -> assertNull(product + ": " + kind, refusal(kind, object)));
            assertEquals(product, Quoting.at(rendered.objects.get("ServiceAccount"), "metadata", "name"));
            assertEquals(product, Quoting.at(rendered.pod, "serviceAccountName"));
        }
    }

    @Test
    public void kubernetesRefusesAMountOfAVolumeThatThePodDoesNotHave() {
        Rendered rendered = render("bitbucket", values -> values.replace("- name: vault-cipher\n      mountPath: /opt",
                "- name: shared-home\n      mountPath: /opt"));
        String refusal = refusal("StatefulSet", rendered.objects.get("StatefulSet"));
        assertTrue(refusal, refusal != null && refusal.contains("volumeMounts") && refusal.contains("shared-home"));
    }

    @Test
    public void aKeyThatTheChartsDoNotHaveIsRefused() {
        try {
            render("jira", values -> values.replace("additionalVolumeMounts", "extraVolumeMounts"));
        } catch (AssertionError e) {
            assertTrue(e.getMessage(), e.getMessage().contains("extraVolumeMounts"));
            return;
        }
        throw new AssertionError("helm took a key that no chart has");
    }

    @Test
    public void everyProductStartsWithTheTextAlone() {
        for (String product : DocsServers.PRODUCTS) {
            Rendered rendered = render(product, values -> values);
            Pod pod = new Pod(product, rendered.pod);
            pod.assertHasTheJar();
            Map<?, ?> configMap = (Map<?, ?>) Quoting.at(rendered.objects.get("ConfigMap"), "data");
            assertEquals("the text needs no JVM arguments", "", configMap.get("additional_jvm_args"));
            OfficialImage image = new OfficialImage(product, pod.environment(servers, configMap));
            boolean takesAClass = !product.equals("bamboo") && !product.equals("crowd");
            String file = takesAClass ? image.fileName() : product + ".cfg.xml";
            String content = takesAClass ? image.configuration() : edited(product, pod);
            DocsServers.assertConnects(product, jvm(image), file, content);
        }
    }

    /** The file of the product's page with the text that the values file tells to write there. */
    private static String edited(String product, Pod pod) {
        Matcher text = Pattern.compile("(?m)^ +# (\\{.*\\})$").matcher(values(product));
        assertTrue("the values file has a text", text.find());
        String password = pod.withToken(servers.local(text.group(1)), servers);
        DocsFiles.Block page = DocsFiles.blocks(Paths.get("docs", "products", product + ".md")).stream()
                .filter(block -> block.kind.equals("file")).findFirst().get();
        return servers.local(page.content).replaceFirst("(?<=name=\"hibernate.connection.password\">)[^<]*",
                Matcher.quoteReplacement(password));
    }

    private static HostProcess jvm(OfficialImage image) {
        HostProcess jvm = HostProcess.plain().jvmFlags("-Xcheck:jni");
        image.environmentOfTheJvm().forEach(jvm::environment);
        return jvm;
    }

    /** Why Kubernetes would not take the object, or null. */
    private static String refusal(String kind, Object object) {
        return servers.refusal(Quoting.at(object, "apiVersion").toString(), kind.toLowerCase(Locale.ROOT) + 's', Quoting.yaml(object));
    }

    private static String values(String product) {
        return DocsFiles.text(VALUES.resolve("values-" + product + ".yaml"));
    }

    /** What {@code helm template} makes of the product's values, which may be changed before. */
    private static Rendered render(String product, UnaryOperator<String> change) {
        Path folder = CLEANUP.folder("helm");
        try {
            String original = values(product);
            String changed = change.apply(original);
            Path file = Files.writeString(folder.resolve("values.yaml"), servers.local(changed));
            Process helm = new ProcessBuilder(Fixtures.fromEnvironment("HELM").toString(), "template", product, CHART.toString(),
                    "--set", "product=" + product, "--values", file.toString()).redirectErrorStream(true).start();
            helm.getOutputStream().close();
            String output = Fixtures.readAll(helm.getInputStream());
            if (helm.waitFor() != 0) {
                throw new AssertionError(output);
            }
            return new Rendered(output);
        } catch (IOException e) {
            throw new AssertionError(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    /** The objects that a chart makes: one of each kind. */
    private static final class Rendered {
        final Map<String, Object> objects;
        final Object pod;

        Rendered(String output) {
            objects = Quoting.yaml(output).stream()
                    .collect(Collectors.toMap(object -> Quoting.at(object, "kind").toString(), object -> object));
            pod = Quoting.at(objects.get("StatefulSet"), "spec", "template", "spec");
        }
    }
}
