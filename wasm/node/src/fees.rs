//! Owns the feerates: what the chain server last said, floored, and a safe guess before it said anything.

use std::collections::HashMap;
use std::sync::Mutex;

use bitcoin::FeeRate;
use lightning::chain::chaininterface::{ConfirmationTarget, FeeEstimator, FEERATE_FLOOR_SATS_PER_KW};

use crate::types::{FeeEstimates, Network};

/// Used until the first estimates arrive on a network where blocks are full.
const FALLBACK_SAT_PER_VB: [(u16, f64); 4] = [(1, 25.0), (6, 12.0), (12, 6.0), (144, 2.0)];

/// The current feerates in sat/vB by confirmation target in blocks.
pub struct Fees {
    estimates: Mutex<HashMap<u16, f64>>,
    floor_sat_per_vb: f64,
}

impl Fees {
    /// Starts from the fallback; on test networks, from the floor.
    pub fn new(network: Network) -> Self {
        let estimates = match network {
            Network::Bitcoin => FALLBACK_SAT_PER_VB.into_iter().collect(),
            _ => HashMap::new(),
        };
        Self {
            estimates: Mutex::new(estimates),
            floor_sat_per_vb: 1.0,
        }
    }

    /// Takes over a server's answer (`/fee-estimates`), if it has any figure that makes sense.
    pub fn update(&self, estimates: HashMap<u16, f64>) {
        let sane: HashMap<u16, f64> = estimates
            .into_iter()
            .filter(|(_, rate)| rate.is_finite() && *rate > 0.0 && *rate < 10_000.0)
            .collect();
        if let (false, Ok(mut current)) = (sane.is_empty(), self.estimates.lock()) {
            *current = sane;
        }
    }

    /// The feerate that should confirm within `blocks`, in sat/vB.
    pub fn sat_per_vb(&self, blocks: u16) -> f64 {
        let Ok(estimates) = self.estimates.lock() else {
            return self.floor_sat_per_vb;
        };
        // The slowest target that is still fast enough, else the fastest known.
        let within = estimates
            .iter()
            .filter(|(target, _)| **target <= blocks)
            .max_by_key(|(target, _)| **target);
        let fastest = || estimates.iter().min_by_key(|(target, _)| **target);
        within
            .or_else(fastest)
            .map_or(self.floor_sat_per_vb, |(_, rate)| *rate)
            .max(self.floor_sat_per_vb)
    }

    /// The three feerates people choose from.
    pub fn estimates(&self) -> FeeEstimates {
        FeeEstimates {
            fast_sat_per_vb: self.sat_per_vb(2),
            normal_sat_per_vb: self.sat_per_vb(6),
            slow_sat_per_vb: self.sat_per_vb(36),
        }
    }
}

/// sat/vB as BDK's feerate, rounded up to a sat per 1,000 weight units.
pub fn feerate(sat_per_vb: f64) -> FeeRate {
    FeeRate::from_sat_per_kwu((sat_per_vb * 250.0).ceil().max(f64::from(FEERATE_FLOOR_SATS_PER_KW)) as u64)
}

impl FeeEstimator for Fees {
    fn get_est_sat_per_1000_weight(&self, target: ConfirmationTarget) -> u32 {
        let per_kw = |sat_per_vb: f64| (sat_per_vb * 250.0).ceil() as u32;
        let rate = match target {
            ConfirmationTarget::MaximumFeeEstimate => per_kw(self.sat_per_vb(1)).saturating_mul(2),
            ConfirmationTarget::UrgentOnChainSweep => per_kw(self.sat_per_vb(6)),
            // Low on purpose: a peer's idea of fees may differ from ours, and a channel must not close over it.
            ConfirmationTarget::MinAllowedAnchorChannelRemoteFee => FEERATE_FLOOR_SATS_PER_KW,
            ConfirmationTarget::MinAllowedNonAnchorChannelRemoteFee => per_kw(self.sat_per_vb(144))
                .saturating_sub(250)
                .max(FEERATE_FLOOR_SATS_PER_KW),
            ConfirmationTarget::AnchorChannelFee => per_kw(self.sat_per_vb(1008)),
            ConfirmationTarget::NonAnchorChannelFee => per_kw(self.sat_per_vb(12)),
            // The lowest that nodes relay, without the floor's margin: a peer that rounds otherwise must not turn a closing into a forced one.
            ConfirmationTarget::ChannelCloseMinimum => return per_kw(self.floor_sat_per_vb),
            ConfirmationTarget::OutputSpendingFee => per_kw(self.sat_per_vb(12)),
        };
        rate.max(FEERATE_FLOOR_SATS_PER_KW)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_between_two_estimates_takes_the_faster_one() {
        let fees = Fees::new(Network::Regtest);
        fees.update(HashMap::from([(1, 40.0), (6, 10.0), (144, 1.5)]));
        assert_eq!(fees.sat_per_vb(12), 10.0);
        assert_eq!(fees.sat_per_vb(1), 40.0);
        assert_eq!(fees.sat_per_vb(1008), 1.5);
    }

    #[test]
    fn nonsense_from_a_server_changes_nothing() {
        let fees = Fees::new(Network::Bitcoin);
        let before = fees.sat_per_vb(6);
        fees.update(HashMap::from([(6, f64::NAN), (12, -3.0), (1, 1e9)]));
        assert_eq!(fees.sat_per_vb(6), before);
    }

    #[test]
    fn no_feerate_is_below_what_nodes_relay() {
        let fees = Fees::new(Network::Regtest);
        assert!(fees.get_est_sat_per_1000_weight(ConfirmationTarget::OutputSpendingFee) >= FEERATE_FLOOR_SATS_PER_KW);
        assert_eq!(feerate(0.0).to_sat_per_kwu(), u64::from(FEERATE_FLOOR_SATS_PER_KW));
    }
}
