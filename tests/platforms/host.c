/*
 * Stands for a JVM where there is none for the platform: loads the library, and calls Native.read with what it needs of JNI.
 *
 *     host LIBRARY TEXT
 *
 * Prints the secret, or its error with "error: " before it and exit code 1. A function of JNI that is not there ends it.
 */
#include <dlfcn.h>
#include <jni.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An object of Java: a class, an array of bytes or of objects, or a method by its name. */
typedef struct object {
    size_t length;
    char *bytes;
    struct object *element;
} object;

static object class_native;

static object *array(const char *bytes, size_t length) {
    object *made = calloc(1, sizeof *made);
    made->length = length;
    made->bytes = malloc(length + 1);
    memcpy(made->bytes, bytes, length);
    made->bytes[length] = 0;
    return made;
}

static void missing(void) {
    fputs("a function of JNI that host.c does not have was called\n", stderr);
    abort();
}

static jint version(JNIEnv *env) { return JNI_VERSION_1_8; }
static jboolean exception_check(JNIEnv *env) { return JNI_FALSE; }
static jthrowable exception_occurred(JNIEnv *env) { return NULL; }
static jint push_frame(JNIEnv *env, jint capacity) { return 0; }
static jobject pop_frame(JNIEnv *env, jobject result) { return result; }
static jobject same_ref(JNIEnv *env, jobject reference) { return reference; }
static void delete_ref(JNIEnv *env, jobject reference) {}
static jsize array_length(JNIEnv *env, jarray array) { return (jsize)((object *)array)->length; }
static jobject get_element(JNIEnv *env, jobjectArray array, jsize index) { return (jobject)((object *)array)->element; }

static void get_bytes(JNIEnv *env, jbyteArray array, jsize start, jsize length, jbyte *to) {
    memcpy(to, ((object *)array)->bytes + start, length);
}

static void set_bytes(JNIEnv *env, jbyteArray array, jsize start, jsize length, const jbyte *from) {
    memcpy(((object *)array)->bytes + start, from, length);
}

static jmethodID static_method(JNIEnv *env, jclass class, const char *name, const char *signature) {
    return (jmethodID)array(name, strlen(name));
}

/* void room(byte[][] slot, int length) */
static void call_void(JNIEnv *env, jclass class, jmethodID method, const jvalue *arguments) {
    char *zeros = calloc(1, arguments[1].i + 1);
    ((object *)arguments[0].l)->element = array(zeros, arguments[1].i);
    free(zeros);
}

/* What Native.java does when nothing is set, nobody interrupts, and there is no trust store. */
static jboolean call_boolean(JNIEnv *env, jclass class, jmethodID method, const jvalue *arguments) {
    const char *name = ((object *)method)->bytes;
    object *slot = (object *)arguments[0].l;
    if (strcmp(name, "warn") == 0) {
        fprintf(stderr, "WARNING: %s\n", slot->element->bytes);
        return JNI_TRUE;
    }
    if (strcmp(name, "properties") == 0) {
        slot->element = array("", 0);
        return JNI_TRUE;
    }
    return strcmp(name, "startKeeper") == 0;
}

static struct JNINativeInterface_ functions;
static const struct JNINativeInterface_ *environment = &functions;
static struct JNIInvokeInterface_ invoke_functions;
static const struct JNIInvokeInterface_ *jvm = &invoke_functions;

static jint java_vm(JNIEnv *env, JavaVM **vm) {
    *vm = (JavaVM *)&jvm;
    return JNI_OK;
}

static jint get_env(JavaVM *vm, void **env, jint wanted) {
    *env = &environment;
    return JNI_OK;
}

static void fill(void *table, size_t size) {
    for (size_t i = 0; i < size / sizeof(void *); i++) {
        ((void **)table)[i] = (void *)missing;
    }
}

static void *run(void *given) {
    char **arguments = given;
    fill(&functions, sizeof functions);
    fill(&invoke_functions, sizeof invoke_functions);
    functions.GetVersion = version;
    functions.ExceptionCheck = exception_check;
    functions.ExceptionOccurred = exception_occurred;
    functions.PushLocalFrame = push_frame;
    functions.PopLocalFrame = pop_frame;
    functions.NewLocalRef = same_ref;
    functions.NewGlobalRef = same_ref;
    functions.DeleteLocalRef = delete_ref;
    functions.DeleteGlobalRef = delete_ref;
    functions.GetArrayLength = array_length;
    functions.GetObjectArrayElement = get_element;
    functions.GetByteArrayRegion = get_bytes;
    functions.SetByteArrayRegion = set_bytes;
    functions.GetStaticMethodID = static_method;
    functions.CallStaticVoidMethodA = call_void;
    functions.CallStaticBooleanMethodA = call_boolean;
    functions.GetJavaVM = java_vm;
    invoke_functions.GetEnv = get_env;

    void *library = dlopen(arguments[1], RTLD_NOW);
    if (library == NULL) {
        printf("error: %s\n", dlerror());
        return (void *)1;
    }
    jboolean (*read)(JNIEnv *, jclass, jbyteArray, jobjectArray) =
        (jboolean (*)(JNIEnv *, jclass, jbyteArray, jobjectArray))dlsym(library, "Java_dev_vaultcipher_Native_read___3B_3_3B");
    jlong (*keep)(JNIEnv *, jclass, jboolean, jobjectArray) =
        (jlong (*)(JNIEnv *, jclass, jboolean, jobjectArray))dlsym(library, "Java_dev_vaultcipher_Native_keep__Z_3_3B");
    if (read == NULL || keep == NULL) {
        printf("error: the library lacks a function that Native.java declares\n");
        return (void *)1;
    }
    object slot = {1, NULL, NULL};
    JNIEnv *env = (JNIEnv *)&environment;
    jboolean found =
        read(env, (jclass)&class_native, (jbyteArray)array(arguments[2], strlen(arguments[2])), (jobjectArray)&slot);
    printf("%s%s", found ? "" : "error: ", slot.element == NULL ? "no answer" : slot.element->bytes);
    object other_slot = {1, NULL, NULL};
    keep(env, (jclass)&class_native, JNI_TRUE, (jobjectArray)&other_slot);
    return (void *)(size_t)(found ? 0 : 1);
}

/* On a thread with the stack that a JVM's have, not on the process's first, as the java program does it. */
int main(int count, char **arguments) {
    pthread_attr_t attributes;
    pthread_t thread;
    void *outcome;
    if (count != 3 || pthread_attr_init(&attributes) != 0 || pthread_attr_setstacksize(&attributes, 1 << 20) != 0 ||
        pthread_create(&thread, &attributes, run, arguments) != 0 || pthread_join(thread, &outcome) != 0) {
        return 2;
    }
    return (int)(size_t)outcome;
}
