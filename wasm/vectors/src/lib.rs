//! Published vectors, run through the build that ships.
