//! Owns what LDK knows of the chain: a `Confirm` sync over Esplora. Reorgs first, then confirmations in chain order, then the tip; never a
//! mixture of two tips; a server that is behind or of another chain undoes nothing.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use bitcoin::block::Header;
use bitcoin::constants::genesis_block;
use bitcoin::{BlockHash, OutPoint, Transaction, Txid};
use futures::stream::{self, StreamExt, TryStreamExt};
use lightning::chain::{Confirm, WatchedOutput};

use crate::chain::{contradiction, unavailable, Chain, ChainFilter};
use crate::error::{Code, NodeError};
use crate::tip::Tip;
use crate::types::Network;

/// A spend this deep is not undone by a reorg that LDK would survive either.
const BURIED_CONFIRMATIONS: u32 = 144;
/// No chain was ever undone this far: whoever says so speaks of another one.
const DEEPEST_REORG: u32 = 100;
/// A chain that changes under every attempt: give up and come back at the next poll.
const MAX_ATTEMPTS: usize = 10;

/// The sync and what it watches.
pub struct ConfirmSync {
    chain: Rc<Chain>,
    network: Network,
    is_right_network: Cell<bool>,
    /// Fundings whose block is gone, which LDK was not told.
    held_back: RefCell<HashSet<Txid>>,
    filter: Arc<ChainFilter>,
    watched: RefCell<Watched>,
    tip: Rc<Tip>,
}

#[derive(Default)]
struct Watched {
    transactions: HashSet<Txid>,
    outputs: HashMap<OutPoint, WatchedOutput>,
    /// Outputs whose spend is confirmed, with its height: watched again if that is undone.
    spent: HashMap<OutPoint, (Txid, u32)>,
    tip: Option<BlockHash>,
}

/// A confirmed transaction and where it stands.
struct Confirmed {
    header: Header,
    height: u32,
    position: usize,
    transaction: Transaction,
}

impl ConfirmSync {
    /// A sync that starts with what `filter` collects.
    pub fn new(chain: Rc<Chain>, network: Network, filter: Arc<ChainFilter>, tip: Rc<Tip>) -> Self {
        Self {
            chain,
            network,
            is_right_network: Cell::new(false),
            held_back: RefCell::default(),
            filter,
            watched: RefCell::default(),
            tip,
        }
    }

    /// Brings `parties` up to the best block and returns its height. On an error they know less than the chain, never something wrong.
    /// `fundings_in_use`: of channels that were ready; LDK hears that they lost their block only when they are gone altogether. `chain_unavailable`, `chain_invalid_answer`, `wrong_network`.
    pub async fn sync(&self, parties: &[&dyn Confirm], fundings_in_use: &HashSet<Txid>) -> Result<u32, NodeError> {
        self.check_network().await?;
        for _ in 0..MAX_ATTEMPTS {
            let news = self.take_registered();
            let (tip, height) = self.chain.best_block().await?;
            let same_tip = self.watched.borrow().tip == Some(tip);
            if same_tip && !news {
                return Ok(height);
            }
            self.undo_reorged(parties, fundings_in_use, height).await?;
            let confirmed = self.find_confirmed().await?;
            let header = self.chain.request(self.chain.client.get_header_by_hash(&tip)).await?;
            if self.chain.tip().await? != tip {
                continue;
            }
            if header.block_hash() != tip {
                return Err(contradiction("the tip's header is of another block"));
            }
            self.hand_over(parties, confirmed);
            for party in parties {
                party.best_block_updated(&header, height);
            }
            self.watched.borrow_mut().tip = Some(tip);
            self.tip.set(height, header.time);
            self.forget_buried(height);
        }
        Err(contradiction("its chain changes faster than it can be read"))
    }

    fn take_registered(&self) -> bool {
        let (transactions, outputs) = self.filter.take();
        let news = !transactions.is_empty() || !outputs.is_empty();
        let mut watched = self.watched.borrow_mut();
        watched.transactions.extend(transactions);
        for output in outputs {
            let outpoint = output.outpoint.into_bitcoin_outpoint();
            if !watched.spent.contains_key(&outpoint) {
                watched.outputs.insert(outpoint, output);
            }
        }
        news
    }

    /// Refuses a server of another network: nothing it says counts. `wrong_network`.
    pub async fn check_network(&self) -> Result<(), NodeError> {
        if self.is_right_network.get() {
            return Ok(());
        }
        let genesis = genesis_block(bitcoin::Network::from(self.network)).block_hash();
        if self.chain.block_at(0).await? != Some(genesis) {
            return Err(NodeError::new(
                Code::WrongNetwork,
                "The chain server belongs to another bitcoin network.",
                "Choose a server of this wallet's network in the settings.",
            ));
        }
        self.is_right_network.set(true);
        Ok(())
    }

    async fn undo_reorged(
        &self,
        parties: &[&dyn Confirm],
        fundings_in_use: &HashSet<Txid>,
        tip_height: u32,
    ) -> Result<(), NodeError> {
        let mut relevant: HashSet<(Txid, u32, BlockHash)> = HashSet::new();
        for party in parties {
            relevant.extend(
                party
                    .get_relevant_txids()
                    .into_iter()
                    .filter_map(|(txid, height, hash)| Some((txid, height, hash?))),
            );
        }
        if let Some((_, missing, _)) = relevant.iter().find(|(_, height, _)| *height > tip_height) {
            return Err(behind(tip_height, *missing));
        }
        for (txid, height, hash) in relevant {
            let status = self.chain.request(self.chain.client.get_block_status(&hash)).await?;
            if status.in_best_chain {
                continue;
            }
            // LDK closes a channel that was ready when it hears that the funding's block is gone, although the funding soon stands in another.
            if fundings_in_use.contains(&txid) && self.chain.knows(&txid).await? {
                self.held_back.borrow_mut().insert(txid);
                continue;
            }
            if !self.held_back.borrow_mut().remove(&txid) {
                self.check_reorg(height, hash).await?;
            }
            for party in parties {
                party.transaction_unconfirmed(&txid);
            }
            let mut watched = self.watched.borrow_mut();
            watched.transactions.insert(txid);
            watched.spent.retain(|_, (spender, _)| *spender != txid);
        }
        Ok(())
    }

    /// Whether the server has another block in this one's place: one that it merely never heard of undoes nothing.
    async fn check_reorg(&self, height: u32, hash: BlockHash) -> Result<(), NodeError> {
        // How deep it lay when it was last seen: blocks that came since then undo nothing.
        let depth = self.tip.height().saturating_sub(height);
        match self.chain.block_at(height).await? {
            Some(other) if other != hash && depth < DEEPEST_REORG => Ok(()),
            Some(other) if other != hash => Err(contradiction("it tells another chain than the one known so far")),
            _ => Err(contradiction("a block is in its chain and is not")),
        }
    }

    async fn find_confirmed(&self) -> Result<Vec<Confirmed>, NodeError> {
        let (transactions, outputs) = {
            let watched = self.watched.borrow();
            let unspent = watched
                .outputs
                .keys()
                .filter(|outpoint| !watched.spent.contains_key(outpoint));
            (watched.transactions.clone(), unspent.copied().collect::<Vec<_>>())
        };
        let limit = self.chain.parallel_requests();
        let spenders: Vec<Option<Txid>> = stream::iter(outputs)
            .map(|outpoint| self.confirmed_spender(outpoint))
            .buffered(limit)
            .try_collect()
            .await?;
        let candidates: HashSet<Txid> = transactions.into_iter().chain(spenders.into_iter().flatten()).collect();
        let confirmed: Vec<Option<Confirmed>> = stream::iter(candidates)
            .map(|txid| self.confirmed(txid))
            .buffered(limit)
            .try_collect()
            .await?;
        Ok(confirmed.into_iter().flatten().collect())
    }

    async fn confirmed_spender(&self, outpoint: OutPoint) -> Result<Option<Txid>, NodeError> {
        let request = self
            .chain
            .client
            .get_output_status(&outpoint.txid, u64::from(outpoint.vout));
        let spend = self.chain.request(request).await?;
        Ok(spend.and_then(|spend| match spend.status {
            Some(status) if spend.spent && status.confirmed => spend.txid,
            _ => None,
        }))
    }

    async fn confirmed(&self, txid: Txid) -> Result<Option<Confirmed>, NodeError> {
        let client = &self.chain.client;
        let Some(proof) = self.chain.request(client.get_merkle_block(&txid)).await? else {
            return Ok(None);
        };
        let status = self
            .chain
            .request(client.get_block_status(&proof.header.block_hash()))
            .await?;
        let (true, Some(height)) = (status.in_best_chain, status.height) else {
            return Ok(None);
        };
        let (mut txids, mut positions) = (Vec::new(), Vec::new());
        let root = proof.txn.extract_matches(&mut txids, &mut positions);
        if root.ok() != Some(proof.header.merkle_root) || txids != [txid] {
            return Err(contradiction("a merkle proof proves something else"));
        }
        let transaction = self.chain.request(client.get_tx(&txid)).await?;
        let transaction = transaction.ok_or_else(|| contradiction("a confirmed transaction is missing"))?;
        if transaction.compute_txid() != txid {
            return Err(contradiction("it sent another transaction than the one asked for"));
        }
        let position = positions.first().map_or(0, |position| *position as usize);
        Ok(Some(Confirmed {
            header: proof.header,
            height,
            position,
            transaction,
        }))
    }

    /// Tells everybody, block by block; what a transaction spends is no longer watched.
    fn hand_over(&self, parties: &[&dyn Confirm], confirmed: Vec<Confirmed>) {
        let mut blocks: BTreeMap<u32, (Header, BTreeMap<usize, Transaction>)> = BTreeMap::new();
        for tx in confirmed {
            blocks
                .entry(tx.height)
                .or_insert_with(|| (tx.header, BTreeMap::new()))
                .1
                .insert(tx.position, tx.transaction);
        }
        for (height, (header, transactions)) in blocks {
            let block: Vec<(usize, &Transaction)> = transactions.iter().map(|(position, tx)| (*position, tx)).collect();
            for party in parties {
                party.transactions_confirmed(&header, &block, height);
            }
            let mut watched = self.watched.borrow_mut();
            for tx in transactions.values() {
                let txid = tx.compute_txid();
                watched.transactions.remove(&txid);
                for input in &tx.input {
                    if watched.outputs.contains_key(&input.previous_output) {
                        watched.spent.insert(input.previous_output, (txid, height));
                    }
                }
            }
        }
    }

    fn forget_buried(&self, height: u32) {
        let mut watched = self.watched.borrow_mut();
        let buried: Vec<OutPoint> = watched
            .spent
            .iter()
            .filter(|(_, (_, spent_height))| height >= spent_height + BURIED_CONFIRMATIONS)
            .map(|(outpoint, _)| *outpoint)
            .collect();
        for outpoint in buried {
            watched.outputs.remove(&outpoint);
        }
    }
}

fn behind(height: u32, known: u32) -> NodeError {
    unavailable(format!(
        "it is at block {height}, behind block {known} that was seen before"
    ))
}
