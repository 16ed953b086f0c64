//! Owns a peer's connection as LDK sees it: bytes go out with the turn's outputs, so never before what they rest on is durable.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::rc::Rc;
use std::sync::Arc;

use lightning::ln::peer_handler::SocketDescriptor;

use crate::outputs::{Output, Outputs};

/// Above this much unsent, LDK is told to wait, so that a slow peer costs no memory.
const MAX_UNSENT_BYTES: usize = 1 << 20;

/// What is on its way to each connection and not yet taken by its transport.
#[derive(Default)]
pub struct Unsent(RefCell<HashMap<u32, usize>>);

impl Unsent {
    /// The transport took everything given to it.
    pub fn drained(&self, socket: u32) {
        self.0.borrow_mut().remove(&socket);
    }

    fn take_room(&self, socket: u32, wanted: usize) -> usize {
        let mut unsent = self.0.borrow_mut();
        let used = unsent.entry(socket).or_insert(0);
        let taken = wanted.min(MAX_UNSENT_BYTES.saturating_sub(*used));
        *used += taken;
        taken
    }
}

/// A handle to one connection. Two handles are equal when they mean the same connection.
#[derive(Clone)]
pub struct Socket {
    pub id: u32,
    outputs: Arc<Outputs>,
    unsent: Rc<Unsent>,
}

impl Socket {
    /// A handle to connection `id`; ids are never used twice.
    pub fn new(id: u32, outputs: Arc<Outputs>, unsent: Rc<Unsent>) -> Self {
        Self { id, outputs, unsent }
    }
}

impl SocketDescriptor for Socket {
    fn send_data(&mut self, data: &[u8], _continue_read: bool) -> usize {
        let taken = self.unsent.take_room(self.id, data.len());
        if taken > 0 {
            self.outputs.push(Output::SocketBytes {
                socket: self.id,
                bytes: data[..taken].to_vec(),
            });
        }
        taken
    }

    fn disconnect_socket(&mut self) {
        self.unsent.drained(self.id);
        self.outputs.push(Output::SocketClose { socket: self.id });
    }
}

impl PartialEq for Socket {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Socket {}

impl Hash for Socket {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id.hash(state);
    }
}
