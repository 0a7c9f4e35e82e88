//! Code blocks: dumps of configurations and flags of commands that say how this model was trained.

use super::bases::is_repo;
use super::candidate::{Card, RANK_CODE, Spot};
use super::passage::Passage;
use super::prose::read_prose;
use super::recipe::{TWO_VALUES, ends_without_progress};
use super::values::precision_of;
use crate::domain::Field;
use crate::evidence::card::about::CardRole;
use crate::evidence::card::parse::settings::parse_setting;
use crate::evidence::quantity::numbers::first_quantity;
use crate::evidence::quantity::tokens::lex;
use crate::evidence::vocabulary;
use std::collections::BTreeMap;

/// Lines of a block that are read.
const MAX_LINES: usize = 4000;
/// Label of the line of a summary that counts all parameters.
const SUMMARY: &str = "Total params";
/// Flags that name the model a training starts from.
const BASE_FLAGS: [&str; 2] = ["model_name_or_path", "pretrained_model_name_or_path"];

/// A setting and where it stands in the block.
struct Setting<'c> {
    value: &'c str,
    /// Whether the block gives the key another value, too.
    is_doubled: bool,
    from: usize,
    to: usize,
    is_flag: bool,
}

/// The settings of a block, by key, and whether it has a flag of any kind.
struct Settings<'c> {
    by_key: BTreeMap<&'static str, Setting<'c>>,
    any_flag: bool,
}

/// Whether two values are two numbers: `num_train_epochs=num_train_epochs` hands one on.
fn differs(a: &str, b: &str) -> bool {
    let number = |text: &str| text.trim_matches(['"', '\'']).parse::<f64>().ok();
    number(a).zip(number(b)).is_some_and(|(a, b)| (a - b).abs() > f64::EPSILON)
}

impl<'c> Settings<'c> {
    fn parse(text: &'c str) -> Self {
        let mut settings = Self { by_key: BTreeMap::new(), any_flag: false };
        let mut at = 0;
        for line in text.split('\n').take(MAX_LINES) {
            let (from, to) = (at, at + line.len());
            at = to + 1;
            let found = parse_setting(line);
            settings.any_flag |= found.is_flag;
            let Some(key) = vocabulary::keys().code.settings.iter().find(|k| **k == found.key) else { continue };
            let setting = Setting { value: found.value, is_doubled: false, from, to, is_flag: found.is_flag };
            settings
                .by_key
                .entry(*key)
                .and_modify(|known| known.is_doubled |= differs(known.value, found.value))
                .or_insert(setting);
        }
        settings
    }

    fn get(&self, key: &str) -> Option<&'c str> {
        self.by_key.get(key).map(|s| s.value)
    }

    /// Whether a dump says that several devices trained: at its beginning, or behind its list of tokens.
    fn is_distributed(&self) -> Option<bool> {
        let said = self.get("multiprocessing_distributed").or(self.get("distributed"))?;
        Some(vocabulary::keys().code.affirmed.contains(&said.to_lowercase().as_str()))
    }
}

/// Whether a card, lower case, may hold the paragraph of the ML CO2 Impact calculator in code. Its phrases have no end of a line in them, and a
/// line of code stands in the card letter by letter.
#[must_use]
pub fn may_hold_calculators(body: &str) -> bool {
    vocabulary::card().logs.calculator.iter().all(|phrase| body.contains(phrase))
}

/// Reads a code block; `may_be_calculators` says whether it can be the paragraph of the calculator.
pub fn read_code(card: &mut Card<'_>, passage: &Passage<'_>, may_be_calculators: bool) {
    let b = passage.block;
    // The paragraph of the ML CO2 Impact calculator, as LaTeX to paste.
    let is_calculators = || {
        let lower = b.text.to_lowercase();
        vocabulary::card().logs.calculator.iter().all(|phrase| lower.contains(phrase))
    };
    if may_be_calculators && is_calculators() {
        read_prose(card, passage, &b.text, 0);
        return;
    }
    if read_summary(card, passage) {
        return;
    }
    // A setting stands under its key: a block without any of the keys holds none.
    if !vocabulary::keys().code.settings.is_within(&b.text) {
        return;
    }
    let settings = Settings::parse(&b.text);
    let loads = |key: &str| settings.get(key).is_some_and(|v| v.eq_ignore_ascii_case(&card.own.id));
    // An example of how to fine-tune this model is nobody's training.
    if settings.by_key.is_empty() || BASE_FLAGS.into_iter().any(loads) {
        return;
    }
    let spot_of = |s: &Setting<'_>, rank: u8| {
        let doubled = s.is_doubled.then_some(TWO_VALUES);
        Spot { block: b, quote: b.source_range(s.from, s.to), rank, reason: passage.refused.or(doubled) }
    };
    for key in BASE_FLAGS {
        if let Some(s) = settings.by_key.get(key).filter(|s| s.is_flag && is_repo(s.value))
            && card.own.role != CardRole::Copy
        {
            card.add(&Spot { reason: None, ..spot_of(s, RANK_CODE + 6) }, Field::BaseModel, None, s.value, None);
        }
    }
    let is_dump = settings.get("optim").is_some()
        || settings.get("max_epoch").is_some()
        || (settings.get("learning_rate").is_some() && settings.any_flag);
    let about_training = b.under.training;
    for (key, s) in &settings.by_key {
        if is_dump || about_training || s.is_flag {
            add_setting(card, &spot_of(s, RANK_CODE), &settings, key, is_dump);
        }
    }
}

/// The summary that Keras and torchsummary print: "Total params: 23,587,712 (89.98 MB)". Returns whether a block is one.
fn read_summary(card: &mut Card<'_>, passage: &Passage<'_>) -> bool {
    let b = passage.block;
    let mut at = 0;
    for line in b.text.split('\n').take(MAX_LINES) {
        let (from, to) = (at, at + line.len());
        at = to + 1;
        let label = line.get(..SUMMARY.len()).filter(|start| start.eq_ignore_ascii_case(SUMMARY));
        if let Some((_, value)) = label.and(line.split_once(':')) {
            let spot = Spot { block: b, quote: b.source_range(from, to), rank: RANK_CODE, reason: passage.refused };
            card.add_pair(&spot, SUMMARY, value, &[]);
            return true;
        }
    }
    false
}

/// Adds what a setting says; fields of the whole training go before those of a device.
fn add_setting(card: &mut Card<'_>, spot: &Spot<'_>, settings: &Settings<'_>, key: &'static str, is_dump: bool) {
    let words = &vocabulary::keys().code;
    let Some(value) = settings.get(key) else { return };
    let all = lex(value);
    let number = first_quantity(&all).map(|q| q.value).filter(|v| *v > 0.0);
    // Where batches are counted in elements, batch_size is a default out of use.
    let counted = settings.get("batch_type").is_none_or(|t| words.counted_batches.contains(&t));
    let (first, other) = (*spot, spot.after(1));
    match key {
        "num_train_epochs" | "epochs" | "num_epochs" if number.is_some() => card.add(&first, Field::Epochs, number, value, None),
        "max_steps" | "max_train_steps" if number.is_some() && !ends_without_progress(&spot.block.text) => {
            card.add(&other, Field::TrainSteps, number, value, None)
        }
        "total_train_batch_size" if number.is_some() => card.add(&first, Field::BatchSize, number, value, None),
        "per_device_train_batch_size" | "train_batch_size" if number.is_some() => {
            card.add(&other, Field::BatchSize, number, value, None);
        }
        "batch_size" if number.is_some() && counted => card.add(&other, Field::BatchSize, number, value, None),
        "fp16" | "bf16" if words.affirmed.contains(&value.to_lowercase().as_str()) => {
            card.add(&other, Field::Precision, None, key, None);
        }
        "train_dtype" | "mixed_precision" => {
            if let Some(name) = precision_of(value) {
                card.add(&other, Field::Precision, None, name, None);
            }
        }
        "ngpu" if is_dump && settings.is_distributed() == Some(false) && number.is_some() => {
            card.add(&other, Field::AcceleratorCount, number, value, None);
        }
        "dist_world_size" if is_dump && settings.is_distributed() != Some(false) && number.is_some() => {
            card.add(&other, Field::AcceleratorCount, number, value, None);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use crate::evidence::card::tests::card_tables;
    use crate::evidence::card::{About, CardRole, extract};
    use crate::reference::Reference;

    fn values(id: &str, card: &str) -> Vec<(String, Option<f64>, String)> {
        let about = About { model_id: id, role: CardRole::OwnTraining, base_ids: &[], total_params: None };
        extract(card_tables(&Reference::load().unwrap()), card, &about)
            .into_iter()
            .filter(|r| r.reject_reason.is_none())
            .map(|r| (r.field.name().to_owned(), r.value, r.as_written))
            .collect()
    }

    #[test]
    fn dumps_and_flags() {
        let dump = "## ASR config\n\n```\nngpu: 1\ndistributed: false\nmax_epoch: 200\nbatch_type: folded\nbatch_size: 64\ntrain_dtype: float32\noptim: adam\n```\n";
        let got = values("espnet/x", dump);
        assert!(got.contains(&("batch_size".into(), Some(64.0), "64".into())), "{got:?}");
        assert!(got.contains(&("precision".into(), None, "fp32".into())), "{got:?}");
        assert!(got.contains(&("accelerator_count".into(), Some(1.0), "1".into())), "{got:?}");
        let four = dump.replace("ngpu: 1\ndistributed: false", "ngpu: 1\ndist_world_size: 4\nmultiprocessing_distributed: true");
        assert!(values("espnet/x", &four).contains(&("accelerator_count".into(), Some(4.0), "4".into())), "{four}");
        let unused = dump.replace("batch_type: folded", "batch_type: numel");
        assert!(!values("espnet/x", &unused).iter().any(|(f, _, _)| f == "batch_size"));
        let flags = "```bash\npython run.py --model_name_or_path=\"facebook/wav2vec2-xls-r-1b\" \\\n  --num_train_epochs=\"40\" \\\n  --fp16 \\\n```\n";
        let got = values("NbAiLab/x", &flags.replace("python run.py --model", "python run.py \\\n--model"));
        assert!(got.contains(&("epochs".into(), Some(40.0), "40".into())), "{got:?}");
        assert!(got.iter().any(|(f, _, w)| f == "base_model" && w == "facebook/wav2vec2-xls-r-1b"), "{got:?}");
    }

    #[test]
    fn an_inference_example_is_no_training() {
        let card = "```python\npipe = pipeline(model=\"openai/whisper-large-v3\", batch_size=16)\nbatch_size=16\nepochs=1\n```\n";
        assert!(values("openai/whisper-large-v3", card).is_empty());
    }
}
