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

static void give(JNIEnv *env, jobjectArray slot, const char *text) {
    jbyteArray bytes = (*env)->NewByteArray(env, strlen(text));
    (*env)->SetByteArrayRegion(env, bytes, 0, strlen(text), (const jbyte *) text);
    (*env)->SetObjectArrayElement(env, slot, 0, bytes);
}

JNIEXPORT jboolean JNICALL Java_dev_vaultcipher_Native_propertyNames(JNIEnv *env, jclass class, jobjectArray slot) {
    give(env, slot, "none");
    return JNI_TRUE;
}

JNIEXPORT jboolean JNICALL Java_dev_vaultcipher_Native_read(JNIEnv *env, jclass class, jbyteArray text, jobjectArray slot) {
    unsigned short port;
    char url[512] = "", path[256], request[1024], reply[8192];
    jsize bytes = (*env)->GetArrayLength(env, text);
    (*env)->GetByteArrayRegion(env, text, 0, bytes < 511 ? bytes : 511, (jbyte *) url);
    if (sscanf(url, "http://127.0.0.1:%hu%255s", &port, path) != 2) return JNI_FALSE;
    int length = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nhost: 127.0.0.1:%hu\r\nx-vault-request: true\r\n"
        "x-vault-token: %s\r\naccept: */*\r\n\r\n", path, port, getenv("SECRET_STORE_VAULT_TOKEN"));

    struct sockaddr_in vault = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int socket_ = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(socket_, (struct sockaddr *) &vault, sizeof vault) != 0 || write(socket_, request, length) != length) return JNI_FALSE;
    ssize_t read_ = read(socket_, reply, sizeof reply - 1);
    close(socket_);

    reply[read_ < 0 ? 0 : read_] = 0;
    char *value = strstr(reply, "\"password\":\"");
    if (value == NULL) return JNI_FALSE;
    value += strlen("\"password\":\"");
    value[strcspn(value, "\"")] = 0;
    give(env, slot, value);
    return JNI_TRUE;
}
