//! Bytes from Java and to Java, and static methods of `dev.vaultcipher.Native` that are called on the way.

use std::cell::Cell;

use jni::errors::{Error, JniError, Result};
use jni::objects::{JByteArray, JClass, JThrowable};
use jni::refs::Global;
use jni::signature::MethodSignature;
use jni::strings::JNIStr;
use jni::sys::jbyte;
use jni::{Env, JValue, JValueOwned, jni_sig, jni_str};
use zeroize::Zeroizing;

use crate::Slot;

/// The text that Java handed over. Java has judged its length; what is not UTF-8 is replaced.
pub(crate) fn text_of(env: &Env<'_>, array: &JByteArray<'_>) -> Result<Zeroizing<String>> {
    let bytes = bytes_of(env, array)?;
    Ok(Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned()))
}

/// The bytes of an array.
pub(crate) fn bytes_of(env: &Env<'_>, array: &JByteArray<'_>) -> Result<Zeroizing<Vec<u8>>> {
    let length = array.len(env)?;
    let mut signed = Zeroizing::new(Vec::<jbyte>::new());
    signed.try_reserve_exact(length).map_err(|_| Error::JniCall(JniError::NoMemory))?;
    signed.resize(length, 0);
    array.get_region(env, 0, &mut signed)?;
    let mut bytes = Zeroizing::new(Vec::new());
    bytes.try_reserve_exact(length).map_err(|_| Error::JniCall(JniError::NoMemory))?;
    bytes.extend(signed.iter().map(|byte| byte.cast_unsigned()));
    Ok(bytes)
}

/// Texts and byte strings in one array: each has its length in four bytes before it, as `java.io.DataOutputStream` writes it.
pub(crate) fn parts(mut framed: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (length, rest) = framed.split_first_chunk::<4>()?;
        let (part, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        framed = rest;
        Some(part)
    })
}

/// Appends to an array what [`parts`] reads.
pub(crate) fn append(framed: &mut Vec<u8>, part: &[u8]) {
    // Java has no array that is longer.
    let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
    framed.extend(length.to_be_bytes());
    framed.extend(part);
}

/// One call from Java: its environment, its class, and the array through which bytes go.
pub(crate) struct Exchange<'call, 'local> {
    env: &'call Env<'local>,
    class: &'call JClass<'local>,
    slot: &'call Slot<'local>,
    /// What a call-back threw. From then on Java is asked nothing more, and the call throws it in the end.
    thrown: Cell<Option<Global<JThrowable<'static>>>>,
    has_thrown: Cell<bool>,
}

impl<'call, 'local> Exchange<'call, 'local> {
    pub(crate) fn new(env: &'call Env<'local>, class: &'call JClass<'local>, slot: &'call Slot<'local>) -> Self {
        Self { env, class, slot, thrown: Cell::new(None), has_thrown: Cell::new(false) }
    }

    /// Whether a call-back threw.
    pub(crate) fn has_thrown(&self) -> bool {
        self.has_thrown.get()
    }

    /// Puts bytes into the slot, in an array that Java allocates.
    pub(crate) fn put(&self, bytes: &[u8]) -> Option<()> {
        self.run(|env| self.put_in(env, bytes))
    }

    /// The bytes that the last call-back left in the slot.
    pub(crate) fn take(&self) -> Option<Zeroizing<Vec<u8>>> {
        self.run(|env| {
            let array = self.slot.get_element(env, 0)?;
            bytes_of(env, &array)
        })
    }

    /// A static method that takes the slot and gives a boolean; `None` when it throws.
    pub(crate) fn ask(&self, method: &'static JNIStr) -> Option<bool> {
        let signature = jni_sig!((jbyte[][]) -> jboolean);
        self.run(|env| self.invoke(env, method, &signature)?.z())
    }

    /// As [`Self::ask`], with a text in the slot.
    pub(crate) fn tell(&self, method: &'static JNIStr, text: &str) -> Option<bool> {
        self.tell_bytes(method, text.as_bytes())
    }

    /// As [`Self::ask`], with bytes in the slot.
    pub(crate) fn tell_bytes(&self, method: &'static JNIStr, bytes: &[u8]) -> Option<bool> {
        let signature = jni_sig!((jbyte[][]) -> jboolean);
        self.run(|env| {
            self.put_in(env, bytes)?;
            self.invoke(env, method, &signature)?.z()
        })
    }

    fn invoke<'frame>(
        &self,
        env: &mut Env<'frame>,
        method: &'static JNIStr,
        signature: &MethodSignature<'_, '_>,
    ) -> Result<JValueOwned<'frame>> {
        env.call_static_method(self.class, method, signature, &[JValue::from(self.slot)])
    }

    fn put_in(&self, env: &mut Env<'_>, bytes: &[u8]) -> Result<()> {
        let length = i32::try_from(bytes.len()).map_err(|_| Error::JniCall(JniError::NoMemory))?;
        let arguments = [JValue::from(self.slot), JValue::from(length)];
        env.call_static_method(self.class, jni_str!("room"), jni_sig!((jbyte[][], jint) -> void), &arguments)?;
        let mut signed = Zeroizing::new(Vec::<jbyte>::new());
        signed.try_reserve_exact(bytes.len()).map_err(|_| Error::JniCall(JniError::NoMemory))?;
        signed.extend(bytes.iter().map(|byte| byte.cast_signed()));
        self.slot.get_element(env, 0)?.set_region(env, 0, &signed)
    }

    /// Runs one call-back in a local frame of its own, so that no reference is left however often it is called. What it throws
    /// is taken and kept: no function of JNI may be called while an exception is pending.
    fn run<T>(&self, callback: impl FnOnce(&mut Env<'_>) -> Result<T>) -> Option<T> {
        if self.has_thrown() {
            return None;
        }
        let outcome = self.env.with_local_frame(8, |env| {
            let outcome = callback(env);
            if let Some(throwable) = env.exception_occurred() {
                env.exception_clear();
                self.has_thrown.set(true);
                self.thrown.set(env.new_global_ref(&throwable).ok());
            }
            outcome
        });
        if self.has_thrown() { None } else { outcome.ok() }
    }

    /// Throws in Java what a call-back threw; whether there was something.
    pub(crate) fn rethrow(&self) -> bool {
        if let Some(throwable) = self.thrown.take() {
            // The error only says that the exception is pending now.
            let _ = self.env.with_top_local_frame(|env| env.throw(&throwable));
        }
        self.has_thrown()
    }
}
