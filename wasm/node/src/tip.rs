//! Owns the best block that everybody has heard of.

use std::cell::Cell;

/// The best block that everybody has heard of.
#[derive(Default)]
pub struct Tip {
    height: Cell<u32>,
    time_seconds: Cell<u32>,
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

    /// A tip known from elsewhere: where a loaded node stood.
    pub fn set(&self, height: u32, time_seconds: u32) {
        self.height.set(height);
        self.time_seconds.set(time_seconds);
    }
}
