//! Which endpoints failed a short while ago, remembered for the whole process: the next property of a start-up does not
//! run into the same dead node.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::connection::Connection;

/// How long a failed endpoint comes last.
const MEMORY: Duration = Duration::from_secs(30);

static FAILED: Mutex<Vec<(String, Instant)>> = Mutex::new(Vec::new());

/// The indices of the endpoints: those that did not fail recently first, each part in the order of the text.
pub(super) fn order(connections: &[Connection]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..connections.len()).collect();
    if connections.len() > 1 {
        order.sort_by_key(|index| connections.get(*index).is_some_and(is_down));
    }
    order
}

/// Whether the endpoint failed a short while ago.
pub(super) fn is_down(connection: &Connection) -> bool {
    failed().iter().any(|(name, _)| *name == connection.name())
}

/// The endpoint failed.
pub(super) fn mark_down(connection: &Connection) {
    let mut failed = failed();
    failed.retain(|(name, _)| *name != connection.name());
    failed.push((connection.name(), Instant::now()));
}

/// The endpoint answered.
pub(super) fn mark_up(connection: &Connection) {
    failed().retain(|(name, _)| *name != connection.name());
}

/// The failures that still count.
fn failed() -> MutexGuard<'static, Vec<(String, Instant)>> {
    let mut failed = FAILED.lock().unwrap_or_else(PoisonError::into_inner);
    failed.retain(|(_, since)| since.elapsed() < MEMORY);
    failed
}
