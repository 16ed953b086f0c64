//! The node: LDK and BDK driven without a clock, a disk or a socket of its own.
