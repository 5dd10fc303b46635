//! `Client` and `AsyncClient`: the same methods over the same futures, once blocking, once awaited.

pub(crate) mod base;
