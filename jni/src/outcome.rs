//! What a call gives Java: an answer, or what a call-back threw. A panic ends here.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use jni::Env;
use jni::errors::ErrorPolicy;
use vault_cipher::{Code, Error};
use zeroize::Zeroizing;

use crate::exchange::Exchange;
use crate::host::Jvm;

/// What a call may need of the calling thread's stack, in bytes: a TLS handshake takes up to 85 kB, and the JVM keeps 20 kB at
/// the end for itself. The JVM lets nobody in with less than 80 kB.
const STACK: usize = 128 * 1024;

/// Does the work and puts its result into the slot: the text if this is true, and if it is false, the message of the exception
/// that Java throws. With an empty slot there was no memory even for a message.
pub(crate) fn answer(
    exchange: &Exchange<'_, '_>,
    work: impl FnOnce(&Jvm<'_, '_, '_>) -> Result<Zeroizing<String>, Error>,
) -> bool {
    let jvm = Jvm::new(exchange);
    let outcome = match stacker::remaining_stack() {
        Some(left) if left < STACK => Err(format!(
            "The thread that calls has {} kB of its stack left, and reading a secret takes up to {} kB. What to do: call from a \
             thread with a larger stack (-Xss, or the stack size that the server gives its threads), or earlier on it ({})",
            left / 1024,
            STACK / 1024,
            Code::JAVA_STACK
        )),
        _ => caught(|| work(&jvm)).map_err(|error| error.to_string()),
    };
    if exchange.rethrow() {
        return false;
    }
    let put = match &outcome {
        Ok(text) => exchange.put(text.as_bytes()),
        Err(message) => exchange.put(format!("vault-cipher: {message}").as_bytes()),
    };
    exchange.rethrow();
    put.is_some() && outcome.is_ok()
}

/// As the work's own outcome; a panic is an error.
fn caught<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| Err(Error::internal(words_of(payload.as_ref()))))
}

fn words_of(payload: &(dyn Any + Send)) -> String {
    // Words that were put together at run time may quote what the panic is about: a secret, for one.
    let what = payload.downcast_ref::<&'static str>().copied().unwrap_or("a panic");
    let place = PLACE.take();
    what.chars().take(300).chain(" at ".chars()).chain(place.chars()).collect()
}

thread_local! {
    /// Where this thread panicked last.
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// From now on a panic writes nothing to the host's standard error: its message says where it was.
pub(crate) fn silence_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let _ = PLACE.try_with(|kept| kept.replace(place));
    }));
}

/// For errors and panics outside of [`answer`]: nothing is thrown, and Java finds an empty slot.
pub(crate) struct NoAnswer;

impl<T: Default> ErrorPolicy<T, jni::errors::Error> for NoAnswer {
    type Captures<'unowned_env_local: 'native_method, 'native_method> = ();

    fn on_error<'unowned_env_local: 'native_method, 'native_method>(
        _: &mut Env<'unowned_env_local>,
        (): &mut (),
        _: jni::errors::Error,
    ) -> jni::errors::Result<T> {
        Ok(T::default())
    }

    fn on_panic<'unowned_env_local: 'native_method, 'native_method>(
        _: &mut Env<'unowned_env_local>,
        (): &mut (),
        _: Box<dyn Any + Send + 'static>,
    ) -> jni::errors::Result<T> {
        Ok(T::default())
    }
}
