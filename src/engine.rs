//! Secrets engines: one small file an engine.

pub(crate) mod kv2;
