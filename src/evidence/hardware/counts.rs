//! How many devices a text speaks of.

use super::memory::{REACH, form};
use super::mentions::Mention;
use crate::evidence::quantity::pieces::Piece;
use crate::evidence::quantity::units::count_word;
use crate::evidence::vocabulary;

/// Most devices believed: the largest published clusters have some 200,000.
pub const MOST_DEVICES: u32 = 400_000;

/// Devices: the number beside a mention, else beside a word for devices, times chips per slice or machine, times nodes. The pieces of `taken`
/// are those of names.
pub(super) fn count(
    pieces: &[Piece],
    mention: &Mention<'_>,
    taken: &[(usize, usize)],
    assumptions: &mut Vec<&'static str>,
) -> Option<u32> {
    if let Some(total) = stated_total(pieces) {
        return Some(total);
    }
    // "TPU v5e-16 (16 chips)": the same, once more.
    let is_slice = mention.is_unit && !mention.is_machine;
    let told = if is_slice { in_brackets_behind(pieces, mention.to).map(|(n, _)| n) } else { None };
    if told == Some(mention.per_unit) {
        return told;
    }
    let beside = if is_one_of_nodes(pieces, mention) {
        in_brackets_behind(pieces, mention.to)
    } else {
        left_count(pieces, mention.from, assumptions).or_else(|| right_count(pieces, mention.to))
    };
    if mention.is_machine
        && let Some(part) = part_of_machine(pieces, mention, taken, beside.is_some_and(|(n, _)| n > 1))
    {
        return part;
    }
    let (units, per_node) = match beside {
        Some(found) => found,
        None if mention.is_unit => (1, false),
        None => match counted_devices(pieces, taken).or_else(|| halves(pieces, mention)) {
            Some(n) => (n, false),
            None => return one_in_its_computer(pieces, mention),
        },
    };
    let nodes = if per_node || says_per_node(pieces, mention.to) { node_count(pieces) } else { None };
    let total = units.checked_mul(mention.per_unit)?.checked_mul(nodes.unwrap_or(1))?;
    // "256 cloud TPU v3 cores" are 128 chips.
    let near = &pieces[mention.to..(mention.to + REACH).min(pieces.len())];
    let per_chip = mention.chip.cores_per_slice_unit().filter(|_| !mention.is_unit).unwrap_or(1);
    let named = near.iter().position(|p| p.is("cores"));
    // "8 TPU v3 boards (64 cores)": the brackets say how many there were in all.
    let all_cores = named.and_then(|at| near.get(..at)).and_then(|before| before.last()?.count().filter(|_| before.len() > 1));
    if let Some(all) = all_cores.filter(|all| per_chip > 1 && *all >= total) {
        return Some(all / per_chip);
    }
    let cores = if named.is_some() { per_chip } else { 1 };
    // "128 MI250X GCDs" are 64 modules; "64 MI250X (128 GCDs)" say both.
    let behind = near.iter().take_while(|p| !p.is_number() && !p.is_sign());
    let halves = if beside.is_some() && behind.clone().any(is_half) { mention.chip.devices_shown() } else { 1 };
    (1..=MOST_DEVICES).contains(&total).then_some((total / cores / halves).max(1))
}

/// Whether a number, an article or a word counts a mention.
pub(super) fn is_counted(pieces: &[Piece], mention: &Mention<'_>) -> bool {
    left_count(pieces, mention.from, &mut Vec::new()).is_some() || right_count(pieces, mention.to).is_some()
}

/// A word for the half of a module that shows as a device of its own.
fn is_half(p: &Piece) -> bool {
    p.is_any(&vocabulary::hardware().halves)
}

/// "512 GCDs" of a chip that shows as two devices: half as many.
fn halves(pieces: &[Piece], mention: &Mention<'_>) -> Option<u32> {
    let shown = mention.chip.devices_shown();
    let at = pieces.iter().position(is_half).filter(|_| shown > 1)?;
    let number = skip_left(pieces, at)?;
    // Regression: the 250 of "720k GPU-hours (MI250X GCDs)" counted 125 chips.
    if (mention.from..mention.to).contains(&number) {
        return None;
    }
    let n = pieces[number].count()?;
    (n >= shown).then_some(n / shown)
}

/// "An Intel Gaudi 3 node", "one A100 server": the article counts machines, not chips.
fn is_one_of_nodes(pieces: &[Piece], mention: &Mention<'_>) -> bool {
    let words = vocabulary::hardware();
    let next = pieces.get(mention.to).is_some_and(|p| p.is_any(&words.machines));
    let before = skip_left(pieces, mention.from);
    // "a 1x 80GB A100 node": what is multiplied are chips.
    let is_times = |at: usize| pieces.get(at + 1).is_some_and(Piece::is_times);
    let is_one = |at: usize| pieces[at].is_any(&words.articles) || pieces[at].is("1") || count_word(&pieces[at].lower) == Some(1);
    let is_one = |at: usize| is_one(at) && !is_times(at);
    !mention.is_unit && next && before.is_some_and(is_one)
}

/// "(8x HL-325L)", "(8 GPUs)" right behind a machine.
fn in_brackets_behind(pieces: &[Piece], to: usize) -> Option<(u32, bool)> {
    let open = (to..to + 3).find(|at| pieces.get(*at).is_some_and(|p| p.is("(")))?;
    let n = pieces.get(open + 1)?.count()?;
    pieces.get(open + 2).is_some_and(|p| p.is_times() || p.is_any(&vocabulary::hardware().devices)).then_some((n, false))
}

/// The devices of a machine that were used, where the text says that it was a part: "one GPU of a DGX A100", "a DGX A100 slice, 2 GPUs". The
/// inner number is open where it says so without a number, or names machines without theirs: "a cluster of DGX H100".
#[allow(clippy::option_option)] // Nothing said; said without a number; said.
fn part_of_machine(pieces: &[Piece], mention: &Mention<'_>, taken: &[(usize, usize)], is_counted: bool) -> Option<Option<u32>> {
    let words = vocabulary::hardware();
    let each = |p: &Piece| p.is_any(&words.each);
    // "128 LUMI nodes (1024 GCDs)"
    if let Some(n) = halves(pieces, mention).filter(|_| !pieces.iter().any(each)) {
        return Some(Some(n));
    }
    if let Some(n) = counted_devices(pieces, taken).filter(|_| !pieces.iter().any(each)) {
        return Some(Some(n));
    }
    let behind = pieces.get(mention.to..(mention.to + 2).min(pieces.len())).unwrap_or_default();
    let before = pieces.get(mention.from.saturating_sub(4)..mention.from).unwrap_or_default();
    let is_part = behind.first().is_some_and(|p| p.is_any(&words.parts))
        || before.windows(2).any(|w| w[0].is_any(&words.parts) && w[1].is_any(&words.part_of));
    let is_plural =
        behind.first().is_some_and(|p| p.is_any(&words.several) || (p.is("s") && p.word == pieces[mention.to - 1].word));
    let in_cluster = before.windows(2).any(|w| w[0].is_any(&words.several) && w[1].is_any(&words.part_of));
    let is_open = is_part || (!is_counted && (is_plural || in_cluster));
    is_open.then_some(None)
}

/// "A MacBook Pro with M3 Max", "P100 of Kaggle": a computer or a service that has one chip.
fn one_in_its_computer(pieces: &[Piece], mention: &Mention<'_>) -> Option<u32> {
    let words = vocabulary::hardware();
    let named = |word: &str| pieces.iter().any(|p| p.is(word));
    if named("colab") || (named("kaggle") && mention.chip.family().ends_with(" P100")) {
        return Some(1);
    }
    let at = pieces
        .iter()
        .position(|p| p.is_any(&words.computers))
        .filter(|_| mention.chip.vendor == "Apple" || mention.chip.accelerator == "NVIDIA GB10")?;
    let several = at
        .checked_sub(1)
        .is_some_and(|before| pieces[before].is_number() || count_word(&pieces[before].lower).is_some_and(|n| n > 1));
    (!several).then_some(1)
}

/// "16 TPU chips total", "= 512 GPUs": all devices, whatever else the text counts.
pub(super) fn stated_total(pieces: &[Piece]) -> Option<u32> {
    let words = vocabulary::hardware();
    let all = pieces.iter().enumerate().filter(|(_, p)| p.is_any(&words.devices) || p.is_any(&["chips", "chip"]));
    all.filter(|(at, _)| {
        let behind = at + 1 + usize::from(pieces.get(at + 1).is_some_and(|p| p.is("in")));
        pieces.get(behind).is_some_and(|p| p.is_any(&words.total))
    })
    .find_map(|(at, _)| pieces[skip_left(pieces, at)?].count())
    .filter(|n| (1..=MOST_DEVICES).contains(n))
}

/// "592 GPUs powered by", "8x GPU", "a single 80GB GPU": a number before a word for devices.
pub(super) fn counted_devices(pieces: &[Piece], taken: &[(usize, usize)]) -> Option<u32> {
    counted_before(pieces, taken).or_else(|| counted_behind(pieces))
}

/// "GPU 1枚", "GPU 두 장": a number with its counter behind a word for devices.
fn counted_behind(pieces: &[Piece]) -> Option<u32> {
    let words = vocabulary::hardware();
    let eastern = |p: &Piece| !p.lower.is_ascii() && words.counters.iter().any(|counter| p.lower.starts_with(counter));
    let behind = |at: usize| {
        let n = pieces.get(at + 1)?;
        let n = n.count().or_else(|| count_word(&n.lower).filter(|_| !n.lower.is_ascii()))?;
        pieces.get(at + 2).filter(|p| eastern(p)).map(|_| n)
    };
    let all = pieces.iter().enumerate().filter(|(_, p)| p.is_any(&words.devices));
    all.filter_map(|(at, _)| behind(at)).find(|n| (1..=MOST_DEVICES).contains(n))
}

fn counted_before(pieces: &[Piece], taken: &[(usize, usize)]) -> Option<u32> {
    let devices = |p: &Piece| p.is_any(&vocabulary::hardware().devices);
    // The 3070 of "RTX 3070 Laptop GPU" is a name.
    let is_taken = |at: usize| taken.iter().any(|(from, to)| (*from..*to).contains(&at));
    let at = pieces.iter().enumerate().filter(|(_, p)| devices(p)).find_map(|(at, p)| {
        let number = behind_names(pieces, skip_left(pieces, at)?);
        let counts =
            pieces[number].count().is_some_and(|_| begins_word(pieces, number)) || count_word(&pieces[number].lower).is_some();
        // "on a 24 GB GPU", "en una GPU de 16 GB"
        let has_memory = || pieces.iter().any(|p| p.is_any(&vocabulary::hardware().memory_units));
        let is_article = p.is("gpu") && number + 2 >= at && pieces[number].is_any(&vocabulary::hardware().articles) && has_memory();
        let counts = (counts || is_article) && !is_taken(number);
        // "per GPU" and "GPU hours" count something else.
        let next_is_time = pieces.get(at + 1).is_some_and(|n| n.is_any(&vocabulary::hardware().not_counted));
        (counts && !next_is_time && !(p.is("gpu") && pieces[number].is("per"))).then_some(number)
    })?;
    if let Some(part) = part_of(pieces, at) {
        return Some(part);
    }
    let one = || pieces[at].is_any(&vocabulary::hardware().articles).then_some(1);
    pieces[at].count().or_else(|| count_word(&pieces[at].lower)).or_else(one).filter(|n| (1..=MOST_DEVICES).contains(n))
}

/// Pieces of the name of a chip between its number and the word for devices, at most: "8 Biren BR 104".
const NAME: usize = 4;

/// The number before the name of a chip or a generation that stands before a word for devices: "64 Volta GPUs", "8 NVIDIA H30 GPUs".
fn behind_names(pieces: &[Piece], from: usize) -> usize {
    // "8x100" multiplies, "X990" does not.
    let multiplies = |at: usize| pieces[at].is_times() && at > 0 && pieces[at - 1].word == pieces[at].word;
    let is_glued = |at: usize| at > 0 && pieces[at - 1].word == pieces[at].word && !multiplies(at - 1);
    let is_name = |at: usize| {
        let p = &pieces[at];
        let is_word = p.lower.is_ascii() && !p.is_number() && !p.is_sign() && (!p.starts_lowercase || is_glued(at));
        is_word || (p.is_number() && is_glued(at))
    };
    let at = (from.saturating_sub(NAME)..=from).rev().find(|at| !is_name(*at));
    let whole = |at: usize| {
        let own_word = pieces.get(at + 1).is_none_or(|next| next.word != pieces[at].word);
        pieces[at].count().is_some_and(|n| !YEARS.contains(&n)) && own_word
    };
    at.filter(|at| *at < from && whole(*at)).unwrap_or(from)
}

/// Numbers that are years rather than devices before a name: "in 2024 NVIDIA GPUs".
const YEARS: std::ops::RangeInclusive<u32> = 1990..=2050;

/// The 2 of EC2 is no count.
fn begins_word(pieces: &[Piece], at: usize) -> bool {
    // "X990" is a name, "8 x990" and "8x990" are not.
    let named = at > 0 && pieces[at - 1].word == pieces[at].word && !pieces[at - 1].starts_lowercase && pieces[at - 1].is("x");
    let counted = at > 1 && pieces[at - 2].word == pieces[at].word;
    if named && !counted {
        return false;
    }
    at == 0 || pieces[at - 1].word != pieces[at].word || pieces[at - 1].is_times()
}

/// Goes left over fillers and memory to a number; `32 x 8 x` multiplies, "32 nodes each with 4" asks for the nodes.
fn left_count(pieces: &[Piece], from: usize, assumptions: &mut Vec<&'static str>) -> Option<(u32, bool)> {
    let mut at = skip_left(pieces, from)?;
    if let Some(part) = part_of(pieces, at) {
        return Some((part, false));
    }
    if let Some((n, from)) = count_in_words(pieces, at) {
        return Some((n, attached_to_nodes(pieces, from)));
    }
    // "a rented H100", "an old GTX 970": a word between the article and the chip.
    let is_article = |at: usize| pieces[at].is_any(&vocabulary::hardware().articles);
    if !is_article(at) && pieces[at].starts_lowercase && at > 0 && is_article(at - 1) {
        at -= 1;
    }
    // "på en RTX 3080"
    let nordic = pieces[at].is("en") && at > 0 && pieces[at - 1].is_any(&vocabulary::hardware().nordic);
    if is_article(at) || nordic {
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

/// "two of the four H100", "zwei der vier H100": the part that was used, before the number at a piece.
fn part_of(pieces: &[Piece], at: usize) -> Option<u32> {
    let words = vocabulary::hardware();
    let number = |at: usize| pieces[at].count().or_else(|| count_word(&pieces[at].lower));
    let all = number(at)?;
    let join = (at.saturating_sub(PART)..at).rev().take_while(|join| pieces[*join].is_any(&words.part_joins)).last()?;
    let part = join.checked_sub(1).and_then(number)?;
    let is_joined = pieces[join].is_any(&words.part_of);
    (is_joined && (1..all).contains(&part)).then_some(part)
}

/// Words between a part and all of it, at most: "of the node's".
const PART: usize = 3;

/// A number in words that ends at a piece, and the piece that it begins at: "eight", "thirty-two", "two dozen".
fn count_in_words(pieces: &[Piece], at: usize) -> Option<(u32, usize)> {
    let n = count_word(&pieces[at].lower)?;
    let before = at.checked_sub(1).and_then(|before| Some((count_word(&pieces[before].lower)?, before)));
    match before {
        Some((tens, from)) if (1..10).contains(&n) && tens >= 20 && tens % 10 == 0 => Some((tens + n, from)),
        Some((several, from)) if pieces[at].is("dozen") => Some((several * n, from)),
        _ => Some((n, at)),
    }
}

/// Position of the first piece to the left that is no filler, multiplication sign or memory size.
fn skip_left(pieces: &[Piece], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at = at.checked_sub(1)?;
        let piece = &pieces[at];
        if piece.is_any(&vocabulary::hardware().memory_units) && at > 0 && pieces[at - 1].is_number() {
            at -= 1;
        } else if !(piece.is_times() || piece.is_any(&vocabulary::hardware().between_count_and_chip)) {
            return Some(at);
        }
    }
}

/// "nodes each with", "nodes with", "nodes of" before a number.
fn attached_to_nodes(pieces: &[Piece], number: usize) -> bool {
    let before = &pieces[number.saturating_sub(4)..number];
    before.iter().any(|p| p.is_any(&vocabulary::hardware().machines))
        && before.last().is_some_and(|p| p.is_any(&vocabulary::hardware().machines_with))
}

/// `A100 80GB x 8`, `A100 (8)`, `A100x32`, `A100を64枚`.
fn right_count(pieces: &[Piece], to: usize) -> Option<(u32, bool)> {
    let mut at = to;
    loop {
        let piece = pieces.get(at)?;
        // `H20 (96GiB) x 128`
        let bracketed = piece.is("(")
            && pieces.get(at + 1).is_some_and(Piece::is_number)
            && pieces.get(at + 2).is_some_and(|p| p.is_any(&vocabulary::hardware().memory_units))
            && pieces.get(at + 3).is_some_and(|p| p.is(")"));
        if bracketed {
            at += 4;
            continue;
        }
        let is_memory = piece.is_number() && pieces.get(at + 1).is_some_and(|p| p.is_any(&vocabulary::hardware().memory_units));
        if is_memory {
            at += 2;
        } else if piece.is("s") || form(&piece.lower).is_some() || piece.is_any(&vocabulary::hardware().between_count_and_chip) {
            at += 1;
            // `SXM4`: the digit belongs to the form factor.
            at += usize::from(form(&piece.lower).is_some() && pieces.get(at).is_some_and(Piece::is_number));
        } else {
            break;
        }
    }
    let words = vocabulary::hardware();
    if pieces.get(at).is_some_and(|p| p.is_any(&words.particles)) {
        let counted = pieces.get(at + 2).is_some_and(|p| words.counters.iter().any(|counter| p.lower.starts_with(counter)));
        return pieces.get(at + 1).and_then(Piece::count).filter(|_| counted).map(|n| (n, false));
    }
    let counted = |p: &Piece| words.counters.iter().any(|counter| p.lower.starts_with(counter));
    // "بطاقة A100 واحدة"
    if pieces.get(at).is_some_and(|p| p.is_any(&words.singles)) {
        return Some((1, false));
    }
    // "H100 두 장으로"
    let in_words =
        pieces.get(at).and_then(|p| count_word(&p.lower)).filter(|_| !pieces.get(at).is_some_and(|p| p.lower.is_ascii()));
    if let Some(n) = in_words.filter(|_| pieces.get(at + 1).is_some_and(counted)) {
        return Some((n, false));
    }
    // "H100 80GB 8장으로": a number with its counter behind it.
    if pieces.get(at).is_some_and(Piece::is_number) && pieces.get(at + 1).is_some_and(counted) {
        return pieces.get(at).and_then(Piece::count).map(|n| (n, false));
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
    let closes = next.is_some_and(|p| p.is(")") || p.is("cores") || p.is_any(&vocabulary::hardware().between_count_and_chip));
    let is_memory = next.is_some_and(|p| p.is_any(&vocabulary::hardware().memory_units));
    (!is_memory && (times || closes)).then_some((n, false))
}

fn says_per_node(pieces: &[Piece], to: usize) -> bool {
    // "64 A100 GPUs with 8 GPUs per node": the 64 are all of them.
    let is_other = |at: &usize| {
        let next = pieces.get(at + 1);
        pieces[*at].is_number() && next.is_some_and(|p| p.is_any(&vocabulary::hardware().devices) || p.is_times())
    };
    let end = (to..(to + REACH).min(pieces.len())).find(is_other).unwrap_or((to + REACH).min(pieces.len()));
    let near = &pieces[to..end];
    near.windows(2).any(|w| (w[0].is("per") || w[0].is("each")) && w[1].is_any(&vocabulary::hardware().machines))
}

/// The number before "nodes".
fn node_count(pieces: &[Piece]) -> Option<u32> {
    let at = pieces.iter().position(|p| p.is_any(&vocabulary::hardware().machines) && !p.is("node") && !p.is("server"))?;
    let number = &pieces[skip_left(pieces, at)?];
    number.count().or_else(|| count_word(&number.lower))
}
