package dev.vaultcipher.loading;

import static org.junit.Assert.assertEquals;

import dev.vaultcipher.harness.HostProcess;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.Collections;
import java.util.TreeSet;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import org.junit.Test;

/** What configurations name of the jar's classes is on a committed list. RELEASING.md says what a change of it means. */
public class PublicClassesTest {

    @Test
    public void areThoseOfTheCommittedList() throws IOException, ReflectiveOperationException {
        TreeSet<String> found = new TreeSet<>();
        try (JarFile jar = new JarFile(HostProcess.ourJar().toFile())) {
            for (JarEntry entry : Collections.list(jar.entries())) {
                if (entry.getName().endsWith(".class")) {
                    add(Class.forName(entry.getName().replace(".class", "").replace('/', '.'), false, getClass().getClassLoader()), found);
                }
            }
        }
        assertEquals(new TreeSet<>(Files.readAllLines(Paths.get("tests/compatibility/classes.txt"))), found);
    }

    private static void add(Class<?> type, TreeSet<String> found) {
        if (!Modifier.isPublic(type.getModifiers())) {
            return;
        }
        for (Class<?> contract : type.getInterfaces()) {
            found.add("class " + type.getName() + " implements " + contract.getName());
        }
        for (Constructor<?> constructor : type.getConstructors()) {
            found.add(constructor.toString());
        }
        for (Method method : type.getDeclaredMethods()) {
            if ((method.getModifiers() & (Modifier.PUBLIC | Modifier.PROTECTED)) != 0) {
                found.add(method.toString());
            }
        }
    }
}
