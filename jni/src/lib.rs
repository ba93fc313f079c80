//! The only file that knows JNI: the functions that Java calls, the host as seen through Java, and the rule that nothing
//! crosses to Java but a text or an exception.
//!
//! There is no `JNI_OnLoad`, no handle and no attached thread: the calling Java thread does the work, so that it can log
//! and notice an interrupt on the way, and nothing is left when it returns.

use std::any::Any;
use std::cell::{OnceCell, RefCell};
use std::sync::atomic::{AtomicBool, Ordering};

use jni::errors::ErrorPolicy;
use jni::objects::{JByteArray, JClass, JObjectArray, JString, JValue};
use jni::strings::JNIStr;
use jni::{Env, jni_sig, jni_str, native_method};
use zeroize::Zeroizing;

use vault_cipher::{Environment, Error, Host, Service, property_names};

/// All state of the library.
static SERVICE: Service = Service::new();

/// `dev.vaultcipher.Native.resolve(String)`.
const _: jni::NativeMethod = native_method! {
    java_type = "dev.vaultcipher.Native",
    static extern fn resolve(text: JString) -> JString,
    error_policy = IllegalState,
};

/// `dev.vaultcipher.Native.write(String)`.
const _: jni::NativeMethod = native_method! {
    java_type = "dev.vaultcipher.Native",
    static extern fn write(text: JString) -> JString,
    error_policy = IllegalState,
};

/// `dev.vaultcipher.Native.keep(boolean)`.
const _: jni::NativeMethod = native_method! {
    java_type = "dev.vaultcipher.Native",
    static extern fn keep(stopping: jboolean) -> jlong,
    error_policy = IllegalState,
};

fn resolve<'local>(env: &mut Env<'local>, class: JClass<'local>, text: JString<'local>) -> Result<JString<'local>, Failure> {
    let text = zeroize::Zeroizing::new(to_string(env, &text)?);
    let secret = SERVICE.resolve(&text, &Jvm::new(env, class))?;
    Ok(env.new_string(secret.expose())?)
}

fn write<'local>(env: &mut Env<'local>, class: JClass<'local>, text: JString<'local>) -> Result<JString<'local>, Failure> {
    let text = zeroize::Zeroizing::new(to_string(env, &text)?);
    let stored = SERVICE.store(&text, &Jvm::new(env, class))?;
    Ok(env.new_string(stored)?)
}

/// The same as `try_to_string`, whose decoder first asks the CPU what it can: a tenth of a millisecond on a virtual machine, where
/// each such question leaves it. The JVM's own encoding differs from UTF-8 in characters that hardly any text has.
fn to_string(env: &Env<'_>, text: &JString<'_>) -> jni::errors::Result<String> {
    let chars = text.mutf8_chars(env)?;
    match std::str::from_utf8(chars.to_bytes()) {
        Ok(text) => Ok(text.to_owned()),
        Err(_) => Ok(chars.to_string()),
    }
}

/// One turn of the keeper; the milliseconds until the next, 0 for none.
fn keep<'local>(env: &mut Env<'local>, class: JClass<'local>, stopping: bool) -> Result<i64, Failure> {
    let wait = SERVICE.maintain(&Jvm::new(env, class), stopping);
    // Rounded up: a turn too early finds nothing to do.
    Ok(wait.map_or(0, |wait| i64::try_from(wait.as_millis()).unwrap_or(i64::MAX).saturating_add(1)))
}

/// Why a native method failed.
enum Failure {
    Library(Box<Error>),
    Jni(jni::errors::Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Library(Box::new(error))
    }
}

impl From<jni::errors::Error> for Failure {
    fn from(error: jni::errors::Error) -> Self {
        Self::Jni(error)
    }
}

/// System properties by their names.
type Properties = Vec<(String, Zeroizing<String>)>;

/// The JVM as the core's host, on the thread that called. The callbacks are static methods of the class that declares the
/// native method: it is at hand, whatever the class loaders.
struct Jvm<'env, 'local> {
    env: RefCell<&'env mut Env<'local>>,
    class: JClass<'local>,
    /// As it was when the call first asked.
    environment: OnceCell<Environment>,
}

impl<'env, 'local> Jvm<'env, 'local> {
    fn new(env: &'env mut Env<'local>, class: JClass<'local>) -> Self {
        Self { env: RefCell::new(env), class, environment: OnceCell::new() }
    }

    /// The properties that count and are set: usually there is none. One question instead of seventy: each costs a microsecond,
    /// and ten times that in a fresh JVM.
    fn properties(&self) -> Option<Properties> {
        /// Whether Java knows their names.
        static NAMED: AtomicBool = AtomicBool::new(false);
        let ask = || {
            let names = (!NAMED.load(Ordering::Relaxed)).then(|| property_names().flat_map(|name| [name, "\n"]).collect());
            let set = self.call(|env, class| {
                let names = names.map_or_else(|| Ok(JString::null()), |names: String| env.new_string(names))?;
                let signature = jni_sig!((java.lang.String) -> java.lang.String[]);
                let set = env.call_static_method(class, jni_str!("properties"), signature, &[JValue::from(&names)])?.l()?;
                if set.is_null() {
                    return Ok(Vec::new());
                }
                pairs(env, &env.cast_local::<JObjectArray<JString>>(set)?)
            });
            NAMED.store(set.is_ok(), Ordering::Relaxed);
            set.ok()
        };
        ask()
    }

    /// A static method from a text to a text; `None` when it returns null or fails.
    fn ask(&self, method: &'static JNIStr, text: &str) -> Option<String> {
        self.call(|env, class| {
            let text = env.new_string(text)?;
            let answer = env
                .call_static_method(class, method, jni_sig!((java.lang.String) -> java.lang.String), &[JValue::from(&text)])?
                .l()?;
            if answer.is_null() {
                return Ok(None);
            }
            let answer = env.cast_local::<JString>(answer)?;
            to_string(env, &answer).map(Some)
        })
        .ok()
        .flatten()
    }

    /// Runs one callback in a local frame of its own, so that no reference is left however often it is called.
    ///
    /// The error is what was thrown, in Java's words; it is no longer pending then.
    fn call<T>(&self, callback: impl FnOnce(&mut Env<'_>, &JClass<'_>) -> jni::errors::Result<T>) -> Result<T, String> {
        let env = self.env.borrow_mut();
        env.with_local_frame(8, |env| callback(env, &self.class)).map_err(|error| match env.exception_catch() {
            Err(jni::errors::Error::CaughtJavaException { name, msg, .. }) => format!("{name}: {msg}"),
            _ => error.to_string(),
        })
    }
}

/// Names and values in turn, up to the first null.
fn pairs(env: &mut Env<'_>, array: &JObjectArray<JString>) -> jni::errors::Result<Properties> {
    let mut texts = Vec::new();
    for i in 0..array.len(env)? {
        let text = array.get_element(env, i)?;
        if text.is_null() {
            break;
        }
        texts.push(Zeroizing::new(to_string(env, &text)?));
        // One reference at a time: there is room for a few only.
        env.delete_local_ref(text);
    }
    let mut texts = texts.into_iter();
    Ok(std::iter::from_fn(|| texts.next().zip(texts.next())).map(|(name, value)| (name.to_string(), value)).collect())
}

impl Host for Jvm<'_, '_> {
    fn environment(&self) -> &Environment {
        self.environment.get_or_init(|| {
            let mut properties = self.properties().unwrap_or_default();
            if let Some(home) = self.ask(jni_str!("property"), "java.home") {
                properties.push(("java.home".to_owned(), Zeroizing::new(home)));
            }
            Environment::of_process(properties)
        })
    }

    fn trusted_certificates(&self) -> Result<Vec<Vec<u8>>, String> {
        self.call(|env, class| {
            let found = env.call_static_method(class, jni_str!("trustedCertificates"), jni_sig!(() -> byte[][]), &[])?.l()?;
            let found = env.cast_local::<JObjectArray<JByteArray>>(found)?;
            let mut certificates = Vec::new();
            for i in 0..found.len(env)? {
                let certificate = found.get_element(env, i)?;
                certificates.push(env.convert_byte_array(&certificate)?);
                // One reference at a time: a trust store may have thousands of certificates.
                env.delete_local_ref(certificate);
            }
            Ok(certificates)
        })
    }

    fn warn(&self, message: &str) {
        // A warning that cannot be given must not stop the work.
        let _ = self.call(|env, class| {
            let message = env.new_string(message)?;
            env.call_static_method(class, jni_str!("warn"), jni_sig!((java.lang.String) -> void), &[JValue::from(&message)])?.v()
        });
    }

    fn start_keeper(&self) -> bool {
        self.call(|env, class| env.call_static_method(class, jni_str!("startKeeper"), jni_sig!(() -> boolean), &[])?.z())
            .unwrap_or(false)
    }

    fn interrupted(&self) -> bool {
        self.call(|env, class| env.call_static_method(class, jni_str!("interrupted"), jni_sig!(() -> boolean), &[])?.z())
            .unwrap_or(false)
    }
}

/// Errors and panics become `java.lang.IllegalStateException`, which every JVM has; the Java classes wrap it as their
/// contract wants.
struct IllegalState;

impl IllegalState {
    fn throw(env: &mut Env<'_>, message: &str) {
        // An exception that is already pending says more than ours could.
        if env.exception_check() {
            return;
        }
        // Throwing is reported as an error in turn, and there is nobody left to tell.
        let _ = env.throw_new(
            jni_str!("java/lang/IllegalStateException"),
            jni::strings::JNIString::from(format!("vault-cipher: {message}")),
        );
    }
}

impl<T: Default> ErrorPolicy<T, Failure> for IllegalState {
    type Captures<'unowned_env_local: 'native_method, 'native_method> = ();

    fn on_error<'unowned_env_local: 'native_method, 'native_method>(
        env: &mut Env<'unowned_env_local>,
        (): &mut (),
        error: Failure,
    ) -> jni::errors::Result<T> {
        let error = match error {
            Failure::Library(error) => *error,
            Failure::Jni(error) => Error::internal(format!("JNI: {error}")),
        };
        Self::throw(env, &error.to_string());
        Ok(T::default())
    }

    fn on_panic<'unowned_env_local: 'native_method, 'native_method>(
        env: &mut Env<'unowned_env_local>,
        (): &mut (),
        payload: Box<dyn Any + Send + 'static>,
    ) -> jni::errors::Result<T> {
        let what = match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>()) {
            (Some(text), _) => text,
            (_, Some(text)) => text.as_str(),
            _ => "a panic without words",
        };
        Self::throw(env, &Error::internal(what.chars().take(300).collect::<String>()).to_string());
        Ok(T::default())
    }
}
