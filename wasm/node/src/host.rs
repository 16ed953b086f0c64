//! Owns the node's view of its surroundings: store, clock, tasks and log come from a `Host`. Nothing else in this crate touches the platform.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// A future of the node's one thread.
pub type LocalFuture<T> = Pin<Box<dyn Future<Output = T>>>;

/// How urgent a log line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    Info,
    Warn,
    Error,
}

impl LogLevel {
    /// The lower-case word used in log lines.
    pub fn as_str(self) -> &'static str {
        match self {
            LogLevel::Info => "info",
            LogLevel::Warn => "warn",
            LogLevel::Error => "error",
        }
    }
}

/// What the node needs from whoever runs it: a browser worker, Node.js, a native test.
///
/// `write` and `remove` must stage in the order in which they are *called*, before their future is polled, and never fail: the host
/// retries or halts. A write resolves once staged; one under `monitors` or `monitor_updates` once it is durable. `read`, `list` and
/// `list_page` see what is staged.
pub trait Host {
    fn read(&self, primary: &str, secondary: &str, key: &str) -> LocalFuture<Result<Option<Vec<u8>>, String>>;
    fn write(&self, primary: &str, secondary: &str, key: &str, value: Vec<u8>) -> LocalFuture<()>;
    fn remove(&self, primary: &str, secondary: &str, key: &str) -> LocalFuture<()>;
    fn list(&self, primary: &str, secondary: &str) -> LocalFuture<Result<Vec<String>, String>>;
    /// Keys, newest created first; `before` is an exclusive cursor.
    fn list_page(
        &self,
        primary: &str,
        secondary: &str,
        limit: u32,
        before: Option<&str>,
    ) -> LocalFuture<Result<Vec<String>, String>>;
    /// Something was staged or waits to go out: cut the turn once nothing is left to run.
    fn wake(&self);
    /// Time since the Unix epoch.
    fn now(&self) -> Duration;
    /// Resolves after `duration`. Dropping the future gives the timer back.
    fn sleep(&self, duration: Duration) -> LocalFuture<()>;
    /// Runs a future to its end on this thread.
    fn spawn(&self, future: LocalFuture<()>);
    fn log(&self, level: LogLevel, target: &str, message: &str);
}

/// The one shared handle to the host.
pub type SharedHost = Arc<dyn Host>;

/// LDK's view of the host's tasks.
#[derive(Clone)]
pub struct Spawner(pub SharedHost);

impl lightning::util::native_async::FutureSpawner for Spawner {
    fn spawn<T: Future<Output = ()> + 'static>(&self, future: T) {
        self.0.spawn(Box::pin(future));
    }
}

/// LDK's view of the host's log, from `Info` up: below that it tells every step of every payment, which buries what support looks for.
pub struct HostLogger(pub SharedHost);

impl lightning::util::logger::Logger for HostLogger {
    fn log(&self, record: lightning::util::logger::Record) {
        use lightning::util::logger::Level;
        let level = match record.level {
            Level::Gossip | Level::Trace | Level::Debug => return,
            Level::Info => LogLevel::Info,
            Level::Warn => LogLevel::Warn,
            Level::Error => LogLevel::Error,
        };
        self.0.log(level, record.module_path, &record.args.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::MemoryHost;
    use lightning::util::logger::{Level, Logger as _, Record};

    #[test]
    fn what_ldk_says_is_logged_from_info_up_and_its_every_step_is_not() {
        let host = MemoryHost::shared();
        let logger = HostLogger(Arc::clone(&host) as SharedHost);
        for level in [
            Level::Gossip,
            Level::Trace,
            Level::Debug,
            Level::Info,
            Level::Warn,
            Level::Error,
        ] {
            logger.log(Record::new(level, None, None, format_args!("{level}"), "", "", 0, None));
        }
        let levels: Vec<LogLevel> = host.logged.borrow().iter().map(|(level, _)| *level).collect();
        assert_eq!(levels, [LogLevel::Info, LogLevel::Warn, LogLevel::Error]);
    }
}
