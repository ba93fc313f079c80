package dev.vaultcipher.harness;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URL;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An AWS account in moto, a stand-in for STS and IAM that checks signatures. It checks neither the date nor the region of a
 * signature.
 */
public final class AmazonAccount implements AutoCloseable {
    /** Moto's only account. */
    public static final String ID = "123456789012";

    /** A pair of keys, with a session token where the keys are temporary. */
    public static final class Keys {
        public final String id;
        public final String secret;
        public final String sessionToken;

        private Keys(String id, String secret, String sessionToken) {
            this.id = id;
            this.secret = Canaries.keep(secret);
            this.sessionToken = sessionToken == null ? null : Canaries.keep(sessionToken);
        }
    }

    private final int port = Fixtures.freePorts(1);
    private final PythonServer server;
    private final Keys administrator;

    private AmazonAccount() {
        server = PythonServer.start(this::answers, "", "-m", "moto.server", "-H", "127.0.0.1", "-p", Integer.toString(port));
        administrator = createUser("administrator");
    }

    /** Starts it. Signatures are checked after {@link #checkSignatures}. */
    public static AmazonAccount start() {
        return new AmazonAccount();
    }

    public String address() {
        return "http://127.0.0.1:" + port;
    }

    /** What Vault's method needs to be configured with: JSON without its braces. */
    public String configuration() {
        return "\"sts_endpoint\":\"" + address() + "\",\"iam_endpoint\":\"" + address() + "\",\"endpoint\":\"" + address()
                + "\",\"access_key\":\"" + administrator.id + "\",\"secret_key\":" + Fixtures.json(administrator.secret);
    }

    /** The same as arguments of Vault's command. */
    public String arguments() {
        return "sts_endpoint=" + address() + " iam_endpoint=" + address() + " endpoint=" + address() + " access_key="
                + administrator.id + " secret_key=" + administrator.secret;
    }

    /** A user who may do everything; its ARN is {@code arn:aws:iam::ID:user/NAME}. */
    public Keys createUser(String name) {
        call("iam", "2010-05-08", "CreateUser", "UserName", name);
        call("iam", "2010-05-08", "PutUserPolicy", "UserName", name, "PolicyName", "all", "PolicyDocument",
                "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}]}");
        String answer = call("iam", "2010-05-08", "CreateAccessKey", "UserName", name);
        return new Keys(element(answer, "AccessKeyId"), element(answer, "SecretAccessKey"), null);
    }

    /** A role that may do everything; its ARN is {@code arn:aws:iam::ID:role/NAME}. */
    public void createRole(String name) {
        call("iam", "2010-05-08", "CreateRole", "RoleName", name, "AssumeRolePolicyDocument",
                "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"sts:AssumeRole\","
                        + "\"Principal\":{\"AWS\":\"*\"}}]}");
        call("iam", "2010-05-08", "PutRolePolicy", "RoleName", name, "PolicyName", "all", "PolicyDocument",
                "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}]}");
    }

    /** Temporary keys of a role. */
    public Keys assumeRole(String name, String session) {
        String answer = call("sts", "2011-06-15", "AssumeRole", "RoleArn", "arn:aws:iam::" + ID + ":role/" + name,
                "RoleSessionName", session);
        return new Keys(element(answer, "AccessKeyId"), element(answer, "SecretAccessKey"), element(answer, "SessionToken"));
    }

    /** From now on every request must be signed by a key of the account. */
    public void checkSignatures() {
        exchange("/moto-api/reset-auth", "text/plain", "0", null);
    }

    /** The next request need not be signed. */
    public void allowOneUnsignedRequest() {
        exchange("/moto-api/reset-auth", "text/plain", "1", null);
    }

    private boolean answers() {
        try {
            exchange("/moto-api/reset-auth", "text/plain", "1000000", null);
            return true;
        } catch (UncheckedIOException notYet) {
            return false;
        }
    }

    private String call(String service, String version, String action, String... parameters) {
        StringBuilder body = new StringBuilder("Action=" + action + "&Version=" + version);
        for (int i = 0; i + 1 < parameters.length; i += 2) {
            body.append('&').append(parameters[i]).append('=').append(URLEncoder.encode(parameters[i + 1], StandardCharsets.UTF_8));
        }
        // Moto chooses the service by the scope of the signature, which it does not check yet.
        return exchange("/", "application/x-www-form-urlencoded", body.toString(),
                "AWS4-HMAC-SHA256 Credential=none/20260101/us-east-1/" + service + "/aws4_request, SignedHeaders=host, Signature=0");
    }

    private String exchange(String path, String type, String body, String authorizationOrNull) {
        try {
            HttpURLConnection connection = (HttpURLConnection) new URL(address() + path).openConnection(Proxy.NO_PROXY);
            connection.setDoOutput(true);
            connection.setRequestProperty("Content-Type", type);
            if (authorizationOrNull != null) {
                connection.setRequestProperty("Authorization", authorizationOrNull);
            }
            try (OutputStream out = connection.getOutputStream()) {
                out.write(body.getBytes(StandardCharsets.UTF_8));
            }
            int status = connection.getResponseCode();
            try (InputStream in = status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
                String answer = in == null ? "" : Fixtures.readAll(in);
                if (status != 200) {
                    throw new AssertionError(path + ": " + status + ' ' + answer);
                }
                return answer;
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String element(String xml, String name) {
        Matcher matcher = Pattern.compile('<' + name + ">([^<]*)<").matcher(xml);
        if (!matcher.find()) {
            throw new AssertionError("the answer has no " + name);
        }
        return matcher.group(1);
    }

    @Override
    public void close() {
        server.close();
    }
}
