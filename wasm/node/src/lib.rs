//! The Lightning and on-chain node (LDK and BDK) on one thread. It reaches the world only through a `Host`, knows nothing of JavaScript and nothing of RGB.

mod account;
mod background;
mod balances;
mod bolt11;
mod broadcasts;
mod chain;
mod change_log;
mod channels;
mod closings;
mod confirm;
mod connections;
pub mod error;
mod events;
mod fees;
mod gossip;
mod ground;
pub mod host;
#[cfg(any(test, fuzzing))]
pub mod hostile;
mod keys;
mod keysend;
mod ldk;
mod load;
mod load_manager;
mod monitor_rows;
mod node;
mod onchain;
mod onchain_addresses;
mod onchain_bump;
#[cfg(test)]
mod onchain_cases;
mod onchain_claims;
mod onchain_coins;
mod onchain_commands;
mod onchain_packages;
mod onchain_replaced;
mod onchain_send;
mod onchain_speed;
mod onchain_sync;
pub mod outputs;
mod payments;
mod peer_book;
mod presence;
mod quarantine;
mod revive;
mod rows;
mod scorer;
mod sending;
mod settling;
mod sockets;
mod stop;
mod store;
mod stored;
mod superseded;
#[cfg(any(test, fuzzing))]
mod testing;
mod tip;
pub mod types;

pub use error::{Code, NodeError};
pub use load::start;
pub use node::Node;
