//! The number of devices where a sentence or a line of its own states it: devices, or nodes and the devices of one.

use super::candidate::{Candidate, Card, Spot, candidate};
use super::hardware::result_in_devices;
use super::nodes::{devices_per_node, nodes_of};
use crate::domain::Field;
use crate::evidence::hardware::{Context, MOST_DEVICES, read_hardware};
use crate::evidence::quantity::numbers::{Quantity, first_quantity, quantity};
use crate::evidence::quantity::tokens::Token;
use crate::evidence::vocabulary;

/// How much a number of devices without their chip stands behind one with it.
const APART: u8 = 6;

/// What lists say of nodes and of the devices of one.
#[derive(Debug, Default)]
pub struct ClusterParts {
    nodes: Vec<Candidate>,
    devices: Vec<Candidate>,
}

impl Card<'_> {
    /// Adds the devices of a sentence that names no chip: "on 4 compute nodes of 8 GPUs", "eight GPUs were used".
    pub fn add_devices_apart(&mut self, spot: &Spot<'_>, ts: &[Token<'_>], text: &str) {
        let per_node = devices_per_node(ts, |i| self.is_chip(ts, i));
        let count = match (per_node, nodes_of(ts)) {
            (Some(devices), Some(nodes)) => Some(devices * nodes),
            // So many in each node, and nobody says how many nodes.
            (Some(_), None) => None,
            // The 400 of "1.400 GPU-Stunden" are no devices.
            (None, _) if (0..ts.len()).any(|i| self.device_hours(ts, i).is_some()) => result_in_devices(ts),
            (None, _) => read_hardware(self.tables.accelerators, text, Context::Prose).count.map(f64::from),
        };
        if let Some(n) = count.filter(|n| (1.0..=f64::from(MOST_DEVICES)).contains(n)) {
            self.add(&spot.after(APART), Field::AcceleratorCount, Some(n), text, None);
        }
    }

    /// "8 GPUs * 0.325 kW/GPU = 2.6 kW": the devices that a power is reckoned with.
    pub fn add_devices_of_power(&mut self, spot: &Spot<'_>, value: &str, ts: &[Token<'_>]) {
        let named =
            |at: usize| ts.get(at).is_some_and(|t| t.is_any(&vocabulary::card().device_hours.named)) || self.is_chip(ts, at);
        let times = |at: usize| ts.get(at).is_some_and(|t| t.is_any(&["x", "×", "*", "·"]));
        let power = |at: usize| (at..at + 2).any(|at| ts.get(at).is_some_and(|t| t.is_any(&["w", "kw", "watt", "watts"])));
        let count = (0..ts.len()).find_map(|at| {
            let q = quantity(ts, at).filter(|q| !q.is_word && q.value.fract() == 0.0 && q.value >= 1.0 && named(q.to))?;
            let sign = (q.to + 1..q.to + 3).find(|at| times(*at))?;
            quantity(ts, sign + 1).filter(|watts| power(watts.to)).map(|_| q)
        });
        if let Some(q) = count.filter(|q| q.value <= f64::from(MOST_DEVICES)) {
            self.add(&spot.after(APART), Field::AcceleratorCount, Some(q.value), value, None);
        }
    }

    /// Nodes, or the devices of one and their chip: "GPUs per node: 4x MI250X".
    pub(super) fn add_cluster_pair(&mut self, spot: &Spot<'_>, is_nodes: bool, ts: &[Token<'_>], value: &str) {
        let whole = |q: &Quantity| q.value.fract() == 0.0 && q.value >= 1.0 && spot.reason.is_none();
        if let Some(q) = first_quantity(ts).filter(whole) {
            self.add_part_of_cluster(spot, is_nodes, q.value, value);
        }
        let chip = value.split_once(char::is_whitespace).map(|(_, chip)| chip.trim_start_matches(['x', '×', ' ']));
        if let Some(chip) = chip.filter(|_| !is_nodes) {
            self.add_hardware(&spot.after(2), chip, Context::Field);
        }
    }

    /// Notes a line that states nodes, or the devices of one.
    pub fn add_part_of_cluster(&mut self, spot: &Spot<'_>, is_nodes: bool, n: f64, written: &str) {
        let part = candidate(&spot.after(APART), Field::AcceleratorCount, Some(n), written, None);
        if is_nodes { self.cluster.nodes.push(part) } else { self.cluster.devices.push(part) }
    }

    /// Adds the product of nodes and devices of one, where lists state both, each in one way.
    pub fn add_cluster(&mut self) {
        let ClusterParts { nodes, devices } = std::mem::take(&mut self.cluster);
        let one = |parts: &[Candidate]| {
            let first = parts.first()?.value;
            parts.iter().all(|p| p.value == first).then_some(first).flatten()
        };
        let (Some(n), Some(each), Some(last)) = (one(&nodes), one(&devices), devices.first()) else { return };
        let locator = format!("{}: {n} nodes x {each} devices", last.locator);
        self.candidates.push(Candidate { value: Some(n * each), locator, ..last.clone() });
    }
}
