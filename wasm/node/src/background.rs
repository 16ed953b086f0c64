//! Owns what the node does by itself: LDK's background processor, the look at the chain, the network map.

use std::future::{poll_fn, Future};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use lightning::ln::peer_handler::IgnoringMessageHandler;
use lightning_background_processor::{process_events_async, NO_LIQUIDITY_MANAGER};

use crate::host::LogLevel;
use crate::node::Node;
use crate::types::NodeEvent;

const GOSSIP_INTERVAL: Duration = Duration::from_secs(3600);
const GOSSIP_RETRY: Duration = Duration::from_secs(120);

/// Starts everything. Tasks end when the node stops.
pub fn start(node: &Rc<Node>) {
    node.tasks.spawn(process_ldk(Rc::clone(node)));
    node.tasks.spawn(follow_chain(Rc::clone(node)));
    node.tasks.spawn(follow_gossip(Rc::clone(node)));
}

async fn process_ldk(node: Rc<Node>) {
    let host = Arc::clone(&node.host);
    let events = Rc::clone(&node.events);
    let ended = process_events_async(
        Arc::clone(&node.store),
        |event| {
            let events = Rc::clone(&events);
            async move { events.handle(event).await }
        },
        Arc::clone(&node.chain_monitor),
        Arc::clone(&node.manager),
        Some(Arc::clone(&node.onion_messenger)),
        node.gossip.for_background(),
        Arc::clone(&node.peers),
        NO_LIQUIDITY_MANAGER,
        Some(Arc::clone(&node.sweeper)),
        Arc::clone(&node.logger),
        Some(Arc::clone(&node.scorer)),
        |duration| timer(&node, duration),
        false,
        || Some(host.now()),
    )
    .await;
    if let Err(e) = ended {
        let halted = NodeEvent::Halted {
            code: "node_halted".to_string(),
            cause: format!("The node's background work ended: {e}."),
            next: "Reload the wallet.".to_string(),
        };
        node.outputs.event(halted);
    }
}

/// A timer of LDK's loop, which looks at one just before it encodes a changed manager for the store. The cut does that, so the change is
/// noted here: an encoding that nobody wants was an eighth of a payment's processor time.
fn timer(node: &Rc<Node>, duration: Duration) -> impl Future<Output = bool> + Unpin {
    let (node, mut pause) = (Rc::clone(node), node.tasks.pause(duration));
    poll_fn(move |context| {
        node.note_changed_manager();
        pause.as_mut().poll(context)
    })
}

async fn follow_chain(node: Rc<Node>) {
    loop {
        if let Err(e) = node.sync().await {
            node.host.log(LogLevel::Warn, "chain", &e.to_string());
            let (code, cause, next) = (e.code.as_str().to_string(), e.cause, e.next);
            node.outputs.event(NodeEvent::SyncFailed { code, cause, next });
        }
        if node.tasks.pause(node.poll_interval).await {
            return;
        }
    }
}

async fn follow_gossip(node: Rc<Node>) {
    loop {
        let updated = node.gossip.update(&node.host).await;
        if let Err(e) = &updated {
            node.host.log(LogLevel::Warn, "gossip", &e.to_string());
        }
        let interval = if updated.is_ok() { GOSSIP_INTERVAL } else { GOSSIP_RETRY };
        if node.tasks.pause(interval).await {
            return;
        }
    }
}

/// LDK wants handlers for messages that Tern does not speak yet.
pub fn nobody() -> Arc<IgnoringMessageHandler> {
    Arc::new(IgnoringMessageHandler {})
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Waker};

    use bitcoin::constants::genesis_block;
    use futures::executor::block_on;
    use lightning::chain::Confirm;

    use super::*;
    use crate::testing::MemoryHost;
    use crate::types::{Network, NodeConfig};

    #[test]
    fn a_changed_manager_is_noted_before_ldk_would_encode_it_and_written_at_the_cut() {
        let config = NodeConfig {
            network: Network::Regtest,
            esplora_url: "http://127.0.0.1:1".to_string(),
            rapid_gossip_url: None,
            poll_interval_seconds: 1,
            is_quarantined: false,
        };
        let host = MemoryHost::shared();
        let node = block_on(crate::start(config, &[7; 64], host.clone())).unwrap();
        node.cut(true);
        let before = host.row("", "", "manager");

        let header = genesis_block(bitcoin::Network::Regtest).header;
        node.manager.best_block_updated(&header, 1);
        let mut looked_at = timer(&node, Duration::from_secs(60));
        let pending = Pin::new(&mut looked_at).poll(&mut Context::from_waker(Waker::noop()));
        assert!(pending.is_pending());
        assert!(!node.manager.get_and_clear_needs_persistence());

        node.cut(true);
        let after = host.row("", "", "manager");
        assert!(after.is_some() && after != before);
    }
}
