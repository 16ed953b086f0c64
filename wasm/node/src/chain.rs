//! Owns the connection to the chain: an Esplora server, every request under a time-out, every failure with a code.

use std::collections::HashMap;
use std::future::{ready, Future, Ready};
use std::sync::Mutex;
use std::time::Duration;

use bitcoin::{BlockHash, Script, Txid};
use esplora_client::{AsyncClient, Builder, Sleeper};
use futures::future::{select, Either};
use lightning::chain::{Filter, WatchedOutput};

use crate::error::{Code, NodeError};
use crate::host::SharedHost;

const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);
const LOOK_TIMEOUT: Duration = Duration::from_secs(60);
const SCAN_TIMEOUT: Duration = Duration::from_secs(300);
const PARALLEL_REQUESTS: usize = 4;
const STOP_GAP: usize = 20;

/// Retries are ours, by polling: the client's own never sleep.
#[derive(Clone, Copy)]
pub struct NoRetry;

impl Sleeper for NoRetry {
    type Sleep = Ready<()>;
    fn sleep(_: Duration) -> Self::Sleep {
        ready(())
    }
}

/// The Esplora client, under time-outs.
pub struct Chain {
    host: SharedHost,
    pub(crate) client: AsyncClient<NoRetry>,
}

impl Chain {
    /// A client for the server at `url`. `invalid_url`.
    pub fn new(url: &str, host: SharedHost) -> Result<Self, NodeError> {
        let client = Builder::new(url.trim_end_matches('/'))
            .max_retries(0)
            .build_async_with_sleeper::<NoRetry>();
        let client = client.map_err(|e| {
            NodeError::new(
                Code::InvalidUrl,
                format!("The chain server's URL cannot be used: {e}."),
                "Check it in the settings.",
            )
        })?;
        Ok(Self { host, client })
    }

    /// One request, ended after a while.
    pub async fn request<T>(
        &self,
        request: impl Future<Output = Result<T, esplora_client::Error>>,
    ) -> Result<T, NodeError> {
        self.within(REQUEST_TIMEOUT, request)
            .await?
            .map_err(|e| chain_error(&e))
    }

    /// A look at the addresses that were handed out, ended after a longer while.
    pub async fn look<T>(
        &self,
        look: impl Future<Output = Result<T, Box<esplora_client::Error>>>,
    ) -> Result<T, NodeError> {
        self.within(LOOK_TIMEOUT, look).await?.map_err(|e| chain_error(&e))
    }

    /// A look at all addresses that there may be, once in a wallet's life.
    pub async fn scan<T>(
        &self,
        scan: impl Future<Output = Result<T, Box<esplora_client::Error>>>,
    ) -> Result<T, NodeError> {
        self.within(SCAN_TIMEOUT, scan).await?.map_err(|e| chain_error(&e))
    }

    /// The current feerates by target.
    pub async fn fee_estimates(&self) -> Result<HashMap<u16, f64>, NodeError> {
        self.request(self.client.get_fee_estimates()).await
    }

    /// The best block now.
    pub async fn tip(&self) -> Result<BlockHash, NodeError> {
        self.request(self.client.get_tip_hash()).await
    }

    /// The best block now, and its height.
    pub async fn best_block(&self) -> Result<(BlockHash, u32), NodeError> {
        let tip = self.tip().await?;
        let status = self.request(self.client.get_block_status(&tip)).await?;
        let height = status.height.ok_or_else(|| contradiction("the tip has no height"))?;
        Ok((tip, height))
    }

    /// The block at this height; none above the tip.
    pub async fn block_at(&self, height: u32) -> Result<Option<BlockHash>, NodeError> {
        let asked = self.within(REQUEST_TIMEOUT, self.client.get_block_hash(height)).await?;
        match asked {
            Ok(hash) => Ok(Some(hash)),
            Err(esplora_client::Error::HttpResponse { status: 404, .. }) => Ok(None),
            Err(e) => Err(chain_error(&e)),
        }
    }

    /// Whether a transaction is in a block or waits for one.
    pub async fn knows(&self, txid: &Txid) -> Result<bool, NodeError> {
        Ok(self.request(self.client.get_tx(txid)).await?.is_some())
    }

    /// How many requests a scan keeps under way.
    pub fn parallel_requests(&self) -> usize {
        PARALLEL_REQUESTS
    }

    /// After how many unused addresses a full scan ends (BIP44).
    pub fn stop_gap(&self) -> usize {
        STOP_GAP
    }

    async fn within<T>(&self, limit: Duration, work: impl Future<Output = T>) -> Result<T, NodeError> {
        let work = Box::pin(work);
        match select(work, self.host.sleep(limit)).await {
            Either::Left((done, _)) => Ok(done),
            Either::Right(_) => Err(unavailable(format!("no answer within {} s", limit.as_secs()))),
        }
    }
}

pub(crate) fn unavailable(cause: String) -> NodeError {
    NodeError::new(
        Code::ChainUnavailable,
        format!("The chain server cannot be used: {cause}."),
        "The wallet tries again by itself. If it lasts, choose another server in the settings.",
    )
}

fn invalid(cause: String) -> NodeError {
    NodeError::new(
        Code::ChainInvalidAnswer,
        format!("The chain server gave an answer that makes no sense: {cause}."),
        "The wallet tries again by itself. If it lasts, choose another server in the settings.",
    )
}

/// What a failed request means.
pub fn chain_error(error: &esplora_client::Error) -> NodeError {
    use esplora_client::Error;
    match error {
        Error::HttpResponse { status, .. } => unavailable(format!("it answered {status}")),
        Error::Reqwest(e) if e.is_decode() => invalid(e.to_string()),
        Error::Reqwest(e) => unavailable(e.to_string()),
        other => invalid(other.to_string()),
    }
}

/// An answer that contradicts itself.
pub fn contradiction(what: &str) -> NodeError {
    invalid(what.to_string())
}

/// What LDK asks to be watched, collected until the next sync takes it over.
#[derive(Default)]
pub struct ChainFilter {
    registered: Mutex<(Vec<Txid>, Vec<WatchedOutput>)>,
}

impl ChainFilter {
    /// What was registered since the last call.
    pub fn take(&self) -> (Vec<Txid>, Vec<WatchedOutput>) {
        self.registered
            .lock()
            .map(|mut registered| std::mem::take(&mut *registered))
            .unwrap_or_default()
    }
}

impl Filter for ChainFilter {
    fn register_tx(&self, txid: &Txid, _script_pubkey: &Script) {
        if let Ok(mut registered) = self.registered.lock() {
            registered.0.push(*txid);
        }
    }

    fn register_output(&self, output: WatchedOutput) {
        if let Ok(mut registered) = self.registered.lock() {
            registered.1.push(output);
        }
    }
}
