//! How many devices a node has, where a text says so.

use super::rates::is_sign;
use crate::evidence::quantity::tokens::{Kind, Token, span};
use crate::evidence::quantity::units::{count_word, hours_in};
use crate::evidence::vocabulary;

/// Most devices of one node; rarely more than sixteen.
const MOST: f64 = 72.0;
/// Tokens between a number of devices and the node they are in.
const REACH: usize = 8;
/// Most nodes believed.
const MOST_NODES: f64 = 50_000.0;
/// Tokens behind a number within which the word for nodes is.
const NODE_REACH: usize = 4;

/// Devices of a node: `8xA100 nodes`, `nodes with 8 A100 GPUs each`, `4 GPUs per node`. None where it is not said, or said twice.
#[must_use]
pub fn devices_per_node(ts: &[Token<'_>], is_chip: impl Fn(usize) -> bool) -> Option<f64> {
    let words = &vocabulary::card().device_hours;
    let is_node = |t: &Token<'_>| t.is_any(&words.nodes);
    let mut found: Option<f64> = None;
    for i in 0..ts.len() {
        let Some(count) = count(ts, i) else { continue };
        let Some(device) = device_behind(ts, i + 1, &is_chip) else { continue };
        let behind = span(ts, device + 1, device + REACH);
        let clause = behind.iter().take_while(|t| !t.is_any(&[";", ".", "and"]) || t.glued);
        // "8xA100 nodes", "8 GPUs per node", "8 GPUs in each node".
        // ... and not those of "32 H100 (4 nodes x 8)".
        let ahead = clause.clone().take(4).take_while(|t| (t.kind != Kind::Number || t.glued) && !t.is("("));
        let ahead_of_node = ahead.into_iter().any(is_node);
        // "nodes with 8 A100 GPUs", "each node has 8 GPUs", "nodes (8x H100)".
        let before = span(ts, i.saturating_sub(6), i);
        let last_node = before.iter().rposition(is_node);
        let behind_node = last_node.is_some_and(|at| {
            let between = before.get(at + 1..).unwrap_or_default();
            let each = at.checked_sub(1).and_then(|b| before.get(b)).is_some_and(is_sign);
            // "2 nodes (16 GPUs)" are 16 in all: a node has eight, and nobody says each.
            let says_each = behind.iter().take(3).any(|t| t.is_any(&["each", "per"]) || is_sign(t)) || times_behind(ts, i);
            let total = between.iter().any(|t| t.is("(")) && count > IN_BRACKETS && !says_each;
            // "2 nodes, 8 H100 each"
            let apart = says_each && between.iter().all(|t| t.is(","));
            !total
                && (apart || between.iter().any(|t| t.is_any(&words.node_joins)) || (between.is_empty() && each))
                && !between.iter().any(|t| t.kind == Kind::Number || t.is_any(&["-", "hours"]))
        });
        if ahead_of_node || behind_node {
            if found.is_some_and(|other| (other - count).abs() > 0.0) {
                return None;
            }
            found = Some(count);
        }
    }
    found
}

/// Devices of one node that stand in brackets behind nodes, at most: more are those of all.
const IN_BRACKETS: f64 = 8.0;

/// "(16x V100)": a sign of multiplication behind a number.
fn times_behind(ts: &[Token<'_>], i: usize) -> bool {
    ts.get(i + 1).is_some_and(|t| t.is_any(&["x", "×"]))
}

/// The number of nodes: "4 compute nodes", "8 nœuds". None where it is not said, or said twice.
#[must_use]
pub fn nodes_of(ts: &[Token<'_>]) -> Option<f64> {
    let words = &vocabulary::card().device_hours;
    let mut found: Option<f64> = None;
    for i in 0..ts.len() {
        let Some(count) = whole_number(ts, i, MOST_NODES) else { continue };
        let behind = span(ts, i + 1, i + NODE_REACH);
        let node = behind.iter().position(|t| t.is_any(&words.nodes));
        // "500 node-hours" are no 500 nodes.
        let is_hours = node.is_some_and(|at| {
            let next = i + 2 + at + usize::from(ts.get(i + 2 + at).is_some_and(|t| t.is("-")));
            ts.get(next).is_some_and(|t| hours_in(&t.text).is_some())
        });
        // "four Dell PowerEdge 750 servers": with the name of what they are.
        let is_name = |t: &Token<'_>| (t.kind == Kind::Word && t.upper) || (t.kind == Kind::Number && t.glued);
        let passed = |t: &Token<'_>| t.is_any(&words.fillers) || t.is_any(&words.named) || is_name(t);
        let is_node = !is_hours && node.is_some_and(|at| behind.iter().take(at).all(passed));
        if is_node {
            if found.is_some_and(|other| (other - count).abs() > 0.0) {
                return None;
            }
            found = Some(count);
        }
    }
    found
}

/// Nodes and the devices of one, as Chinese, Japanese and Korean tell them: "16 台服务器,每台 8 张 H800", "H100 を 8 基搭載したノードを 16 台",
/// "노드당 A100 8장, 총 4개 노드". The nodes are none where only those of one are said.
#[must_use]
pub fn eastern_cluster(text: &str) -> Option<(Option<f64>, f64)> {
    let words = &vocabulary::card().device_hours;
    if text.is_ascii() || !words.each_node_cjk.is_within(text) {
        return None;
    }
    let mut numbers: Vec<(f64, &str, &str)> = Vec::new();
    let mut at = 0;
    while let Some(start) = text.get(at..)?.find(|c: char| c.is_ascii_digit()).map(|found| at + found) {
        let end = text.get(start..)?.find(|c: char| !c.is_ascii_digit()).map_or(text.len(), |len| start + len);
        let glued = text.get(..start)?.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-');
        if let Some(n) = text.get(start..end)?.parse::<f64>().ok().filter(|_| !glued) {
            numbers.push((n, text.get(..start)?.trim_end(), text.get(end..)?.trim_start()));
        }
        at = end;
    }
    let begins = |behind: &str, with: &str| behind.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with));
    let counter = |behind: &str| words.device_counters_cjk.iter().any(|c| begins(behind, c));
    // A noun of nodes behind the counter, or right before the number.
    let names_nodes = |before: &str, behind: &str| {
        let bare = words.node_counters_cjk.iter().find_map(|c| behind.strip_prefix(c)).unwrap_or(behind).trim_start();
        let counted = bare.len() < behind.len();
        let led = before.trim_end_matches(['を', 'は', 'の', ' ', '을', '를', '수', '数']);
        words.nodes_cjk.iter().any(|noun| bare.starts_with(noun) || (counted && led.ends_with(noun)))
    };
    let one = |mut found: Vec<f64>| {
        found.dedup();
        found.first().copied().filter(|_| found.len() == 1)
    };
    let nodes = one(numbers.iter().filter(|(_, before, behind)| names_nodes(before, behind)).map(|(n, ..)| *n).collect());
    let is_device = |(n, before, behind): &&(f64, &str, &str)| counter(behind) && !names_nodes(before, behind) && *n <= MOST;
    let each = one(numbers.iter().filter(is_device).map(|(n, ..)| *n).collect())?;
    Some((nodes.filter(|n| *n > 1.0), each))
}

/// A number that can be one of devices.
fn count(ts: &[Token<'_>], i: usize) -> Option<f64> {
    whole_number(ts, i, MOST)
}

/// A whole number from one to `most`, in digits or as a word.
fn whole_number(ts: &[Token<'_>], i: usize, most: f64) -> Option<f64> {
    let t = ts.get(i)?;
    let value = match t.kind {
        Kind::Number if t.glued && i > 0 && ts.get(i - 1).is_some_and(|b| b.kind == Kind::Word && !b.is("x")) => return None,
        Kind::Number => t.value?,
        Kind::Word if !t.is_any(&["a", "an", "single"]) => f64::from(count_word(&t.text)?),
        Kind::Word | Kind::Power | Kind::Sign => return None,
    };
    (value.fract() == 0.0 && (1.0..=most).contains(&value)).then_some(value)
}

/// The chip or word for devices that a number counts.
fn device_behind(ts: &[Token<'_>], from: usize, is_chip: impl Fn(usize) -> bool) -> Option<usize> {
    let words = &vocabulary::card().device_hours;
    for at in from..from + 5 {
        let t = ts.get(at)?;
        if t.is_any(&words.named) || is_chip(at) {
            return Some(at);
        }
        // "2 RTX 4090"
        let series = |at: usize| ts.get(at).is_some_and(|t| t.is_any(&vocabulary::hardware().near_chip));
        if at > from && t.kind == Kind::Number && series(at - 1) {
            return Some(at);
        }
        // "eight Ascend 910 NPUs"
        let named = |at: usize| at < from + 2 && ts.get(at).is_some_and(|t| t.kind == Kind::Word && t.upper);
        let is_name = named(at) || (t.kind == Kind::Number && at > from && named(at - 1));
        let passed =
            is_name || series(at) || t.is_any(&words.fillers) || t.is_any(&["x", "×", "*"]) || (t.kind == Kind::Number && t.glued);
        if !passed {
            return None;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::quantity::tokens::lex;

    #[test]
    fn numbers_of_nodes() {
        for (text, nodes) in [
            ("distributed on 4 compute nodes of 8 GPUs", Some(4.0)),
            ("réparti sur 8 nœuds de 4 GPU", Some(8.0)),
            ("sixteen nodes with 4 GPUs each", Some(16.0)),
            ("on four Dell PowerEdge servers, each with", Some(4.0)),
            ("one Atlas 800T A2 server (8 NPUs)", None),
            ("in 2023 Google released nodes", None),
            ("nodes with 8 GPUs", None),
            ("2 nodes first, then 4 nodes", None),
        ] {
            assert_eq!(nodes_of(&lex(text)), nodes, "{text}");
        }
    }

    #[test]
    fn nodes_with_their_devices() {
        for (text, devices) in [
            ("500 node-hours on 8xA100 nodes", Some(8.0)),
            ("1,200 node hours on nodes with four V100 GPUs", Some(4.0)),
            ("70 node-hours (each node has 4 GPUs)", Some(4.0)),
            ("70 node-hours, 6 GPUs per node", Some(6.0)),
            ("70 Knotenstunden (je Knoten 4 GPUs)", Some(4.0)),
            ("500 node-hours", None),
            ("2 nodes (16 GPUs)", None),
            ("4 nodes (8 GPUs)", Some(8.0)),
            ("32 GPUs (4 nodes)", None),
            ("500 node-hours on 64 nodes", None),
            ("nodes with 4 GPUs and nodes with 8 GPUs", None),
        ] {
            let ts = lex(text);
            let chip = |i: usize| ts.get(i).is_some_and(|t| t.is_any(&["a", "v"])) && ts.get(i + 1).is_some_and(|n| n.is("100"));
            assert_eq!(devices_per_node(&ts, chip), devices, "{text}");
        }
    }
}
