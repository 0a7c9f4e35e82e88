//! Hardware as people write it: which chip, how many, and what had to be assumed.
//!
//! A text is cut into pieces at every change between letters, digits and signs (`8xA100` is `8 x a 100`), the longest alias of the
//! reference table at each place is a mention, and the numbers around a mention are its count. What a text leaves open is a result
//! with candidates, never a guess.

mod context;
mod counts;
mod memory;
mod mentions;
mod unknown;

#[cfg(test)]
mod tests;

pub use self::context::Context;
pub use self::counts::MOST_DEVICES;

use self::counts::{count, counted_devices, is_counted};
use self::memory::{REACH, form, memory_gb};
use self::mentions::{Mention, in_brackets, mentions};
pub use self::unknown::unknown_chip;
use super::quantity::pieces::{Piece, cut_pieces};
use super::vocabulary;
use crate::reference::{Accelerator, Accelerators};

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
    /// Whether the devices are those of a machine.
    pub by_machine: bool,
    /// Whether nothing counts the machine.
    pub is_uncounted: bool,
    /// Whether the text names a chip, and not only a machine.
    pub names_chip: bool,
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

/// Reads a text.
#[must_use]
pub fn read_hardware<'r>(accelerators: &'r Accelerators, text: &str, context: Context) -> Hardware<'r> {
    let pieces = cut_pieces(text);
    let mentions = mentions_that_count(accelerators, &pieces, context);
    let mut assumptions = Vec::new();
    let mut found = by_family(accelerators, &pieces, &mentions, &mut assumptions);
    assumptions.sort_unstable();
    assumptions.dedup();
    let names_chip = mentions.iter().any(|m| !m.is_machine);
    let (openness, chips) = (Openness::Unnamed, Vec::new());
    match found.len() {
        0 => {
            let count = counted_devices(&pieces, &[]);
            Hardware { openness, chips, count, assumptions, by_machine: false, is_uncounted: false, names_chip }
        }
        1 => {
            let (chips, count, mention) = found.swap_remove(0);
            let by_machine = !names_chip && count.is_some_and(|n| n.is_multiple_of(mention.per_unit));
            let is_uncounted = by_machine && !is_counted(&pieces, mention);
            let openness = match chips.as_slice() {
                [_] => Openness::Exact,
                [first, rest @ ..] if rest.iter().all(|c| c.family() == first.family()) => Openness::Variant,
                _ => Openness::Alternatives,
            };
            Hardware { openness, chips, count, assumptions, by_machine, is_uncounted, names_chip }
        }
        _ => several(&pieces, &found, assumptions),
    }
}

/// The chips and machines of a text without those that say nothing more beside others.
fn mentions_that_count<'r>(accelerators: &'r Accelerators, pieces: &[Piece], context: Context) -> Vec<Mention<'r>> {
    let mut mentions = mentions(accelerators, pieces, context);
    // "v3-8 TPU": the kind beside its generation says nothing more. Nor do names in brackets behind another: "GB300 (Blackwell Ultra)".
    let generations: Vec<&Accelerator> = mentions.iter().filter(|m| m.kind.is_none()).map(|m| m.chip).collect();
    mentions.retain(|m| m.kind.is_none_or(|names| !generations.iter().any(|c| names.contains(&c.accelerator.as_str()))));
    // "HGX A100 server (4 x A100 80GB)": a machine and what is in it.
    if mentions.iter().any(|m| !in_brackets(pieces, m.from) && !m.is_machine) {
        mentions.retain(|m| !in_brackets(pieces, m.from));
    }
    // "4 A100 of our DGX station": a box whose name leaves the chip open holds the chip that is named.
    if mentions.iter().any(|m| !m.is_machine && m.kind.is_none()) {
        mentions.retain(|m| !(m.is_machine && is_open_box(pieces, m)));
    }
    mentions
}

/// A family with its candidates, its devices and the mention of it that came first.
type Found<'r, 'm> = (Vec<&'r Accelerator>, Option<u32>, &'m Mention<'r>);

/// The families that are mentioned, each with its candidates and devices.
fn by_family<'r, 'm>(
    accelerators: &'r Accelerators,
    pieces: &[Piece],
    mentions: &'m [Mention<'r>],
    assumptions: &mut Vec<&'static str>,
) -> Vec<Found<'r, 'm>> {
    let taken: Vec<(usize, usize)> = mentions.iter().map(|m| (m.from, m.to)).collect();
    let each = pieces.iter().any(|p| p.is_any(&vocabulary::hardware().each));
    let mut found: Vec<Found<'r, 'm>> = Vec::new();
    for mention in mentions {
        let candidates = variants(accelerators, pieces, mention, assumptions);
        let count = count(pieces, mention, &taken, assumptions);
        assumptions.extend(mention.assumption);
        match found.iter_mut().find(|(_, _, other)| other.chip.family() == mention.chip.family()) {
            // "Half of a DGX-2: 8 V100": the chips that were used, and not those of the machine.
            Some((known, known_count, other)) if other.is_machine && !mention.is_machine && count.is_some() && !each => {
                if candidates.len() == 1 {
                    *known = candidates;
                }
                *known_count = count;
            }
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
    found
}

/// Whether the name of a machine is one of several generations with chips of their own: "DGX Station".
fn is_open_box(pieces: &[Piece], mention: &Mention<'_>) -> bool {
    let name = pieces.get(mention.from..mention.to).unwrap_or_default();
    let key: String = name.iter().map(|p| p.lower.as_str()).collect();
    let chip = mention.chip.family().rsplit(' ').next().unwrap_or_default().to_lowercase();
    vocabulary::hardware().boxes.contains(&key.as_str()) && !key.contains(&chip)
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
        by_machine: false,
        is_uncounted: false,
        names_chip: found.iter().any(|(_, _, mention)| !mention.is_machine),
    }
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
