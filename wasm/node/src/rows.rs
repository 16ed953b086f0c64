//! Owns the reading of whole namespaces: all their rows at once, for each look into the store takes a while.

use futures::future::{try_join_all, LocalBoxFuture};

use crate::error::NodeError;
use crate::store::NodeStore;

/// A key and its value.
pub type Row = (String, Vec<u8>);

impl NodeStore {
    /// All rows of a namespace. `state_unreadable`.
    pub async fn rows(&self, primary: &str, secondary: &str) -> Result<Vec<Row>, NodeError> {
        let keys = self.keys(primary, secondary).await?;
        match keys.is_empty() {
            true => Ok(Vec::new()),
            false => self.rows_of(primary, secondary, keys).await,
        }
    }

    // Out of line: see `load.rs`.
    #[inline(never)]
    fn rows_of<'a>(
        &'a self,
        primary: &'a str,
        secondary: &'a str,
        keys: Vec<String>,
    ) -> LocalBoxFuture<'a, Result<Vec<Row>, NodeError>> {
        Box::pin(async move {
            let values = try_join_all(keys.iter().map(|key| self.get(primary, secondary, key))).await?;
            let row = |(key, value): (String, Option<Vec<u8>>)| {
                let value = value.ok_or_else(|| NodeError::unreadable(primary, "a row is listed, but not there"))?;
                Ok((key, value))
            };
            keys.into_iter().zip(values).map(row).collect()
        })
    }
}
