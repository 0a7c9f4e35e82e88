//! What was trained on the weights of another model: more pre-training, or a fine-tune. A stated base does not tell, nor does the relation that
//! the Hub infers; a name, who trains and what the base is tell something (docs/method.md, section 2).
//!
//! Logistic regression on a handful of signs, learnt from records whose training somebody looked up
//! (data/reference/continuation_labels.csv). Those drawn by lot tell how often it is; the well-known ones, which were looked up because they
//! are large, have an intercept of their own.

use super::model::RepoFacts;
use super::names;
use super::vocabulary::vocabulary;
use crate::domain::{OwnerClass, Rule, closed_set};
use crate::method::softmax::{self, EXACT, Example, Rows, Softmax};

/// Penalty on squared coefficients: that of a normal prior with a standard deviation of one logit.
const RIDGE: f64 = 1.0;
/// Below this probability a training is a fine-tune and nothing else: of fifty such trainings less than one goes on.
pub const NEGLIGIBLE: f64 = 0.02;
/// From this size on nobody trains a model of their own under another's name: of 14 such in the wide list, drawn by lot, the largest has 1.8e9.
const MOST_BORROWED: f64 = 2e9;
/// Parameters from which a model is a language model of today and no encoder.
const LARGE: f64 = 1e9;
/// Fewest parameters of a model whose task nobody states that is taken for one of text.
const LEAST_OF_TEXT: f64 = 1e8;

closed_set! {
    /// A sign of whether a training went on with a pre-training.
    enum Sign {
        /// Every record.
        Intercept = "intercept",
        /// The record was looked up for its size; only among labels.
        Known = "known",
        /// The name has a task, a data set or a kind of post-training.
        NameTuned = "name_tuned",
        /// The name of the base has.
        BaseTuned = "base_tuned",
        /// Nobody knows the base by its name.
        NoBase = "no_base",
        /// Record or card state the base.
        StatedBase = "stated_base",
        /// The name calls it a base, or names a way of going on (cpt, dapt, yarn).
        WentOn = "went_on",
        /// The name has a language that the base's lacks.
        Language = "language",
        /// The name has a field of knowledge that the base's lacks.
        Field = "field",
        /// The name has a length of context.
        Context = "context",
        /// A company or an institute on a list of owners.
        Company = "company",
        /// A university.
        Academic = "academic",
        /// The base is of the same house.
        SameHouse = "same_house",
        /// A billion parameters or more.
        Large = "large",
        /// The task is that of masked words.
        MaskedWords = "masked_words",
        /// No task is stated.
        NoTask = "no_task",
        /// The name has the name of the base in it.
        NameOfTheBase = "name_of_the_base",
    }
}

/// A training on another model's weights.
#[derive(Clone, Copy, Debug)]
pub struct Training<'a> {
    /// Name of the model, without its namespace.
    pub name: &'a str,
    /// Name of its base, where it is known.
    pub base: Option<&'a str>,
    /// Whether record or card state it.
    pub base_is_stated: bool,
    /// Whether the base is of the same house.
    pub same_house: bool,
    /// Who trains.
    pub owner: OwnerClass,
    /// Task.
    pub task: Option<&'a str>,
    /// Parameters, counted or named.
    pub params: Option<f64>,
}

impl Training<'_> {
    fn has(&self, sign: Sign) -> bool {
        let Self { name, base, base_is_stated, same_house, owner, task, params } = *self;
        let own = |is: fn(&str) -> bool| is(name) && !base.is_some_and(is);
        match sign {
            Sign::Intercept => true,
            Sign::Known => false,
            Sign::NameTuned => says_tuned(name),
            Sign::BaseTuned => base.is_some_and(names::says_post_trained),
            Sign::NoBase => base.is_none(),
            Sign::StatedBase => base_is_stated,
            Sign::WentOn => base.map_or_else(|| names::ends_as_a_base(name), |base| names::says_it_went_on(name, base)),
            Sign::Language => own(names::says_language),
            Sign::Field => own(says_field),
            Sign::Context => own(names::says_longer_context),
            Sign::Company => owner == OwnerClass::Industry,
            Sign::Academic => owner == OwnerClass::Academia,
            Sign::SameHouse => same_house,
            Sign::Large => params.is_some_and(|n| n >= LARGE),
            Sign::MaskedWords => task.is_some_and(|task| vocabulary().tags.tasks_of_masks.contains(&task)),
            Sign::NoTask => task.is_none(),
            Sign::NameOfTheBase => base.is_some_and(|base| names::squeezed(name).contains(&names::squeezed(base))),
        }
    }

    fn features(&self, is_known: bool) -> Vec<(u16, f64)> {
        let has = |sign: &Sign| if *sign == Sign::Known { is_known } else { self.has(*sign) };
        (0..).zip(Sign::ALL).filter(|(_, sign)| has(sign)).map(|(at, _)| (at, 1.0)).collect()
    }
}

fn says_tuned(name: &str) -> bool {
    names::says_task_or_post_trained(name)
        || names::says_fine_tuned(name)
        || names::says_reward_model(name)
        || names::says_uncensored(name)
        || names::says_made_of_a_language_model(name)
        || names::says_merged(name)
}

/// Whether a word of the name is a field of knowledge.
fn says_field(name: &str) -> bool {
    let words = &vocabulary().continuation.fields;
    names::tokens(name).iter().any(|token| words.iter().any(|word| token.starts_with(word)))
}

/// A labelled training.
#[derive(Clone, Copy, Debug)]
pub struct Labelled<'a> {
    /// The training.
    pub training: Training<'a>,
    /// What was done.
    pub done: Done,
    /// Whether it was looked up because it is large, and not drawn by lot.
    pub is_known: bool,
    /// Weight.
    pub weight: f64,
}

impl Labelled<'_> {
    /// Whether it has a sign.
    #[must_use]
    pub fn has(&self, sign: Sign) -> bool {
        if sign == Sign::Known { self.is_known } else { self.training.has(sign) }
    }
}

/// What was done where a model has another's name, shape or base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// A fine-tune.
    Tuned,
    /// More pre-training.
    Continued,
    /// A training from random weights: only its name or its layout is the other's.
    Pretrained,
}

impl Done {
    /// All, in the order of their classes.
    pub const ALL: [Self; 3] = [Self::Tuned, Self::Continued, Self::Pretrained];
}

/// How likely each is.
#[derive(Clone, Debug)]
pub struct ContinuationModel(Softmax<3>);

impl ContinuationModel {
    /// Learns from labelled trainings.
    #[must_use]
    pub fn learn<'a>(labelled: impl IntoIterator<Item = Labelled<'a>>) -> Self {
        let example = |row: Labelled<'_>| Example {
            features: row.training.features(row.is_known),
            class: Done::ALL.iter().position(|done| *done == row.done).unwrap_or(0),
            weight: row.weight,
        };
        let examples: Vec<Example> = labelled.into_iter().map(example).collect();
        let rows = Rows::of_examples(examples.iter().map(|example| (example, example.weight)));
        Self(softmax::fit(&rows, Softmax::even(Sign::ALL.len()), RIDGE, EXACT))
    }

    /// Probabilities of [`Done::ALL`]. What is too large to be trained by whoever borrows a name was trained on what it is named after.
    #[must_use]
    pub fn probabilities(&self, training: &Training<'_>) -> [f64; 3] {
        self.bounded(training, false)
    }

    /// The same of a labelled one.
    #[must_use]
    pub fn probabilities_of(&self, row: &Labelled<'_>) -> [f64; 3] {
        self.bounded(&row.training, row.is_known)
    }

    fn bounded(&self, training: &Training<'_>, is_known: bool) -> [f64; 3] {
        let [tuned, continued, pretrained] = self.0.probabilities(&training.features(is_known));
        if training.base_is_stated || training.params.is_some_and(|n| n >= MOST_BORROWED) {
            let rest = tuned + continued;
            [tuned / rest, continued / rest, 0.0]
        } else {
            [tuned, continued, pretrained]
        }
    }

    /// The signs of a training with what each adds to the logit of what was done against a fine-tune.
    pub fn signs(&self, training: &Training<'_>, done: Done) -> impl Iterator<Item = (Sign, f64)> + '_ {
        let there: Vec<u16> = training.features(false).into_iter().map(|(at, _)| at).collect();
        (0..).zip(self.coefficients(done)).filter(move |(at, _)| there.contains(at)).map(|(_, sign)| sign)
    }

    /// Signs with what they add to the logit of what was done against a fine-tune.
    pub fn coefficients(&self, done: Done) -> impl Iterator<Item = (Sign, f64)> + '_ {
        let class = Done::ALL.iter().position(|d| *d == done).unwrap_or(0);
        (0..).zip(Sign::ALL).map(move |(at, sign)| (*sign, self.0.coefficient(class, at) - self.0.coefficient(0, at)))
    }
}

/// Whether the question is open for a repository that a rule has for trained on another's weights: the rule tells of a base and of no more,
/// and the record is of a model that writes or tells masked words.
#[must_use]
pub fn is_open(facts: &RepoFacts, rule: Rule) -> bool {
    let tells_a_base_alone = matches!(
        rule,
        Rule::BaseModelLink
            | Rule::CardNamesABase
            | Rule::QuantizedRelationOnFloatWeights
            | Rule::QuantizedRelationUnderAnotherName
            | Rule::QuantizedRelationInTheHouseOfItsBase
            | Rule::NamesAModelInFull
            | Rule::FamilyArchitectureAndSize
            | Rule::SameArchitectureAndExactSize
            | Rule::SiblingSameStem
            | Rule::SpecialityOfASibling
    );
    // Who calls it a chat model says what was done: of 35 such drawn by lot one had gone on, too.
    tells_a_base_alone && is_of_text(facts) && !says_how_it_was_tuned(facts) && !names::says_post_trained(facts.name())
}

/// Whether a model is the release that a house made of its own base: the base's name calls it one, the model's does not, and is the same
/// otherwise. In the names of encoders the word is a size.
#[must_use]
pub fn is_a_release(facts: &RepoFacts, base: &RepoFacts) -> bool {
    let is_large = facts.size().or(base.size()).is_none_or(|n| n >= LARGE);
    let of_masks = facts.pipeline_tag.as_deref().is_some_and(|task| vocabulary().tags.tasks_of_masks.contains(&task));
    is_large && !of_masks && base.same_house(facts) && names::is_release_of(facts.name(), base.name())
}

fn is_of_text(facts: &RepoFacts) -> bool {
    let tags = &vocabulary().tags;
    match facts.pipeline_tag.as_deref() {
        Some(task) => vocabulary().continuation.tasks.contains(&task) || tags.tasks_of_masks.contains(&task),
        None => {
            let is_of_language =
                facts.library.as_deref().is_none_or(|library| tags.libraries_of_language_models.contains(&library));
            is_of_language && facts.size().is_some_and(|n| n >= LEAST_OF_TEXT) && !names::says_vision(facts.name())
        }
    }
}

/// A tag names a tool or a kind of fine-tuning, or the card does.
fn says_how_it_was_tuned(facts: &RepoFacts) -> bool {
    let (tools, kinds) = (&vocabulary().tags.fine_tuning_tools, &vocabulary().continuation.tuning_tags);
    facts.says_fine_tuning || tools.iter().chain(kinds.iter()).any(|tag| facts.signals.contains(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn training<'a>(name: &'a str, base: Option<&'a str>) -> Training<'a> {
        Training {
            name,
            base,
            base_is_stated: base.is_some(),
            same_house: false,
            owner: OwnerClass::Unlisted,
            task: Some("text-generation"),
            params: Some(7e9),
        }
    }

    #[test]
    fn signs_of_names() {
        let has = |name, base, sign| training(name, base).has(sign);
        assert!(has("Swallow-7b-japanese", Some("Llama-2-7b-hf"), Sign::Language));
        assert!(!has("japanese-chat", Some("japanese-base"), Sign::Language));
        assert!(has("law-LLM-13B", Some("LLaMA-13B"), Sign::Field) && has("biomed-7b", None, Sign::Field));
        assert!(has("gemma-2-baku-2b-cpt", Some("gemma-2-2b"), Sign::WentOn));
        // The word is the base's.
        assert!(!has("Qwen3-8B-Base-poet", Some("Qwen3-8B-Base"), Sign::WentOn));
        assert!(has("my-Qwen3-8B-poet", Some("Qwen3-8B"), Sign::NameOfTheBase));
        assert!(has("Marco-o1-Instruct", None, Sign::NameTuned) && has("x", Some("Qwen2-7B-Instruct"), Sign::BaseTuned));
    }

    /// Two trainings of a kind went on, two of another did not: by symmetry the sign of the first speaks for it as much as that of the second
    /// speaks against it.
    #[test]
    fn what_is_learnt_of_four() {
        let row = |name, done| Labelled { training: training(name, Some("x-7b")), done, is_known: false, weight: 1.0 };
        let rows =
            [("a-japanese", Done::Continued), ("b-japanese", Done::Continued), ("a-sft", Done::Tuned), ("b-sft", Done::Tuned)];
        let model = ContinuationModel::learn(rows.map(|(name, is)| row(name, is)));
        let of = |name| {
            let [tuned, continued, _] = model.probabilities(&training(name, Some("x-7b")));
            continued / (tuned + continued)
        };
        assert!(
            (of("c-japanese") + of("c-sft") - 1.0).abs() < 1e-6 && of("c-japanese") > 0.6,
            "{} {}",
            of("c-japanese"),
            of("c-sft")
        );
        let neither = of("c");
        assert!((neither - 0.5).abs() < 1e-6, "{neither}");
    }

    /// Regression: a house's release beside its own base whose name says no more than the base's was more pre-training with a third. tencent/Hy3,
    /// ibm-granite/granite-4.1-3b and inclusionAI/Ling-2.6-flash are the tuned ones.
    #[test]
    fn a_release_beside_its_base_is_the_tuned_one() {
        let facts = |id: &str, n: i64| RepoFacts { model_id: id.into(), rough_params: Some(n), ..RepoFacts::default() };
        let is = |model: &str, base: &str, n: i64| is_a_release(&facts(model, n), &facts(base, n));
        assert!(is("tencent/Hy3", "tencent/Hy3-Base", 295_000_000_000));
        assert!(is("ibm-granite/granite-4.1-3b", "ibm-granite/granite-4.1-3b-base", 3_400_000_000));
        assert!(is("inclusionAI/Ling-2.6-flash", "inclusionAI/Ling-2.6-flash-base", 104_000_000_000));
        // Another house, a language, a longer context, a base on a base, an encoder's size.
        assert!(!is("nobody/granite-4.1-3b", "ibm-granite/granite-4.1-3b-base", 3_400_000_000));
        assert!(!is("rinna/nekomata-7b-japanese", "rinna/nekomata-7b-base", 7_700_000_000));
        assert!(!is("01-ai/Yi-34B-200K", "01-ai/Yi-34B-base", 34_000_000_000));
        assert!(!is("a/x-7b-cpt-base", "a/x-7b-base", 7_000_000_000));
        assert!(!is("google/bert", "google/bert-base", 110_000_000));
    }

    /// A rule that states what was done leaves nothing open, and neither does a tag of a tool.
    #[test]
    fn where_the_question_is_open() {
        let facts = |task: Option<&str>, signals: &[&'static str]| RepoFacts {
            model_id: "a/b-7B".into(),
            named_size: Some(7e9),
            pipeline_tag: task.map(Into::into),
            signals: signals.into(),
            ..RepoFacts::default()
        };
        assert!(is_open(&facts(Some("text-generation"), &[]), Rule::BaseModelLink));
        assert!(is_open(&facts(None, &[]), Rule::NamesAModelInFull));
        assert!(!is_open(&facts(Some("text-generation"), &[]), Rule::RegistryFineTuning));
        assert!(!is_open(&facts(Some("text-classification"), &[]), Rule::BaseModelLink));
        assert!(!is_open(&facts(Some("text-generation"), &["sft"]), Rule::BaseModelLink));
        assert!(!is_open(&facts(Some("text-generation"), &["trl"]), Rule::BaseModelLink));
        let chat = RepoFacts { model_id: "a/b-7B-chat".into(), ..facts(Some("text-generation"), &[]) };
        assert!(!is_open(&chat, Rule::BaseModelLink));
    }
}
