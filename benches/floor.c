/*
 * The floor of a first secret in a JVM: it takes the native library's place beside the jar, so that Java does just what it does
 * with that, and then only connects, writes one request and takes the value out of the reply. No settings, no TLS, no checks,
 * nothing kept. The text is the URL of the secret.
 */
#include <arpa/inet.h>
#include <jni.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

JNIEXPORT jstring JNICALL Java_dev_vaultcipher_Native_resolve(JNIEnv *env, jclass class, jstring text) {
    unsigned short port;
    char path[256], request[1024], reply[8192];
    const char *url = (*env)->GetStringUTFChars(env, text, NULL);
    if (sscanf(url, "http://127.0.0.1:%hu%255s", &port, path) != 2) return NULL;
    (*env)->ReleaseStringUTFChars(env, text, url);
    int length = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nhost: 127.0.0.1:%hu\r\nx-vault-request: true\r\n"
        "x-vault-token: %s\r\naccept: */*\r\n\r\n", path, port, getenv("SECRET_STORE_VAULT_TOKEN"));

    struct sockaddr_in vault = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int socket_ = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(socket_, (struct sockaddr *) &vault, sizeof vault) != 0 || write(socket_, request, length) != length) return NULL;
    ssize_t read_ = read(socket_, reply, sizeof reply - 1);
    close(socket_);

    reply[read_ < 0 ? 0 : read_] = 0;
    char *value = strstr(reply, "\"password\":\"");
    if (value == NULL) return NULL;
    value += strlen("\"password\":\"");
    value[strcspn(value, "\"")] = 0;
    return (*env)->NewStringUTF(env, value);
}
