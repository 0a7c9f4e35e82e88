//! Code blocks: dumps of configurations and flags of commands that say how this model was trained.

use crate::evidence::card::CardRole;
use crate::evidence::card::decide::sections::under_training;
use crate::evidence::card::parse::markdown::Block;
use crate::evidence::card::read::bases::is_repo;
use crate::evidence::card::read::candidate::{Card, RANK_CODE, Spot, precision_of};
use crate::evidence::quantity::numbers::first_quantity;
use crate::evidence::quantity::tokens::lex;
use std::collections::BTreeMap;

/// Keys read: fields of trainers, and what tells a dump of a configuration from an example.
const KEYS: &[&str] = &[
    "num_train_epochs",
    "epochs",
    "num_epochs",
    "max_epoch",
    "train_dtype",
    "fp16",
    "bf16",
    "mixed_precision",
    "per_device_train_batch_size",
    "batch_size",
    "train_batch_size",
    "total_train_batch_size",
    "max_steps",
    "max_train_steps",
    "optim",
    "learning_rate",
    "batch_type",
    "ngpu",
    "distributed",
    "model_name_or_path",
    "pretrained_model_name_or_path",
];
/// Lines of a block that are read.
const MAX_LINES: usize = 4000;

/// A line `key: value`, `key = value`, `--key value`.
struct Setting<'c> {
    value: &'c str,
    from: usize,
    to: usize,
    is_flag: bool,
}

/// Reads a code block.
pub fn read(card: &mut Card<'_>, b: &Block, reason: Option<&'static str>) {
    let mut settings: BTreeMap<&str, Setting<'_>> = BTreeMap::new();
    let mut any_flag = false;
    let mut at = 0;
    for line in b.text.split('\n').take(MAX_LINES) {
        let (from, to) = (at, at + line.len());
        at = to + 1;
        let mut text = line.trim().trim_end_matches('\\').trim().trim_end_matches(',');
        text = text.strip_prefix('{').unwrap_or(text);
        let is_flag = text.starts_with("--");
        any_flag |= is_flag;
        text = text.trim_start_matches("--").trim().trim_start_matches(['"', '\'']);
        let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
        let (key, rest) = text.split_at(end);
        let Some(key) = KEYS.iter().find(|k| **k == key) else { continue };
        let value = rest.trim_matches(|c: char| " \"':=".contains(c));
        let value = value.split(',').next().unwrap_or(value).trim_matches(|c: char| " \"'}".contains(c));
        let value = if is_flag && value.is_empty() { "true" } else { value };
        settings.entry(key).or_insert(Setting { value, from, to, is_flag });
    }
    let get = |key: &str| settings.get(key).map(|s| s.value);
    let loads = |key: &str| get(key).is_some_and(|v| v.eq_ignore_ascii_case(&card.own.id));
    // An example of how to fine-tune this model is nobody's training.
    if settings.is_empty() || loads("model_name_or_path") || loads("pretrained_model_name_or_path") {
        return;
    }
    let spot_of = |s: &Setting<'_>, rank: u8| Spot { block: b, quote: b.source_range(s.from, s.to), rank, reason };
    for key in ["model_name_or_path", "pretrained_model_name_or_path"] {
        if let Some(s) = settings.get(key).filter(|s| s.is_flag && is_repo(s.value))
            && card.own.role != CardRole::Copy
        {
            card.add(&Spot { reason: None, ..spot_of(s, RANK_CODE + 6) }, "base_model", None, s.value, None);
        }
    }
    let is_dump = get("optim").is_some() || get("max_epoch").is_some() || (get("learning_rate").is_some() && any_flag);
    let about_training = under_training(b);
    // Where batches are counted in elements, batch_size is a default out of use.
    let counted = get("batch_type").is_none_or(|t| matches!(t, "folded" | "unsorted" | "sorted"));
    for (key, s) in &settings {
        if !(is_dump || about_training || s.is_flag) {
            continue;
        }
        let all = lex(s.value);
        let number = first_quantity(&all).map(|q| q.value).filter(|v| *v > 0.0);
        let (first, other) = (spot_of(s, RANK_CODE), spot_of(s, RANK_CODE + 1));
        match *key {
            "num_train_epochs" | "epochs" | "num_epochs" if number.is_some() => card.add(&first, "epochs", number, s.value, None),
            "max_steps" | "max_train_steps" if number.is_some() => card.add(&other, "train_steps", number, s.value, None),
            "total_train_batch_size" if number.is_some() => card.add(&first, "batch_size", number, s.value, None),
            "per_device_train_batch_size" | "train_batch_size" if number.is_some() => {
                card.add(&other, "batch_size", number, s.value, None);
            }
            "batch_size" if number.is_some() && counted => card.add(&other, "batch_size", number, s.value, None),
            "fp16" | "bf16" if ["true", "1", "yes"].contains(&s.value.to_lowercase().as_str()) => {
                card.add(&other, "precision", None, key, None);
            }
            "train_dtype" | "mixed_precision" => {
                if let Some(name) = precision_of(s.value) {
                    card.add(&other, "precision", None, name, None);
                }
            }
            "ngpu" if is_dump && get("distributed") == Some("false") && number.is_some() => {
                card.add(&other, "accelerator_count", number, s.value, None);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::evidence::card::{About, CardRole, extract};
    use crate::reference::Reference;

    fn values(id: &str, card: &str) -> Vec<(String, Option<f64>, String)> {
        let about = About { model_id: id, role: CardRole::OwnTraining, base_ids: &[], total_params: None };
        extract(&Reference::load().unwrap(), card, &about)
            .into_iter()
            .filter(|r| r.reject_reason.is_none())
            .map(|r| (r.field.to_owned(), r.value, r.as_written))
            .collect()
    }

    #[test]
    fn dumps_and_flags() {
        let dump = "## ASR config\n\n```\nngpu: 1\ndistributed: false\nmax_epoch: 200\nbatch_type: folded\nbatch_size: 64\ntrain_dtype: float32\noptim: adam\n```\n";
        let got = values("espnet/x", dump);
        assert!(got.contains(&("batch_size".into(), Some(64.0), "64".into())), "{got:?}");
        assert!(got.contains(&("precision".into(), None, "fp32".into())), "{got:?}");
        assert!(got.contains(&("accelerator_count".into(), Some(1.0), "1".into())), "{got:?}");
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
