//! The chain the nodes see: a height, and the transactions a test confirms. Every block is told to exactly the nodes named.
use super::Node;
use bitcoin::block::{Header, Version};
use bitcoin::hashes::Hash;
use bitcoin::{BlockHash, CompactTarget, Transaction, TxMerkleNode};
use lightning::chain::{BestBlock, Confirm};

/// The chain both nodes see: a height, and the transactions the test confirms.
#[derive(Clone)]
pub struct Chain {
    height: u32,
}

impl Chain {
    pub fn new() -> Self {
        Self { height: 100 }
    }

    /// One more block, told to the given nodes.
    pub fn mine(&mut self, nodes: &[&Node], transactions: &[Transaction]) {
        self.height += 1;
        let header = self.header();
        let indexed: Vec<_> = transactions
            .iter()
            .enumerate()
            .map(|(index, transaction)| (index + 1, transaction))
            .collect();
        for node in nodes {
            for listener in [&*node.monitors as &dyn Confirm, &*node.manager as &dyn Confirm] {
                listener.transactions_confirmed(&header, &indexed, self.height);
                listener.best_block_updated(&header, self.height);
            }
            node.handle_events();
        }
    }

    pub fn mine_empty(&mut self, nodes: &[&Node], blocks: u32) {
        (0..blocks).for_each(|_| self.mine(nodes, &[]));
    }

    pub fn tell_tip(&self, node: &Node) {
        let header = self.header();
        for listener in [&*node.monitors as &dyn Confirm, &*node.manager as &dyn Confirm] {
            listener.best_block_updated(&header, self.height);
        }
    }

    pub fn best_block(&self) -> BestBlock {
        BestBlock::new(self.header().block_hash(), self.height)
    }

    pub fn time(&self) -> u32 {
        1_700_000_000 + self.height * 600
    }

    fn header(&self) -> Header {
        Header {
            version: Version::TWO,
            prev_blockhash: BlockHash::all_zeros(),
            merkle_root: TxMerkleNode::all_zeros(),
            time: self.time(),
            bits: CompactTarget::from_consensus(0x207f_ffff),
            nonce: self.height,
        }
    }
}
