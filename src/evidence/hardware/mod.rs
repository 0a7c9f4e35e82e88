//! Hardware as people write it: which chip, how many, and what had to be assumed.
//!
//! A text is cut into pieces at every change between letters, digits and signs (`8xA100` is `8 x a 100`), the longest alias of the
//! reference table at each place is a mention, and the numbers around a mention are its count. What a text leaves open is a result
//! with candidates, never a guess.

use crate::evidence::quantity::pieces::{Piece, cut_pieces};
use crate::evidence::quantity::units::count_word;
use crate::reference::{Accelerator, Accelerators, Named};

/// Where a text comes from: in a field for hardware a bare `T4` is a chip, in prose it needs a word of hardware beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// A field or column that holds hardware.
    Field,
    /// Running text.
    Prose,
}

/// How far a text settles the chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Openness {
    /// Nothing in the text names a chip.
    Unnamed,
    /// One chip.
    Exact,
    /// One family whose variants (form factor, memory) the text leaves open.
    Variant,
    /// Several chips, joined by "or" or a slash: one of them was used.
    Alternatives,
    /// Several chips that were all used.
    Several,
}

/// What a text says about hardware.
#[derive(Clone, Debug, PartialEq)]
pub struct Hardware<'r> {
    /// How far the chip is settled.
    pub openness: Openness,
    /// The chip, or the candidates in the order of the table.
    pub chips: Vec<&'r Accelerator>,
    /// Devices; none when the text does not say, or when several chips have several counts.
    pub count: Option<u32>,
    /// What was assumed on the way, as words for flags.
    pub assumptions: Vec<&'static str>,
}

impl Hardware<'_> {
    /// The chip, when the text settles it.
    #[must_use]
    pub fn exact(&self) -> Option<&Accelerator> {
        if self.openness == Openness::Exact { self.chips.first().copied() } else { None }
    }

    /// Canonical names of the chip or the candidates.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.chips.iter().map(|a| a.accelerator.clone()).collect()
    }
}

/// Words that tell a short alias (`T4`, `3090`) in prose from anything else.
const HARDWARE_WORDS: &[&str] = &[
    "gpu",
    "gpus",
    "nvidia",
    "tesla",
    "geforce",
    "rtx",
    "gtx",
    "amd",
    "instinct",
    "colab",
    "kaggle",
    "card",
    "cards",
    "accelerator",
    "accelerators",
    "sxm",
    "pcie",
    "vram",
    "tpu",
    "tpus",
    "显卡",
];
/// Words between a count and its chip that say nothing.
const FILLERS: &[&str] = &[
    "nvidia",
    "google",
    "amd",
    "cloud",
    "tesla",
    "geforce",
    "gpu",
    "gpus",
    "tpu",
    "tpus",
    "of",
    "the",
    "graphics",
    "card",
    "cards",
    "chips",
    "chip",
    "units",
    "devices",
    "instinct",
    "quadro",
    "hbm",
    "accelerators",
    "ampere",
    "hopper",
    "computing",
    "compute",
    "hardware",
    "processor",
    "processors",
    "个",
    "张",
    "块",
    "枚",
];
/// Words for the machines that chips stand in.
const NODE_WORDS: &[&str] = &["node", "nodes", "machines", "machine", "servers", "server", "hosts", "instances"];
/// Aliases that name a kind of chip and no generation of it, by letters and digits, and what the canonical names of the kind begin
/// with; the table gives such an alias to the commonest one.
const KINDS: &[(&[&str], &[&str])] = &[
    (
        &["tpu", "tpus", "googletpu", "googletpus", "cloudtpu", "cloudtpus", "googlecloudtpu", "tpupod", "tpuvm"],
        // v1 and v4i only serve models.
        &["Google TPU v2", "Google TPU v3", "Google TPU v4", "Google TPU v5e", "Google TPU v5p", "Google TPU v6e", "Google TPU v7"],
    ),
    (
        &["ascend", "huaweiascend", "ascendnpu", "ascendnpus", "huaweiascendnpu", "huaweiascenddevices"],
        &["Huawei Ascend 910A", "Huawei Ascend 910B", "Huawei Ascend 910C"],
    ),
    (&["ascend910", "huaweiascend910"], &["Huawei Ascend 910A", "Huawei Ascend 910B"]),
    (&["trainium", "awstrainium"], &["AWS Trainium1", "AWS Trainium2", "AWS Trainium3"]),
    (&["rtx5000", "nvidiartx5000"], &["NVIDIA Quadro RTX 5000", "NVIDIA RTX 5000 Ada"]),
    (&["rtx6000", "nvidiartx6000"], &["NVIDIA Quadro RTX 6000", "NVIDIA RTX 6000 Ada"]),
];
/// Aliases that are words or codes of other things, too: in prose they need a word of hardware beside them.
const COMMON_WORDS: &[&str] = &["titan", "ipu", "hpu", "cs2", "cs3", "orin", "xavier", "ascend", "graphcore", "cerebras"];
/// Memory units.
const MEMORY_UNITS: &[&str] = &["gb", "g", "gib"];
/// Most devices believed: the largest published clusters have some 200,000.
const MOST_DEVICES: u32 = 400_000;
/// Pieces after a mention in which memory and form factor are looked for.
const REACH: usize = 6;

/// A chip or machine in the text: pieces `from..to`.
struct Mention<'r> {
    from: usize,
    to: usize,
    chip: &'r Accelerator,
    /// Chips per slice or machine.
    per_unit: u32,
    /// Whether `per_unit` was read from a slice or machine.
    is_unit: bool,
    /// Candidates when only a kind of chip is named.
    kind: Option<&'static [&'static str]>,
    assumption: Option<&'static str>,
}

/// Reads a text.
#[must_use]
pub fn read<'r>(accelerators: &'r Accelerators, text: &str, context: Context) -> Hardware<'r> {
    let pieces = cut_pieces(text);
    let mut mentions = mentions(accelerators, &pieces, context);
    // "v3-8 TPU": the kind beside its generation says nothing more. Nor do names in brackets behind another: "GB300 (Blackwell Ultra)".
    let generations: Vec<&Accelerator> = mentions.iter().filter(|m| m.kind.is_none()).map(|m| m.chip).collect();
    mentions.retain(|m| m.kind.is_none_or(|names| !generations.iter().any(|c| names.contains(&c.accelerator.as_str()))));
    if mentions.iter().any(|m| !in_brackets(&pieces, m.from)) {
        mentions.retain(|m| !in_brackets(&pieces, m.from));
    }
    let mut found: Vec<(Vec<&'r Accelerator>, Option<u32>, &Mention<'r>)> = Vec::new();
    let mut assumptions = Vec::new();
    for mention in &mentions {
        let candidates = variants(accelerators, &pieces, mention, &mut assumptions);
        let count = count(&pieces, mention, &mut assumptions);
        assumptions.extend(mention.assumption);
        match found.iter_mut().find(|(_, _, other)| other.chip.family() == mention.chip.family()) {
            // The same family again ("V100 ... V100 32GB"): the narrower reading, and the first count there is.
            Some((known, known_count, _)) => {
                if candidates.len() < known.len() {
                    *known = candidates;
                }
                *known_count = known_count.or(count);
            }
            None => found.push((candidates, count, mention)),
        }
    }
    assumptions.sort_unstable();
    assumptions.dedup();
    match found.len() {
        0 => {
            let count = counted_devices(&pieces);
            Hardware { openness: Openness::Unnamed, chips: Vec::new(), count, assumptions }
        }
        1 => {
            let (chips, count, _) = found.swap_remove(0);
            let openness = match chips.as_slice() {
                [_] => Openness::Exact,
                [first, rest @ ..] if rest.iter().all(|c| c.family() == first.family()) => Openness::Variant,
                _ => Openness::Alternatives,
            };
            Hardware { openness, chips, count, assumptions }
        }
        _ => several(&pieces, &found, assumptions),
    }
}

fn several<'r>(
    pieces: &[Piece],
    found: &[(Vec<&'r Accelerator>, Option<u32>, &Mention<'r>)],
    assumptions: Vec<&'static str>,
) -> Hardware<'r> {
    let between = |a: usize, b: usize| pieces.get(a..b).unwrap_or_default();
    let either = found.windows(2).all(|w| between(w[0].2.to, w[1].2.from).iter().any(|p| p.is("or") || p.is("/")));
    let mut chips: Vec<&Accelerator> = Vec::new();
    for chip in found.iter().flat_map(|(chips, _, _)| chips) {
        if !chips.iter().any(|c| c.accelerator == chip.accelerator) {
            chips.push(chip);
        }
    }
    let counts: Vec<u32> = found.iter().filter_map(|(_, count, _)| *count).collect();
    let same = counts.first().copied().filter(|first| counts.len() == found.len() && counts.iter().all(|c| c == first));
    Hardware {
        openness: if either { Openness::Alternatives } else { Openness::Several },
        chips,
        // "8 A100 or H100" has one count for both; two counts of two chips add up to no single figure.
        count: if either { same.or(counts.first().copied().filter(|_| counts.len() == 1)) } else { None },
        assumptions,
    }
}

fn mentions<'r>(accelerators: &'r Accelerators, pieces: &[Piece], context: Context) -> Vec<Mention<'r>> {
    let mut mentions = Vec::new();
    let says_tpu = pieces.iter().any(|p| p.is("tpu") || p.is("tpus") || p.is("pod"));
    let mut i = 0;
    while i < pieces.len() {
        let mention = if says_tpu { slice_alone(accelerators, pieces, i) } else { None };
        match mention.or_else(|| longest(accelerators, pieces, i, context)) {
            Some(mention) => {
                i = mention.to;
                mentions.push(mention);
            }
            None => i += 1,
        }
    }
    mentions
}

/// The longest alias that begins at a piece.
fn longest<'r>(accelerators: &'r Accelerators, pieces: &[Piece], from: usize, context: Context) -> Option<Mention<'r>> {
    if !starts_cleanly(pieces, from) {
        return None;
    }
    let mut key = String::new();
    let mut best = None;
    for (to, piece) in pieces.iter().enumerate().skip(from) {
        if piece.is_sign() || key.len() + piece.lower.len() > accelerators.longest_alias() {
            break;
        }
        key.push_str(&piece.lower);
        let Some(named) = accelerators.by_alias(&key) else { continue };
        if ends_cleanly(pieces, from, to) && (context == Context::Field || !is_short(&key) || has_hardware_word(pieces, from, to)) {
            let kind = KINDS.iter().find(|(keys, _)| keys.contains(&key.as_str())).map(|(_, names)| *names);
            best = Some((to + 1, named, kind));
        }
    }
    let (to, named, kind) = best?;
    Some(match named {
        Named::Chip(chip) if kind.is_some() => Mention { from, to, chip, per_unit: 1, is_unit: false, kind, assumption: None },
        Named::Chip(chip) => slice(pieces, from, to, chip),
        Named::Machine { chip, count, assumption } => {
            Mention { from, to, chip, per_unit: count, is_unit: true, kind: None, assumption }
        }
    })
}

/// A mention may begin inside a word only after its count: `8xA100`, `4xT4`.
fn starts_cleanly(pieces: &[Piece], from: usize) -> bool {
    let word = pieces[from].word;
    let before = pieces[..from].iter().rev().take_while(|p| p.word == word);
    !pieces[from].is_sign() && before.clone().all(|p| p.is_number() || p.is("x")) && before.last().is_none_or(Piece::is_number)
}

/// A mention ends with its word, before a plural s, or before `x8`; `A100X` in `A100x8` is no chip, `V100s` is a plural.
fn ends_cleanly(pieces: &[Piece], from: usize, to: usize) -> bool {
    let last = &pieces[to];
    let rest: Vec<&Piece> = pieces[to + 1..].iter().take_while(|p| p.word == last.word).collect();
    let counts_follow = |p: &[&Piece]| matches!(p, [x, n, ..] if x.is("x") && n.is_number());
    if to > from && last.is("s") && last.starts_lowercase {
        return false;
    }
    if last.is("x") && rest.first().is_some_and(|p| p.is_number()) {
        return false;
    }
    match rest.as_slice() {
        [] => true,
        [s] if s.is("s") && s.starts_lowercase => true,
        _ => counts_follow(&rest),
    }
}

fn in_brackets(pieces: &[Piece], at: usize) -> bool {
    let last = pieces[..at].iter().rev().find(|p| p.is("(") || p.is(")"));
    last.is_some_and(|p| p.is("(")) && pieces[at..].iter().any(|p| p.is(")"))
}

fn is_short(key: &str) -> bool {
    COMMON_WORDS.contains(&key)
        || key.len() <= 3
        || key.bytes().all(|b| b.is_ascii_digit())
        || key.starts_with('m') && key.len() <= 5
}

fn has_hardware_word(pieces: &[Piece], from: usize, to: usize) -> bool {
    let near = &pieces[from.saturating_sub(5)..(to + 5).min(pieces.len())];
    let memory = &pieces[(to + 1).min(pieces.len())..(to + 4).min(pieces.len())];
    near.iter().any(|p| HARDWARE_WORDS.contains(&p.lower.as_str())) || memory_gb(memory).is_some()
}

/// A TPU slice behind its generation: `TPU v3-8` has 4 chips, because suffixes count TensorCores up to v4 and in v5p, and chips in
/// v5e and v6e (Google Cloud TPU documentation, quoted in tpu_power_google_docs.csv).
fn slice<'r>(pieces: &[Piece], from: usize, to: usize, chip: &'r Accelerator) -> Mention<'r> {
    let whole = Mention { from, to, chip, per_unit: 1, is_unit: false, kind: None, assumption: None };
    let Some(per_core) = chip.cores_per_slice_unit() else { return whole };
    match pieces.get(to) {
        Some(suffix) if suffix.is_number() && suffix.after_hyphen && to > 0 => match slice_chips(&suffix.lower, per_core) {
            Some(chips) => Mention { to: to + 1, per_unit: chips, is_unit: true, ..whole },
            None => whole,
        },
        _ => whole,
    }
}

/// `v3-8`, `v5litepod-16` without the word TPU before it.
fn slice_alone<'r>(accelerators: &'r Accelerators, pieces: &[Piece], from: usize) -> Option<Mention<'r>> {
    let [v, generation, ..] = pieces.get(from..)? else { return None };
    if !v.is("v") || !generation.is_number() || generation.word != v.word || !starts_cleanly(pieces, from) {
        return None;
    }
    let kind = pieces.get(from + 2).filter(|p| p.word == v.word && ["e", "p", "litepod", "i"].contains(&p.lower.as_str()));
    let suffix_at = from + 2 + usize::from(kind.is_some());
    let suffix = pieces.get(suffix_at).filter(|p| p.is_number() && p.after_hyphen)?;
    let letter = kind.map_or("", |k| if k.is("litepod") { "e" } else { k.lower.as_str() });
    let Some(Named::Chip(chip)) = accelerators.by_alias(&format!("tpuv{}{letter}", generation.lower)) else { return None };
    let chips = slice_chips(&suffix.lower, chip.cores_per_slice_unit()?)?;
    Some(Mention { from, to: suffix_at + 1, chip, per_unit: chips, is_unit: true, kind: None, assumption: None })
}

fn slice_chips(suffix: &str, per_chip: u32) -> Option<u32> {
    let n: u32 = suffix.parse().ok()?;
    (n > 0 && n <= 16_384 && n.is_multiple_of(per_chip)).then_some(n / per_chip)
}

/// The members of the mention's family that agree with the memory and form factor the text states beside it.
fn variants<'r>(
    accelerators: &'r Accelerators,
    pieces: &[Piece],
    mention: &Mention<'r>,
    assumptions: &mut Vec<&'static str>,
) -> Vec<&'r Accelerator> {
    if let Some(names) = mention.kind {
        return accelerators.rows().iter().filter(|a| names.contains(&a.accelerator.as_str())).collect();
    }
    let family = accelerators.family(mention.chip.family());
    if family.len() == 1 || mention.is_unit {
        return vec![mention.chip];
    }
    let near = &pieces[mention.from..(mention.to + REACH).min(pieces.len())];
    let before = &pieces[mention.from.saturating_sub(2)..mention.from];
    let memory = memory_gb(near).or_else(|| memory_gb(before));
    let form = near.iter().find_map(|p| form(&p.lower));
    let agrees = |a: &&Accelerator| {
        memory.is_none_or(|gb| a.memory_gb.is_some_and(|m| (m - gb).abs() < 1.0)) && form.is_none_or(|f| a.form() == Some(f))
    };
    let agreeing: Vec<&Accelerator> = family.iter().copied().filter(agrees).collect();
    if agreeing.is_empty() {
        assumptions.push("accelerator_variant_not_in_the_table");
        return vec![mention.chip];
    }
    agreeing
}

fn memory_gb(pieces: &[Piece]) -> Option<f64> {
    pieces
        .windows(2)
        .find(|w| w[0].is_number() && MEMORY_UNITS.contains(&w[1].lower.as_str()))
        .and_then(|w| w[0].lower.parse().ok())
}

/// Form factor named by a piece.
fn form(piece: &str) -> Option<&'static str> {
    ["sxm", "pcie", "nvl"].into_iter().find(|f| piece == *f)
}

/// Devices: the number beside a mention, else beside a word for devices, times chips per slice or machine, times nodes.
fn count(pieces: &[Piece], mention: &Mention<'_>, assumptions: &mut Vec<&'static str>) -> Option<u32> {
    let beside = left_count(pieces, mention.from, assumptions).or_else(|| right_count(pieces, mention.to));
    let (units, per_node) = match beside {
        Some(found) => found,
        None if mention.is_unit => (1, false),
        None => (counted_devices(pieces)?, false),
    };
    let nodes = if per_node || says_per_node(pieces, mention.to) { node_count(pieces) } else { None };
    let total = units.checked_mul(mention.per_unit)?.checked_mul(nodes.unwrap_or(1))?;
    // "256 cloud TPU v3 cores" are 128 chips.
    let near = &pieces[mention.to..(mention.to + REACH).min(pieces.len())];
    let cores =
        if near.iter().any(|p| p.is("cores")) && !mention.is_unit { mention.chip.cores_per_slice_unit().unwrap_or(1) } else { 1 };
    (1..=MOST_DEVICES).contains(&total).then_some((total / cores).max(1))
}

/// "592 GPUs powered by", "8x GPU", "a single 80GB GPU": a number before a word for devices.
fn counted_devices(pieces: &[Piece]) -> Option<u32> {
    let devices = |p: &Piece| ["gpu", "gpus", "tpus", "accelerators", "cards", "npus"].contains(&p.lower.as_str());
    let at = pieces.iter().enumerate().filter(|(_, p)| devices(p)).find_map(|(at, p)| {
        let number = skip_left(pieces, at)?;
        let counts =
            pieces[number].count().is_some_and(|_| begins_word(pieces, number)) || count_word(&pieces[number].lower).is_some();
        // "per GPU" and "GPU hours" count something else.
        let next_is_time = pieces.get(at + 1).is_some_and(|n| ["hours", "hour", "days", "memory", "h"].contains(&n.lower.as_str()));
        (counts && !next_is_time && !(p.is("gpu") && pieces[number].is("per"))).then_some(number)
    })?;
    pieces[at].count().or_else(|| count_word(&pieces[at].lower)).filter(|n| (1..=MOST_DEVICES).contains(n))
}

/// The 2 of EC2 is no count.
fn begins_word(pieces: &[Piece], at: usize) -> bool {
    at == 0 || pieces[at - 1].word != pieces[at].word || pieces[at - 1].is_times()
}

/// Goes left over fillers and memory to a number; `32 x 8 x` multiplies, "32 nodes each with 4" asks for the nodes.
fn left_count(pieces: &[Piece], from: usize, assumptions: &mut Vec<&'static str>) -> Option<(u32, bool)> {
    let mut at = skip_left(pieces, from)?;
    if let Some(n) = count_word(&pieces[at].lower) {
        return Some((n, attached_to_nodes(pieces, at)));
    }
    if ["a", "an"].contains(&pieces[at].lower.as_str()) {
        assumptions.push("article_read_as_one_device");
        return Some((1, false));
    }
    let mut product: u32 = pieces[at].count().filter(|_| begins_word(pieces, at))?;
    // What stands before a lone number may be a date or a step count; only a multiplication sign joins it.
    while let [.., a, sign] = &pieces[..at] {
        let (true, Some(n)) = (sign.is_times(), a.count()) else { break };
        product = product.checked_mul(n)?;
        at -= 2;
    }
    Some((product, attached_to_nodes(pieces, at)))
}

/// Position of the first piece to the left that is no filler, multiplication sign or memory size.
fn skip_left(pieces: &[Piece], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at = at.checked_sub(1)?;
        let piece = &pieces[at];
        if MEMORY_UNITS.contains(&piece.lower.as_str()) && at > 0 && pieces[at - 1].is_number() {
            at -= 1;
        } else if !(piece.is_times() || FILLERS.contains(&piece.lower.as_str())) {
            return Some(at);
        }
    }
}

/// "nodes each with", "nodes with", "nodes of" before a number.
fn attached_to_nodes(pieces: &[Piece], number: usize) -> bool {
    let before = &pieces[number.saturating_sub(4)..number];
    before.iter().any(|p| NODE_WORDS.contains(&p.lower.as_str()))
        && before.last().is_some_and(|p| ["with", "of", "each", "x", "having", "containing", "*", "×"].contains(&p.lower.as_str()))
}

/// `A100 80GB x 8`, `A100 (8)`, `A100x32`.
fn right_count(pieces: &[Piece], to: usize) -> Option<(u32, bool)> {
    let mut at = to;
    loop {
        let piece = pieces.get(at)?;
        // `H20 (96GiB) x 128`
        let bracketed = piece.is("(")
            && pieces.get(at + 1).is_some_and(Piece::is_number)
            && pieces.get(at + 2).is_some_and(|p| MEMORY_UNITS.contains(&p.lower.as_str()))
            && pieces.get(at + 3).is_some_and(|p| p.is(")"));
        if bracketed {
            at += 4;
            continue;
        }
        let is_memory = piece.is_number() && pieces.get(at + 1).is_some_and(|p| MEMORY_UNITS.contains(&p.lower.as_str()));
        if is_memory {
            at += 2;
        } else if piece.is("s") || form(&piece.lower).is_some() || FILLERS.contains(&piece.lower.as_str()) {
            at += 1;
            // `SXM4`: the digit belongs to the form factor.
            at += usize::from(form(&piece.lower).is_some() && pieces.get(at).is_some_and(Piece::is_number));
        } else {
            break;
        }
    }
    let opened = pieces.get(at).is_some_and(|p| p.is("("));
    at += usize::from(opened);
    let times = pieces.get(at).is_some_and(Piece::is_times);
    at += usize::from(times);
    if !opened && !times {
        return None;
    }
    let n = pieces.get(at)?.count().or_else(|| count_word(&pieces[at].lower))?;
    let next = pieces.get(at + 1);
    let closes = next.is_some_and(|p| p.is(")") || p.is("cores") || FILLERS.contains(&p.lower.as_str()));
    let is_memory = next.is_some_and(|p| MEMORY_UNITS.contains(&p.lower.as_str()));
    (!is_memory && (times || closes)).then_some((n, false))
}

fn says_per_node(pieces: &[Piece], to: usize) -> bool {
    let near = &pieces[to..(to + REACH).min(pieces.len())];
    near.windows(2).any(|w| (w[0].is("per") || w[0].is("each")) && NODE_WORDS.contains(&w[1].lower.as_str()))
}

/// The number before "nodes".
fn node_count(pieces: &[Piece]) -> Option<u32> {
    let at = pieces.iter().position(|p| NODE_WORDS.contains(&p.lower.as_str()) && !p.is("node") && !p.is("server"))?;
    let number = &pieces[skip_left(pieces, at)?];
    number.count().or_else(|| count_word(&number.lower))
}

#[cfg(test)]
mod tests;
