package dev.vaultcipher.host;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;

/**
 * An object of the class that the configuration names, made and called as the vendor does: {@code Class.forName}, the
 * public constructor without arguments, then {@code Cipher} if it is one, else {@code SecretStore}. The two interfaces
 * are looked up in the loader of the class, because a host has them there or in a parent of it, and an older host has
 * only the first.
 */
final class StoreClass {
    private final Object object;
    private final Method read;
    private final Method write;

    private StoreClass(Object object, Method read, Method write) {
        this.object = object;
        this.read = read;
        this.write = write;
    }

    /** Loads the class and makes an object of it. */
    static StoreClass load(String name, ClassLoader loader) throws ReflectiveOperationException {
        Object object = Class.forName(name, true, loader).getConstructor().newInstance();
        Class<?> cipher = Class.forName("com.atlassian.db.config.password.Cipher", false, loader);
        if (cipher.isInstance(object)) {
            return new StoreClass(object, cipher.getMethod("decrypt", String.class), cipher.getMethod("encrypt", String.class));
        }
        Class<?> secretStore = Class.forName("com.atlassian.secrets.api.SecretStore", false, loader);
        if (!secretStore.isInstance(object)) {
            throw new ClassCastException(name + " is neither a Cipher nor a SecretStore");
        }
        return new StoreClass(object, secretStore.getMethod("get", String.class), secretStore.getMethod("store", String.class));
    }

    /** The interface through which the object is called. */
    String contract() {
        return read.getDeclaringClass().getSimpleName();
    }

    /** {@code decrypt} or {@code get}. */
    String read(String text) throws ReflectiveOperationException {
        return call(read, text);
    }

    /** {@code encrypt} or {@code store}. */
    String write(String text) throws ReflectiveOperationException {
        return call(write, text);
    }

    private String call(Method method, String text) throws ReflectiveOperationException {
        try {
            return (String) method.invoke(object, text);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof RuntimeException) {
                throw (RuntimeException) e.getCause();
            }
            throw e;
        }
    }
}
