//! LDK with patches/ applied, between two nodes in memory.
#![allow(clippy::unwrap_used)]

mod fell_behind;
mod internal_error;
mod two_nodes;
