//! What the likelihood of a role is read from, as named signs: `task=fill-mask`, `word=gguf`, `size=1b_to_3b`.
//!
//! A sign is there or not; a size is also given as a number. What a record does not have is a sign of its own (`record=no_tags`), so that silence is told from a value.

use super::model::RepoFacts;
use super::{families, names, roles};
use crate::domain::{OwnerClass, Role, Rule, closed_set, is_named_like_a_laboratory};

closed_set! {
    /// Kind of a sign of a role.
    enum SignKind {
        /// Class of the owner.
        Owner = "owner",
        /// Repositories of the owner in the index.
        OwnerRepositories = "owner_repositories",
        /// What kind of namespace it is: a mirror, a home of a family, none.
        Namespace = "namespace",
        /// What the name says of a training, by the word lists of the rules.
        Says = "says",
        /// The same, where the owner is listed: a listed house says base of what it pre-trained, others of what they build on.
        ListedSays = "listed_says",
        /// A word of the name.
        Word = "word",
        /// Whose family the name has.
        Family = "family",
        /// Size in the name.
        NamedSize = "named_size",
        /// Size, counted or named.
        Size = "size",
        /// Size of a model whose owner is not listed.
        UnlistedSize = "unlisted_size",
        /// Counted size against the named one.
        SizeAgainstName = "size_against_name",
        /// Task.
        Task = "task",
        /// Library.
        Library = "library",
        /// Tag.
        Tag = "tag",
        /// A listed house of whose pre-trainings the registry has none: there its silence tells nothing of a repository.
        Registry = "registry",
        /// Words in the name of a listed house's model beside its family, versions and sizes.
        ListedWords = "listed_words",
        /// A paper or data sets are named.
        Cites = "cites",
        /// Year of the repository.
        Created = "created",
        /// Downloads.
        Downloads = "downloads",
        /// Role and rule by the record's own facts.
        Rule = "rule",
        /// Role by the record's own facts.
        RuleRole = "rule_role",
        /// Rule by which another repository of the index was linked.
        Linked = "linked",
        /// Repositories that name it as their base.
        NamedAsBase = "named_as_base",
        /// What the record does not have.
        Record = "record",
    }
}

/// A repository as its likelihood is read.
#[derive(Clone, Debug)]
pub struct Signs<'a> {
    /// The record's facts.
    pub facts: &'a RepoFacts,
    /// What else is told of it.
    pub traits: Traits,
    /// Whether a base of a billion parameters or more is known, by whichever rule: below, people borrow names and layouts for models of
    /// their own.
    pub has_large_base: bool,
    /// Whether that base was itself made of another model.
    pub base_has_a_base: bool,
    /// Whether it is a large model of a listed house whose size no older model of the index has.
    pub has_a_new_size: bool,
    /// Whether its owner has a certain pre-training whose name differs from its own in the size alone.
    pub has_a_pretrained_sister: bool,
}

/// What only the likelihood of a role asks for of a repository, beside its facts.
#[derive(Clone, Copy, Debug)]
pub struct Traits {
    /// Class of the owner.
    pub owner_class: OwnerClass,
    /// Repositories of the owner in the index, itself included.
    pub owner_repositories: u32,
    /// Those of them with the same task, library and size in the name, itself included.
    pub owner_alike: u32,
    /// Repositories of the index that name it as a base.
    pub named_as_base: u32,
    /// Downloads, of whichever count the index has.
    pub downloads: Option<i64>,
    /// Whether a tag names a paper.
    pub names_a_paper: bool,
    /// Whether a tag or the card names a data set.
    pub names_data: bool,
    /// Whether the record has any tag.
    pub has_tags: bool,
    /// Rule by which another repository decided, if one did.
    pub linked_by: Option<Rule>,
    /// Whether the registry has a pre-training of its house.
    pub registry_has_its_house: bool,
}

/// From this size on, a link to a base tells that the weights come from it.
pub const LEAST_LINKED: f64 = 1e9;
/// The most that a variant of a sibling is a pre-training: of 33 of a wide list with a certain role that are no copies 4 are.
const VARIANT_PRETRAINED: f64 = 0.12;
/// From this size on, models whose owners are not listed were hardly ever pre-trained by them.
const LARGE_OF_A_STRANGER: f64 = 2e10;
/// The most that such a model is a pre-training, unless its name ends as a base: none is of some forty labelled records, of 36 owners, whose
/// role nothing certain decides; by the rule of succession.
const STRANGERS_PRETRAINED: f64 = 1.0 / 41.0;
/// So many repositories of one owner with one task of text, one library and one size in the name are a series: one recipe made all.
const SERIES: u32 = 100;
/// Tasks of text: toolkits of images and speech (timm, ESPnet) train each of theirs.
const TASKS_OF_TEXT: &[&str] = &[
    "text-generation",
    "fill-mask",
    "text-classification",
    "token-classification",
    "question-answering",
    "translation",
    "summarization",
    "zero-shot-classification",
    "text2text-generation",
];
/// The task of masked words, whose series are another question: encoders are small enough that persons train two dozen from random weights.
const OF_MASKED_WORDS: &str = "fill-mask";
/// The most that a repository of a series is a pre-training, where its owner is not listed: a series is one question. Of the 113 owners in the
/// wide list who have 20 or more such repositories that state no base and are no packed copies, 95 have one of another task than masked
/// words, and 4.5 of them pre-trained theirs (by their names; a half where some are); of the 13 with a hundred or more none did.
/// That is 0 of 13 beside a share of 4.5 in 95, which counts as two owners.
const SERIES_PRETRAINED: f64 = 2.0 * 4.5 / 95.0 / (13.0 + 2.0);
/// The same of masked words: 8.5 of 18 owners, none of 2 with a hundred or more.
const SERIES_OF_ENCODERS_PRETRAINED: f64 = 2.0 * 8.5 / 18.0 / (2.0 + 2.0);
/// How much more often a pre-training has a size that no older model of the index has than a fine-tune, among models of listed houses of
/// 2e10 parameters and more in a wide list: 33 of 97 that the registry or a looked-up fact knows (43 houses) against none of 38 that state
/// their base (14 houses), each by the rule of succession.
pub const NEW_SIZE_ODDS: f64 = (34.0 / 99.0) / (1.0 / 40.0);

/// The least that a model is a pre-training of whose owner the registry or a looked-up fact knows one with a name that differs in the size
/// alone: of a wide list 36.6 of 38 owners' (194 of 212 repositories), by the rule of
/// succession. The others were made of a sister:
/// pruned, or grown in depth, and trained on.
pub const SISTER_PRETRAINED: f64 = (36.6 + 1.0) / (38.0 + 2.0);

/// The least that a model is a pre-training whose name says that it began from scratch, and neither a task nor a fine-tune: 20 of 21 owners' in
/// a wide list, by their names and what else is known of them, by the rule of succession.
const SAID_FROM_SCRATCH: f64 = (20.0 + 1.0) / (21.0 + 2.0);
/// The least that a model is a continued pre-training whose name says so (`tapt`, `cpt`): 18 of 19 owners', likewise.
pub const SAID_CONTINUED: f64 = (18.0 + 1.0) / (19.0 + 2.0);

/// What holds of a record beside its signs: the least that the probability of a role can be, the most that that of a pre-training can be, and what
/// its odds are multiplied with.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bounds {
    /// None where nothing says it, or something bounds it.
    pub least: Option<(Role, f64)>,
    /// None where nothing bounds it.
    pub most_pretrained: Option<f64>,
    /// None where nothing is known of the size.
    pub odds: Option<f64>,
}

impl Signs<'_> {
    /// What holds beside the signs.
    #[must_use]
    pub fn bounds(&self) -> Bounds {
        let odds = self.has_a_new_size.then_some(NEW_SIZE_ODDS);
        let most_pretrained = self.most_pretrained();
        let has_a_sister = self.has_a_pretrained_sister && most_pretrained.is_none();
        let least = self.said_by_name().or_else(|| has_a_sister.then_some((Role::Pretrained, SISTER_PRETRAINED)));
        Bounds { least, most_pretrained, odds }
    }

    /// What the name says was done, and the least that it was.
    fn said_by_name(&self) -> Option<(Role, f64)> {
        match roles::role(self.facts).1 {
            Rule::NameSaysFromScratch => Some((Role::Pretrained, SAID_FROM_SCRATCH)),
            Rule::NameSaysContinued => Some((Role::Continued, SAID_CONTINUED)),
            _ => None,
        }
    }

    /// The most that the probability of a pre-training can be. Weights that a name, a full name or an exact size of a billion parameters or more
    /// leads to are another's: of 125 labelled records like that none is a pre-training.
    fn most_pretrained(&self) -> Option<f64> {
        // Whose weights began at random has another's shape and not another's weights.
        if names::says_from_scratch(self.facts.name()) {
            return None;
        }
        let by_link = match self.traits.linked_by.filter(|_| self.has_large_base) {
            Some(Rule::VariantOfASibling) if self.base_has_a_base => Some(0.0),
            Some(Rule::VariantOfASibling) => Some(VARIANT_PRETRAINED),
            // A house may train its next generation in the same shape.
            Some(Rule::SiblingSameSizeAbove100b) => None,
            Some(_) | None => self.has_large_base.then_some(0.0),
        };
        // Who says that it was fine-tuned knows.
        let by_name = names::says_fine_tuned(self.facts.name()).then_some(0.0);
        let by_size = self.is_large_of_a_stranger().then_some(STRANGERS_PRETRAINED);
        let by_series = self.is_of_a_series().then_some(match self.facts.task() {
            Some(OF_MASKED_WORDS) => SERIES_OF_ENCODERS_PRETRAINED,
            _ => SERIES_PRETRAINED,
        });
        by_link.into_iter().chain(by_name).chain(by_size).chain(by_series).min_by(f64::total_cmp)
    }

    /// Whether it is one of a series of text models of somebody who is not listed.
    fn is_of_a_series(&self) -> bool {
        self.traits.owner_class == OwnerClass::Unlisted
            && self.traits.owner_alike >= SERIES
            && self.facts.task().is_some_and(|task| TASKS_OF_TEXT.contains(&task))
    }

    /// Whether it is a large model of somebody who is not listed, and its name does not end as a base.
    #[must_use]
    pub fn is_large_of_a_stranger(&self) -> bool {
        self.traits.owner_class == OwnerClass::Unlisted
            && self.facts.size().is_some_and(|n| n >= LARGE_OF_A_STRANGER)
            && !names::ends_as_a_base(self.facts.name())
    }
}

/// Calls `give` for every sign of a repository with its value, 1 for what is there or not; the same sign is given once.
pub fn read_signs(signs: &Signs<'_>, mut give: impl FnMut(SignKind, &str, f64)) {
    let (f, traits) = (signs.facts, &signs.traits);
    sizes_in_numbers(f, traits.owner_class, &mut give);
    let mut emit = |kind: SignKind, value: &str| give(kind, value, 1.0);
    emit(SignKind::Owner, traits.owner_class.name());
    emit(SignKind::OwnerRepositories, count_class(u64::from(traits.owner_repositories)));
    emit(SignKind::NamedAsBase, count_class(u64::from(traits.named_as_base)));
    namespace(f, traits.owner_class, &mut emit);
    name(f, traits.owner_class, &mut emit);
    size(f, traits.owner_class, &mut emit);
    house(signs, &mut emit);
    emit(SignKind::Task, f.pipeline_tag.as_deref().unwrap_or("none"));
    emit(SignKind::Library, f.library.as_deref().unwrap_or("none"));
    for tag in &f.signals {
        emit(SignKind::Tag, tag);
    }
    if traits.names_a_paper {
        emit(SignKind::Cites, "paper");
    }
    if traits.names_data {
        emit(SignKind::Cites, "data");
    }
    emit(SignKind::Created, f.created_ms.map_or("none", year_class));
    emit(SignKind::Downloads, traits.downloads.map_or("none", |n| count_class(u64::try_from(n).unwrap_or(0))));
    let (role, rule) = roles::role(f);
    emit(SignKind::Rule, rule.name());
    emit(SignKind::RuleRole, role.name());
    // The architecture of a family by somebody who has none.
    if f.architecture.as_deref().is_some_and(names::is_family_architecture) && !families::is_a_home(f.owner()) {
        emit(SignKind::Family, "architecture_of_anothers");
    }
    if let Some(rule) = traits.linked_by {
        emit(SignKind::Linked, rule.name());
    }
    if !traits.has_tags {
        emit(SignKind::Record, "no_tags");
    }
    if f.params.is_none() {
        emit(SignKind::Record, "no_counted_size");
    }
    if shows_nothing(signs) {
        emit(SignKind::Record, "nothing_but_a_name");
    }
}

/// Downloads below which nobody uses a repository: a machine that lists the Hub leaves a few.
const HARDLY_DOWNLOADED: i64 = 10;

/// Whether a record has a name and nothing else: neither tag, task, library nor size, and hardly a download. Each alone says little,
/// because lists of the Hub leave fields out; nobody uses what has none of them.
fn shows_nothing(signs: &Signs<'_>) -> bool {
    let f = signs.facts;
    let hardly = signs.traits.downloads.is_some_and(|n| n < HARDLY_DOWNLOADED);
    hardly
        && !signs.traits.has_tags
        && f.pipeline_tag.is_none()
        && f.library.is_none()
        && f.rough_params.is_none()
        && f.named_size.is_none()
}

fn namespace(f: &RepoFacts, class: OwnerClass, emit: &mut impl FnMut(SignKind, &str)) {
    let owner = f.owner();
    if owner.is_empty() {
        emit(SignKind::Namespace, "none");
    }
    if names::is_mirror(owner) {
        emit(SignKind::Namespace, "mirror");
    }
    if families::is_a_home(owner) {
        emit(SignKind::Namespace, "home_of_a_family");
    }
    if class == OwnerClass::Unlisted && is_named_like_a_laboratory(owner) {
        emit(SignKind::Namespace, "named_like_a_laboratory");
    }
}

/// What the words of a name say, each once, and the words themselves.
fn name(f: &RepoFacts, class: OwnerClass, emit: &mut impl FnMut(SignKind, &str)) {
    let name = f.name();
    let says: [(&str, bool); 11] = [
        ("post_trained", names::says_post_trained(name)),
        ("base", names::says_base(name)),
        ("task", names::says_task(name)),
        ("reward_model", names::says_reward_model(name)),
        ("language", names::says_language(name)),
        ("merged", names::says_merged(name)),
        ("quantized", names::says_quantized(name)),
        ("adapter", names::says_adapter(name)),
        ("another_format", names::says_another_format(name)),
        ("from_nothing", names::says_from_nothing(name)),
        ("layers_and_width", names::says_layers_and_width(name)),
    ];
    for (what, _) in says.iter().filter(|(_, is)| *is) {
        emit(SignKind::Says, what);
        if class != OwnerClass::Unlisted {
            emit(SignKind::ListedSays, what);
        }
    }
    if class != OwnerClass::Unlisted && says.iter().all(|(_, is)| !is) {
        emit(SignKind::ListedSays, "nothing");
    }
    let named = families::named(name);
    if named.as_ref().is_some_and(|named| named.version.is_some() && !families::is_home(named.family, f.owner())) {
        emit(SignKind::Family, "anothers_with_its_version");
    }
    let family = match named {
        None => "none",
        Some(named) if families::is_home(named.family, f.owner()) => "own",
        Some(_) if class == OwnerClass::Unlisted => "anothers_by_nobody_listed",
        Some(_) => "anothers",
    };
    emit(SignKind::Family, family);
    let tokens = names::tokens(name);
    let mut words: Vec<&str> = tokens
        .iter()
        .flat_map(|token| token.split(|c: char| !c.is_alphanumeric()))
        .map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit()))
        .filter(|word| word.chars().count() > 1)
        .collect();
    words.sort_unstable();
    words.dedup();
    for word in words {
        emit(SignKind::Word, word);
    }
}

/// What is told of a listed house's model by how many words its name has, and by whether the registry knows the house at all: what is not in
/// the registry is a lesser model of a house that is, and anything of one that is not.
fn house(signs: &Signs<'_>, emit: &mut impl FnMut(SignKind, &str)) {
    if signs.traits.owner_class == OwnerClass::Unlisted {
        return;
    }
    let words = match names::words_beside_numbers(signs.facts.name()) {
        0 => "none",
        1 => "one",
        _ => "more",
    };
    emit(SignKind::ListedWords, words);
    if !signs.traits.registry_has_its_house {
        emit(SignKind::Registry, "none_of_the_house");
        emit(SignKind::Registry, &format!("none_of_the_house_words_{words}"));
        let named = count_class(u64::from(signs.traits.named_as_base));
        emit(SignKind::Registry, &format!("none_of_the_house_named_as_base_{named}"));
    }
}

fn size(f: &RepoFacts, class: OwnerClass, emit: &mut impl FnMut(SignKind, &str)) {
    let known = f.size();
    emit(SignKind::NamedSize, f.named_size.map_or("none", size_class));
    emit(SignKind::Size, known.map_or("none", size_class));
    if class == OwnerClass::Unlisted {
        emit(SignKind::UnlistedSize, known.map_or("none", size_class));
    }
    #[allow(clippy::cast_precision_loss)]
    if let (Some(counted), Some(named)) = (f.params.map(|n| n as f64), f.named_size) {
        let against = counted / named;
        emit(
            SignKind::SizeAgainstName,
            if against < 0.8 {
                "smaller"
            } else if against > 1.25 {
                "larger"
            } else {
                "same"
            },
        );
    }
}

/// The size itself, of all and of those whose owner is not listed, as log10 of billions: what a model of 50 billion tells of one of 500,
/// for which there are few labels.
fn sizes_in_numbers(f: &RepoFacts, class: OwnerClass, give: &mut impl FnMut(SignKind, &str, f64)) {
    let Some(known) = f.size().filter(|n| *n > 0.0) else { return };
    let billions = libm::log10(known) - 9.0;
    give(SignKind::Size, "log10_billions", billions);
    if class == OwnerClass::Unlisted {
        give(SignKind::UnlistedSize, "log10_billions", billions);
    }
}

/// Classes of sizes, each some three times the one before.
fn size_class(params: f64) -> &'static str {
    match params {
        n if n < 1e7 => "below_10m",
        n if n < 1e8 => "10m_to_100m",
        n if n < 5e8 => "100m_to_500m",
        n if n < 1.6e9 => "500m_to_1600m",
        n if n < 5e9 => "1600m_to_5b",
        n if n < 1.6e10 => "5b_to_16b",
        n if n < 5e10 => "16b_to_50b",
        _ => "50b_and_more",
    }
}

fn count_class(n: u64) -> &'static str {
    match n {
        0 => "0",
        1 => "1",
        2..=9 => "2_to_9",
        10..=99 => "10_to_99",
        100..=999 => "100_to_999",
        1_000..=9_999 => "1000_to_9999",
        10_000..=99_999 => "10000_to_99999",
        _ => "100000_and_more",
    }
}

/// Year of a creation; the Hub's floor, 2022-03-02T23:29, is "on or before".
fn year_class(created_ms: i64) -> &'static str {
    const FIRST_DAY_AFTER_THE_FLOOR_MS: i64 = 1_646_265_600_000;
    const YEARS: [(&str, i64); 5] = [
        ("2022", 1_672_531_200_000),
        ("2023", 1_704_067_200_000),
        ("2024", 1_735_689_600_000),
        ("2025", 1_767_225_600_000),
        ("2026", 1_798_761_600_000),
    ];
    if created_ms < FIRST_DAY_AFTER_THE_FLOOR_MS {
        return "floor";
    }
    YEARS.iter().find(|(_, end)| created_ms < *end).map_or("later", |(year, _)| year)
}

#[cfg(test)]
mod tests;
