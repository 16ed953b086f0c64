//! Owns the best block that everybody has heard of.

use std::cell::Cell;

/// The best block that everybody has heard of.
#[derive(Default)]
pub struct Tip {
    height: Cell<u32>,
    time_seconds: Cell<u32>,
    announced: Cell<u32>,
}

impl Tip {
    /// Its height.
    pub fn height(&self) -> u32 {
        self.height.get()
    }

    /// Its time in Unix seconds.
    pub fn time_seconds(&self) -> u32 {
        self.time_seconds.get()
    }

    /// The height of the block that is about to be told, or that was told last.
    pub fn announced(&self) -> u32 {
        self.height.get().max(self.announced.get())
    }

    /// The chain is higher than anybody has heard yet.
    pub fn announce(&self, height: u32) {
        self.announced.set(height);
    }

    /// A tip known from elsewhere: where a loaded node stood.
    pub fn set(&self, height: u32, time_seconds: u32) {
        self.height.set(height);
        self.time_seconds.set(time_seconds);
        self.announced.set(0);
    }
}
