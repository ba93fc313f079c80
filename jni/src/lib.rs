//! The library that the JVM loads. The only crate that knows JNI.
//!
//! - this file: the native methods of `dev.vaultcipher.Native`
//! - [`host`]: the JVM as the core's [`vault_cipher::Host`]
//! - [`exchange`]: bytes from Java and to Java
//! - [`tool`]: the JVM as the command-line tool's machine
//! - [`outcome`]: what a call gives Java: an answer, or what a call-back threw; panics end here
//!
//! Rules, and why:
//!
//! - **No class is looked up.** In jni 0.22 an exception that a class look-up throws is matched by looking up another class: with
//!   a full heap that recurses until the JVM crashes. Only functions of jni are used here that look up no class unless the library
//!   and the jar are of different versions. Nothing is thrown from Rust: Java makes its exceptions.
//! - **Everything crosses as UTF-8 bytes** in arrays that Java allocates, so that an array that does not fit into the heap is
//!   Java's own `OutOfMemoryError`, and so that no copy of a secret is left that cannot be overwritten.
//! - **No thread is attached, no reference outlives a call:** the calling Java thread does the work. Nothing of this keeps a
//!   class loader alive.

mod exchange;
mod host;
mod outcome;
mod tool;

use std::alloc::System;

use jni::objects::{JByteArray, JClass, JObjectArray};
use jni::{Env, native_method};
use vault_cipher::Service;
use zeroize::Zeroizing;
use zeroizing_alloc::ZeroAlloc;

use exchange::{Exchange, bytes_of, text_of};
use host::Jvm;
use outcome::{NoAnswer, answer, silence_panics};

/// All memory of the library is overwritten when it is freed, that of the HTTP and TLS libraries too: their buffers hold tokens and
/// values. The JVM's own memory is not concerned.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

/// All state of the library, and its only mutable static.
static SERVICE: Service = Service::new();

/// `byte[][]`, one element long: where the other side finds bytes.
pub(crate) type Slot<'local> = JObjectArray<'local, JByteArray<'local>>;

// The run-time check of the second argument looks up java.lang.Class. Native.java declares static methods only.

/// `dev.vaultcipher.Native.propertyNames(byte[][])`.
const _: jni::NativeMethod = native_method! {
    java_type = "dev.vaultcipher.Native",
    static extern fn property_names(slot: jbyte[][]) -> jboolean,
    error_policy = NoAnswer,
    abi_check = UnsafeNever,
};

/// `dev.vaultcipher.Native.read(byte[], byte[][])`.
const _: jni::NativeMethod = native_method! {
    java_type = "dev.vaultcipher.Native",
    static extern fn read(text: jbyte[], slot: jbyte[][]) -> jboolean,
    error_policy = NoAnswer,
    abi_check = UnsafeNever,
};

/// `dev.vaultcipher.Native.store(byte[], byte[][])`.
const _: jni::NativeMethod = native_method! {
    java_type = "dev.vaultcipher.Native",
    static extern fn store(text: jbyte[], slot: jbyte[][]) -> jboolean,
    error_policy = NoAnswer,
    abi_check = UnsafeNever,
};

/// `dev.vaultcipher.Native.keep(boolean, byte[][])`.
const _: jni::NativeMethod = native_method! {
    java_type = "dev.vaultcipher.Native",
    static extern fn keep(stopping: jboolean, slot: jbyte[][]) -> jlong,
    error_policy = NoAnswer,
    abi_check = UnsafeNever,
};

/// `dev.vaultcipher.Native.command(byte[], byte[][])`.
const _: jni::NativeMethod = native_method! {
    java_type = "dev.vaultcipher.Native",
    static extern fn command(arguments: jbyte[], slot: jbyte[][]) -> jint,
    error_policy = NoAnswer,
    abi_check = UnsafeNever,
};

fn property_names<'local>(env: &mut Env<'local>, class: JClass<'local>, slot: Slot<'local>) -> jni::errors::Result<bool> {
    silence_panics();
    Ok(answer(&Exchange::new(env, &class, &slot), |_| Ok(Zeroizing::new(host::property_names()))))
}

fn read<'local>(
    env: &mut Env<'local>,
    class: JClass<'local>,
    text: JByteArray<'local>,
    slot: Slot<'local>,
) -> jni::errors::Result<bool> {
    let text = text_of(env, &text)?;
    Ok(answer(&Exchange::new(env, &class, &slot), |jvm| {
        jvm.ask_environment()?;
        SERVICE.resolve(&text, jvm).map(|secret| Zeroizing::new(secret.expose().to_owned()))
    }))
}

fn store<'local>(
    env: &mut Env<'local>,
    class: JClass<'local>,
    text: JByteArray<'local>,
    slot: Slot<'local>,
) -> jni::errors::Result<bool> {
    let text = text_of(env, &text)?;
    Ok(answer(&Exchange::new(env, &class, &slot), |jvm| {
        jvm.ask_environment()?;
        SERVICE.store(&text, jvm).map(Zeroizing::new)
    }))
}

/// One turn of the keeper; the milliseconds until the next, 0 for none.
fn keep<'local>(env: &mut Env<'local>, class: JClass<'local>, stopping: bool, slot: Slot<'local>) -> jni::errors::Result<i64> {
    let exchange = Exchange::new(env, &class, &slot);
    let wait = SERVICE.maintain(&Jvm::new(&exchange), stopping);
    // Rounded up: a turn too early finds nothing to do.
    Ok(wait.map_or(0, |wait| i64::try_from(wait.as_millis()).unwrap_or(i64::MAX).saturating_add(1)))
}

fn command<'local>(
    env: &mut Env<'local>,
    class: JClass<'local>,
    arguments: JByteArray<'local>,
    slot: Slot<'local>,
) -> jni::errors::Result<i32> {
    let arguments = bytes_of(env, &arguments)?;
    let exchange = Exchange::new(env, &class, &slot);
    let exit = tool::run(&arguments, &exchange);
    exchange.rethrow();
    Ok(exit)
}
