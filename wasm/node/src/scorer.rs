//! Owns the one scorer: lockable by the router and writable by the background processor, which no lock of LDK's is at once.

use std::cell::{Ref, RefCell, RefMut};
use std::ops::{Deref, DerefMut};

use lightning::io;
use lightning::routing::scoring::LockableScore;
use lightning::util::ser::{Writeable, Writer};

use crate::ldk::Scorer;

/// The scorer behind a lock for one thread.
pub struct ScorerCell(RefCell<Scorer>);

impl ScorerCell {
    /// Wraps a scorer.
    pub fn new(scorer: Scorer) -> Self {
        Self(RefCell::new(scorer))
    }
}

/// The scorer, borrowed for reading.
pub struct ReadScorer<'a>(Ref<'a, Scorer>);

impl Deref for ReadScorer<'_> {
    type Target = Scorer;
    fn deref(&self) -> &Scorer {
        &self.0
    }
}

/// The scorer, borrowed for writing.
pub struct WriteScorer<'a>(RefMut<'a, Scorer>);

impl Deref for WriteScorer<'_> {
    type Target = Scorer;
    fn deref(&self) -> &Scorer {
        &self.0
    }
}

impl DerefMut for WriteScorer<'_> {
    fn deref_mut(&mut self) -> &mut Scorer {
        &mut self.0
    }
}

impl<'a> LockableScore<'a> for ScorerCell {
    type ScoreUpdate = Scorer;
    type ScoreLookUp = Scorer;
    type WriteLocked = WriteScorer<'a>;
    type ReadLocked = ReadScorer<'a>;

    fn read_lock(&'a self) -> ReadScorer<'a> {
        ReadScorer(self.0.borrow())
    }

    fn write_lock(&'a self) -> WriteScorer<'a> {
        WriteScorer(self.0.borrow_mut())
    }
}

impl Writeable for ScorerCell {
    fn write<W: Writer>(&self, writer: &mut W) -> Result<(), io::Error> {
        self.0.borrow().write(writer)
    }
}
