//! Whose figures a section holds: this model's training, or the base's, another version's, an original's, nobody's.
//!
//! The role of the repository comes from its lineage; the text can only take away from it.

use super::examples::is_another_repository;
use super::lists::Lists;
use super::members::{OTHER_MEMBER, other_members};
use super::tries::{OTHER_TRY, other_tries};
use crate::evidence::card::about::CardRole;
use crate::evidence::card::parse::block::{Block, BlockKind};
use crate::evidence::card::read::designators::{Designators, Fit, fit_of_glued};
use crate::evidence::card::read::naming::{Name, Named};
use crate::evidence::card::read::passage::{BASE_SECTION, Passage};
use crate::evidence::card::read::phases::{Phase, Title, own_phase};
use crate::evidence::card::read::repository::{Repository, name_tokens, size_of};
use crate::evidence::card::read::training::is_train;
use crate::evidence::quantity::tokens::lex;
use crate::evidence::vocabulary::{self, Words};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// What the sections of a card take away: decided once, asked for every block.
pub struct Sections {
    copy: bool,
    another_repo: bool,
    original_from: Option<usize>,
    base_headings: bool,
    /// Heading paths whose figures are another version's.
    others: Vec<Rc<[String]>>,
    /// Headings of guides for the reader, with the headings above them.
    guides: Vec<Rc<[String]>>,
    titles: Titles,
    lists: Lists,
    /// Items of other models, by number.
    members: Vec<usize>,
}

impl Sections {
    /// Reads the blocks for what settles whole sections.
    #[must_use]
    pub fn new(own: &Repository, blocks: &[Block]) -> Self {
        let is_original = |b: &Block| {
            b.kind == BlockKind::Heading && {
                let title = name_tokens(&b.text).join(" ");
                vocabulary::card().headings.original.iter().any(|o| title.starts_with(o))
            }
        };
        Self {
            copy: own.role == CardRole::Copy,
            another_repo: own.role == CardRole::OwnTraining && is_another_repository(own, blocks),
            original_from: blocks.iter().find(|b| is_original(b)).map(|b| b.from),
            base_headings: own.role == CardRole::FineTune,
            others: [other_versions(own, blocks), siblings(own, blocks), derived(own, blocks), later_phases(own, blocks)].concat(),
            guides: guides(own, blocks),
            titles: Titles::new(own, blocks),
            lists: Lists::new(own, blocks),
            members: other_members(own, blocks),
        }
    }

    /// The blocks with what their sections take away.
    #[must_use]
    pub fn passages<'b>(&self, blocks: &'b [Block]) -> Vec<Passage<'b>> {
        // Blocks that follow each other mostly stand under the same titles.
        let mut last: Option<(&'b Block, Option<&'static str>)> = None;
        let refuse = |(i, block): (usize, &'b Block)| {
            let known = last.filter(|(last, _)| stand_together(last, block) && self.is_original(last) == self.is_original(block));
            let why = known.map_or_else(|| self.refuse(block), |(_, why)| why);
            last = Some((block, why));
            Passage { block, refused: why.or_else(|| self.lists.refuse(i)) }
        };
        let mut passages: Vec<Passage<'b>> = blocks.iter().enumerate().map(refuse).collect();
        let tries = other_tries(blocks).into_iter().map(|i| (i, OTHER_TRY));
        let members = self.members.iter().map(|i| (*i, OTHER_MEMBER));
        for (i, why) in tries.chain(members) {
            if let Some(passage) = passages.get_mut(i) {
                passage.refused = passage.refused.or(Some(why));
            }
        }
        passages
    }

    /// Whether a block is of the card of the original that a copy quotes.
    fn is_original(&self, b: &Block) -> bool {
        self.original_from.is_some_and(|from| b.from >= from)
    }

    /// Why no figure of a block can be this model's training.
    #[must_use]
    pub fn refuse(&self, b: &Block) -> Option<&'static str> {
        if self.another_repo {
            return Some("another repository's card: its examples load that one");
        }
        if self.copy {
            return Some("copy: the base model's figure");
        }
        if self.is_original(b) {
            return Some("base model's card");
        }
        if self.base_headings && self.titles.are_of_the_base(b) {
            return Some(BASE_SECTION);
        }
        if self.guides.iter().any(|path| b.headings.starts_with(path)) {
            return Some("advice to the reader");
        }
        if let Some(why) = self.titles.refuse(b) {
            return Some(why);
        }
        self.others.iter().any(|path| **path == *b.headings).then_some("another version's section")
    }
}

/// Sections on fine-tuning in the card of a model that was only pre-trained, which speak to the reader or hold a command.
fn guides(own: &Repository, blocks: &[Block]) -> Vec<Rc<[String]>> {
    if own_phase(own) != Some(Phase::PreTraining) {
        return Vec::new();
    }
    let words = &vocabulary::card().headings.addresses;
    let speaks = |b: &Block| {
        let lower = b.text.to_lowercase();
        let named = lower.split(|c: char| !c.is_alphanumeric()).any(|w| words.contains(&w));
        named || words.iter().any(|w| !w.is_ascii() && lower.contains(w))
    };
    let is_tuning = |b: &&Block| {
        let is_title = b.kind == BlockKind::Heading && b.headings.len() > 1;
        let title = is_title.then(|| Title::read_title(own, &b.text));
        title.is_some_and(|title| title.phase == Some(Phase::FineTuning) && title.named == Named::Nobody)
    };
    let tells_own = |b: &Block| {
        let ts = lex(&b.text);
        b.kind != BlockKind::Code && ts.iter().any(|t| t.is_any(&vocabulary::prose().subjects.own_work))
    };
    let of = |heading: &&Block| {
        let under = |b: &&Block| b.headings.starts_with(&heading.headings) && b.kind != BlockKind::Heading;
        blocks.iter().filter(under).any(speaks) && !blocks.iter().filter(under).any(tells_own)
    };
    blocks.iter().filter(is_tuning).filter(of).map(|b| Rc::clone(&b.headings)).collect()
}

/// Whether two blocks stand under the same headings and label.
fn stand_together(a: &Block, b: &Block) -> bool {
    Rc::ptr_eq(&a.headings, &b.headings) && a.label == b.label
}

/// What the titles of sections and lists take away: read once each, asked for every block.
struct Titles {
    headings: FxHashMap<String, Says>,
    labels: FxHashMap<String, Says>,
}

/// What a title says of the figures under it.
#[derive(Clone, Copy)]
struct Says {
    /// Why they are no training's of this model, wherever the title stands.
    refused: Option<&'static str>,
    /// Which member of the family it names.
    member: Option<Fit>,
    /// Whether it speaks of the base; a label that says what was trained does not.
    of_base: bool,
}

impl Titles {
    fn new(own: &Repository, blocks: &[Block]) -> Self {
        let (mut headings, mut labels) = (FxHashMap::default(), FxHashMap::default());
        let mut last: Option<&Block> = None;
        for b in blocks {
            if last.replace(b).is_some_and(|last| stand_together(last, b)) {
                continue;
            }
            for title in b.headings.iter().skip(1).filter(|title| !headings.contains_key(*title)).collect::<Vec<_>>() {
                let (refused, of_base) = (refused_by(title, true), speaks_of_base(title) || is_about_the_base(own, title));
                headings.insert(title.clone(), Says { refused, member: member_of(own, title), of_base });
            }
            if let Some(label) = b.label.as_deref().filter(|label| !labels.contains_key(*label)) {
                let (refused, of_base) = (refused_by(label, false), speaks_of_base(label) && !is_of_a_training(label));
                labels.insert(label.to_owned(), Says { refused, member: member_of(own, label), of_base });
            }
        }
        Self { headings, labels }
    }

    /// Whether a block stands under a title that speaks of the base.
    fn are_of_the_base(&self, b: &Block) -> bool {
        let is_of_base = |said: Option<&Says>| said.is_some_and(|said| said.of_base);
        is_of_base(b.label.as_deref().and_then(|label| self.labels.get(label)))
            || b.headings.iter().skip(1).any(|title| is_of_base(self.headings.get(title)))
    }

    /// Why no figure of a block counts, by its titles; of those that name a member the nearest decides.
    fn refuse(&self, b: &Block) -> Option<&'static str> {
        let label = b.label.as_deref().and_then(|label| self.labels.get(label));
        let says = || label.into_iter().chain(b.headings.iter().skip(1).rev().filter_map(|title| self.headings.get(title)));
        says().find_map(|said| said.refused).or_else(|| says().find_map(|said| said.member).and_then(Fit::refusal))
    }
}

/// Why a title is of no training of this model: it speaks to the reader, or of other work of the authors, or of what was tried.
fn refused_by(title: &str, is_heading: bool) -> Option<&'static str> {
    let words = &vocabulary::card().headings;
    let lower = title.to_lowercase();
    let says = |phrases: &Words| phrases.is_within(&lower);
    let tries = || {
        let named = name_tokens(title);
        named.len() <= MOST_NAME_WORDS && named.iter().any(|w| words.tries.contains(&w.as_str()))
    };
    // "Use at your own risk" in bold is no heading of a guide.
    if is_heading && says(&words.for_the_reader) {
        Some("advice to the reader")
    } else if says(&words.others) {
        Some("another model's figure")
    } else {
        tries().then_some("experiments or evaluation: not this model's training")
    }
}

/// The member of the family that a title names and says nothing else: "Elk-80B", "### 80B model".
fn member_of(own: &Repository, title: &str) -> Option<Fit> {
    let lists = vocabulary::card();
    let is_passed = |w: &str| {
        let words = &lists.designators;
        words.nouns.contains(&w) || words.passed.contains(&w) || words.articles.contains(&w) || lists.phases.generic.contains(&w)
    };
    let words = name_tokens(title);
    if words.is_empty() || words.len() > MOST_NAME_WORDS {
        return None;
    }
    // "Details of pretraining ruGPT3Large"
    if let Some(fit) = words.iter().find_map(|word| fit_of_glued(own, word)) {
        return Some(fit);
    }
    let named: Vec<String> = words.into_iter().filter(|w| own.has(w) || !is_passed(w)).collect();
    let says_a_member = named.iter().all(|w| own.has(w) || !Designators::in_words(&[w.as_str()]).is_empty());
    let has_member = Designators::in_words(&named).has_size() || named.len() > 1;
    (says_a_member && has_member).then(|| Name::of_words(own, &named).fit).flatten()
}

/// Most words of a title behind the name of a base.
const MOST_BEHIND_A_BASE: usize = 3;

/// "Erlangshen-MegatronBert-1.3B模型介绍", "Qwen2.5-7B overview": a title that begins with the name of a base and speaks of no training.
fn is_about_the_base(own: &Repository, title: &str) -> bool {
    if own.role != CardRole::FineTune || !own.has_base() {
        return false;
    }
    // A name ends where another script begins.
    let end = title.char_indices().find(|(_, c)| *c >= '\u{2e80}').map_or(title.len(), |(at, _)| at);
    let words = name_tokens(title.get(..end).unwrap_or_default());
    let named = (1..=words.len().min(MOST_NAME_WORDS)).rev().find(|n| own.is_base_name(words.get(..*n).unwrap_or_default()));
    let ts = lex(title);
    let trains = (0..ts.len()).any(|i| is_train(&ts, i)) || ts.iter().any(|t| t.is_any(&vocabulary::card().phases.tuned_names));
    named.is_some_and(|n| words.len() - n <= MOST_BEHIND_A_BASE) && !trains
}

fn speaks_of_base(heading: &str) -> bool {
    let heading = heading.to_lowercase();
    let words = &vocabulary::card().headings;
    words.base.is_within(&heading) && !words.continued.is_within(&heading)
}

/// Whether a line over a list says what was trained: "We fine-tuned the base model with:".
fn is_of_a_training(label: &str) -> bool {
    let ts = lex(label);
    (0..ts.len()).any(|i| is_train(&ts, i) && !ts.get(i).is_some_and(|t| t.text.starts_with("pretrain")))
}

/// "TM-Vec training" beside "DeepBLAST training": of sections on the training of a model each, one of which names this one, the others are
/// other models'.
fn siblings(own: &Repository, blocks: &[Block]) -> Vec<Rc<[String]>> {
    let titles: Vec<(&Block, Vec<String>)> = blocks
        .iter()
        .filter(|b| b.kind == BlockKind::Heading)
        .filter_map(|b| Some((b, named_in_title_of_training(&b.text)?)))
        .collect();
    let is_own = |named: &[String]| Name::of_words(own, named).own > 0;
    let above = |b: &Block| b.headings.split_last().map(|(_, above)| above.to_vec());
    let mine: Vec<Option<Vec<String>>> = titles.iter().filter(|(_, named)| is_own(named)).map(|(b, _)| above(b)).collect();
    let is_other =
        |b: &Block, named: &[String]| mine.contains(&above(b)) && !is_own(named) && Name::of_words(own, named).shared == 0;
    titles.iter().filter(|(b, named)| is_other(b, named)).map(|(b, _)| Rc::clone(&b.headings)).collect()
}

/// "Neta-Lumina" beside "NetaYume Lumina": of sections that are named for a model each, one for this one, those named for what goes on with a
/// word of its name.
fn derived(own: &Repository, blocks: &[Block]) -> Vec<Rc<[String]>> {
    let titles: Vec<(&Block, Vec<String>)> =
        blocks.iter().filter(|b| b.kind == BlockKind::Heading).map(|b| (b, name_tokens(&b.text))).collect();
    let above = |b: &Block| b.headings.split_last().map(|(_, above)| above.to_vec());
    let is_mine = |named: &[String]| named.concat() == own.letters;
    let mine: Vec<Option<Vec<String>>> = titles.iter().filter(|(_, named)| is_mine(named)).map(|(b, _)| above(b)).collect();
    let goes_on = |word: &String| {
        let stem = |own: &String| own.len() >= LEAST_STEM && word.len() > own.len() + 1 && word.starts_with(own.as_str());
        own.tokens.iter().any(stem) && !own.letters.contains(word.as_str())
    };
    let is_other =
        |b: &Block, named: &[String]| named.len() <= MOST_NAME_WORDS && mine.contains(&above(b)) && named.iter().any(goes_on);
    titles.iter().filter(|(b, named)| is_other(b, named)).map(|(b, _)| Rc::clone(&b.headings)).collect()
}

/// "Supervised Fine-Tuning" beside "Pretraining", in the card of a model that was only pre-trained: what was made of it later.
fn later_phases(own: &Repository, blocks: &[Block]) -> Vec<Rc<[String]>> {
    if own_phase(own) != Some(Phase::PreTraining) {
        return Vec::new();
    }
    let titles: Vec<(&Block, Phase)> = blocks
        .iter()
        .filter(|b| b.kind == BlockKind::Heading && b.headings.len() > 1)
        .filter_map(|b| {
            let title = Title::read_title(own, &b.text);
            title.phase.filter(|_| title.named == Named::Nobody).map(|phase| (b, phase))
        })
        .collect();
    let above = |b: &Block| b.headings.split_last().map(|(_, above)| above.to_vec());
    let pretrained = |b: &Block| titles.iter().any(|(other, phase)| *phase == Phase::PreTraining && above(other) == above(b));
    titles.iter().filter(|(b, phase)| *phase == Phase::FineTuning && pretrained(b)).map(|(b, _)| Rc::clone(&b.headings)).collect()
}

/// Fewest letters of a word of a name that the name of another model goes on with.
const LEAST_STEM: usize = 4;

/// The words of a title besides those for training, where they are a name: "tm", "vec" of "TM-Vec training". A name has capitals within it
/// or digits, and is no method.
fn named_in_title_of_training(title: &str) -> Option<Vec<String>> {
    let ts = lex(title);
    let trains = (0..ts.len()).any(|i| is_train(&ts, i));
    let lists = vocabulary::card();
    let is_passed = |word: &&str| {
        let lower = word.to_lowercase();
        let says_nothing = lists.designators.articles.contains(&lower.as_str()) || lists.phases.generic.contains(&lower.as_str());
        !says_nothing && !is_train(&lex(&lower), 0) && !matches!(lower.as_str(), "of" | "details" | "training")
    };
    let is_name = |word: &&str| {
        let lower = word.to_lowercase();
        let method = lists.training.methods.contains(&lower.as_str()) || lists.phases.tuned_names.contains(&lower.as_str());
        !method && word.chars().skip(1).any(|c| c.is_uppercase() || c.is_ascii_digit())
    };
    let words: Vec<&str> = title.split_whitespace().filter(is_passed).collect();
    let named = trains && !words.is_empty() && words.iter().all(is_name);
    named.then(|| name_tokens(&words.join(" "))).filter(|words| words.len() <= MOST_NAME_WORDS)
}

/// "About ruGPT-3 XL model" in the card of a fine-tune: a heading about a model of another name.
fn is_about_another(own: &Repository, heading: &str) -> bool {
    let words = name_tokens(heading);
    let [first, named @ .., last] = words.as_slice() else { return false };
    let says = first == "about" && last == "model";
    // Names of models have numbers, and "About the final model" has none.
    let is_name = named.iter().any(|w| w.contains(|c: char| c.is_ascii_digit()));
    let is_own = named.iter().any(|w| w.len() > 2 && own.letters.contains(w.as_str()));
    says && is_name && !is_own
}

/// Characters of a line in which a title is looked for.
const MOST_TITLE: usize = 120;
/// Most words of the name of a version in a title.
const MOST_NAME_WORDS: usize = 6;

/// "Stable Diffusion v1 Estimated Emissions" in the card of version 2.
fn other_versions(own: &Repository, blocks: &[Block]) -> Vec<Rc<[String]>> {
    let titles = &vocabulary::card().headings;
    let alphabetic = |t: &&String| t.chars().all(char::is_alphabetic) && t.as_str() != "v";
    let mut names = own.tokens.iter().filter(alphabetic);
    let names = names.next().zip(names.next());
    let major = |t: &str| {
        let bare = t.trim_start_matches('v');
        (bare.len() <= 3 && bare.starts_with(|c: char| c.is_ascii_digit()))
            .then(|| bare.split('.').next().unwrap_or(bare).to_owned())
    };
    let version = own.tokens.iter().filter(|t| size_of(t).is_none()).find_map(|t| major(t));
    let mut out: Vec<Rc<[String]>> = Vec::new();
    if own.role == CardRole::FineTune {
        let headings = blocks.iter().filter(|b| b.kind == BlockKind::Heading && is_about_another(own, &b.text));
        out.extend(headings.map(|b| Rc::clone(&b.headings)));
    }
    for b in blocks.iter().filter(|b| matches!(b.kind, BlockKind::Paragraph | BlockKind::Heading)) {
        let first = b.text.lines().next().unwrap_or_default();
        let first =
            first.char_indices().nth(MOST_TITLE).map_or(first, |(end, _)| first.get(..end).unwrap_or_default()).to_lowercase();
        if !first.contains("emission") {
            continue;
        }
        let words = name_tokens(&first);
        // A title, and no sentence that goes on to say what was estimated.
        let at = words
            .windows(2)
            .position(|w| matches!(w, [a, b] if a == "estimated" && titles.estimated.contains(&b.as_str())))
            .filter(|at| *at <= MOST_NAME_WORDS);
        let named: Vec<&String> =
            words.iter().take(at.unwrap_or(0)).filter(|t| !titles.version_fillers.contains(&t.as_str())).collect();
        let shares = |t: &&String| t.len() > 2 && t.chars().all(char::is_alphabetic) && own.letters.contains(t.as_str());
        let is_other = named.len() >= 2 && !named.iter().any(shares);
        let is_version = words.windows(3).any(|w| match (w, names) {
            ([a, b, v], Some((first, second))) => {
                a == first && b == second && major(v).is_some_and(|other| version.as_ref().is_none_or(|own| *own != other))
            }
            _ => false,
        });
        if is_other || is_version {
            out.push(Rc::clone(&b.headings));
        }
    }
    out
}

#[cfg(test)]
mod tests;
