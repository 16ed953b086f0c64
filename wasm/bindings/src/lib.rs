//! The node for JavaScript: one typed call a thing. The only crate that knows JavaScript.

mod host;
mod node;
mod outputs;
mod random;
mod throw;
mod timers;
