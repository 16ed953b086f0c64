//! Owns two nodes with a channel between them, and the measure of a round of payments: CPU time of this thread, until both rest.

use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use futures::future::try_join_all;
use rustix::time::{clock_gettime, ClockId};
use serde_json::{json, Value};
use tern_node::types::{ChannelState, InvoiceRequest, OpenChannelRequest, PayRequest};
use tokio::time::sleep;

use crate::driver::Driver;

const CHANNEL_SAT: u64 = 16_000_000;
/// Given to the payee with the channel, so that no payment meets its reserve.
const PUSH_MSAT: u64 = 1_500_000_000;
const AMOUNT_MSAT: u64 = 1_000_000;
const EXPIRY_SECONDS: u32 = 3600;
/// No commit and no message for so long: everything that a payment makes the two do is done, the manager's late row included.
const REST: Duration = Duration::from_millis(250);
const LOOK: Duration = Duration::from_millis(20);

/// Two nodes on one thread.
pub struct Pair {
    payer: Rc<Driver>,
    payee: Rc<Driver>,
}

impl Pair {
    /// Two new nodes that know their chain server.
    pub async fn start(esplora_url: &str) -> Result<Self> {
        let payer = Driver::start(esplora_url, &[1; 64]).await?;
        let payee = Driver::start(esplora_url, &[2; 64]).await?;
        Ok(Self { payer, payee })
    }

    /// Where both want coins: an anchor channel needs a reserve on either side.
    pub fn addresses(&self) -> [String; 2] {
        [self.payer.node.new_address(), self.payee.node.new_address()]
    }

    /// Connects the two and opens the channel; the id of its funding, which is on its way to the network.
    pub async fn open(&self) -> Result<String> {
        self.sync().await?;
        self.payer.connect(&self.payee)?;
        let node_id = self.payee.node.info().node_id;
        while !self.payer.node.connected_peers().contains(&node_id) {
            sleep(LOOK).await;
        }
        self.payer.node.open_channel(&OpenChannelRequest {
            node_id,
            amount_sat: CHANNEL_SAT,
            push_msat: Some(PUSH_MSAT),
            announce: false,
            feerate_sat_per_vb: None,
        })?;
        loop {
            let channel = self.payer.node.channels.list().into_iter().next();
            if let Some(txid) = channel.context("the channel is gone")?.funding_txid {
                return Ok(txid);
            }
            sleep(LOOK).await;
        }
    }

    /// Looks at the chain; resolves when the channel is ready on both sides.
    pub async fn confirm(&self) -> Result<()> {
        self.sync().await?;
        for driver in [&self.payer, &self.payee] {
            while !driver
                .node
                .channels
                .list()
                .iter()
                .any(|channel| channel.state == ChannelState::Ready)
            {
                sleep(LOOK).await;
            }
        }
        Ok(())
    }

    /// Pays `count` invoices, `width` at once; every time both rest before the next. `cpuNs`: of this thread, the rests included;
    /// `elapsedNs`: without them; `commits` and `messages` of both, so that two measures can show that they did the same.
    pub async fn pay(&self, count: usize, width: usize) -> Result<Value> {
        self.rest().await;
        let (commits, messages) = self.counts();
        let (cpu_before, mut elapsed) = (thread_cpu(), Duration::ZERO);
        for paid in (0..count).step_by(width) {
            let began = Instant::now();
            try_join_all((paid..count.min(paid + width)).map(|_| self.pay_one())).await?;
            elapsed += began.elapsed();
            self.rest().await;
        }
        let cpu = thread_cpu().saturating_sub(cpu_before);
        let (commits_after, messages_after) = self.counts();
        Ok(json!({
            "cpuNs": cpu.as_nanos() as u64,
            "elapsedNs": elapsed.as_nanos() as u64,
            "commits": commits_after - commits,
            "messages": messages_after - messages,
        }))
    }

    async fn pay_one(&self) -> Result<()> {
        let invoice = self.payee.node.bolt11.create(&InvoiceRequest {
            amount_msat: Some(AMOUNT_MSAT),
            description: "bench".to_string(),
            expiry_seconds: EXPIRY_SECONDS,
        })?;
        self.payee.host.flush().await;
        let request = PayRequest {
            bolt11: invoice.bolt11,
            amount_msat: None,
            max_fee_msat: None,
        };
        self.payer.node.bolt11.pay(&request).await?;
        self.payer.host.flush().await;
        self.payer.until_succeeded(&invoice.payment_hash).await?;
        self.payee.until_succeeded(&invoice.payment_hash).await
    }

    async fn sync(&self) -> Result<()> {
        for driver in [&self.payer, &self.payee] {
            driver.node.sync().await?;
            driver.host.flush().await;
        }
        Ok(())
    }

    async fn rest(&self) {
        let activity = || self.payer.activity() + self.payee.activity();
        loop {
            let before = activity();
            sleep(REST).await;
            if activity() == before {
                return;
            }
        }
    }

    fn counts(&self) -> (u64, u64) {
        let commits = self.payer.host.commit_count() + self.payee.host.commit_count();
        (commits, self.payer.received_count() + self.payee.received_count())
    }
}

/// What this thread has used of a processor so far.
fn thread_cpu() -> Duration {
    let used = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(used.tv_sec as u64, used.tv_nsec as u32)
}
