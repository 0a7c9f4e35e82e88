//! Keys: what a line, a row or a column says its value is.

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// Chips and their count.
    Hardware,
    /// Count of devices.
    Devices,
    /// Time of training.
    Hours,
    /// Cloud provider.
    Provider,
    /// Cloud region or place.
    Region,
    /// Emissions.
    Carbon,
    /// Energy.
    Energy,
    /// Tokens seen.
    Tokens,
    /// Epochs.
    Epochs,
    /// Optimizer steps.
    Steps,
    /// Global batch.
    GlobalBatch,
    /// Batch, of a device or the whole.
    Batch,
    /// Number format.
    Precision,
    /// Parameters.
    Params,
    /// Active parameters.
    Active,
    /// Base model.
    Base,
    /// Training compute.
    Flop,
    /// Date of training.
    Date,
}

/// Reads a key that was made comparable by [`norm_key`].
#[must_use]
pub fn key_of(key: &str) -> Option<Key> {
    Some(match key {
        "hardware type"
        | "hardware"
        | "hardware used"
        | "gpus"
        | "gpu"
        | "gpu type"
        | "gpus used"
        | "gpu used"
        | "accelerators"
        | "accelerator"
        | "training hardware"
        | "gpu model"
        | "devices"
        | "training device"
        | "device"
        | "machine"
        | "tpu"
        | "training infrastructure"
        | "compute"
        | "compute used"
        | "hardware platform"
        | "training setup"
        | "硬件"
        | "训练硬件"
        | "trained on"
        | "training machine"
        | "num gpus"
        | "number of gpus"
        | "gpu count"
        | "device count"
        | "graphics card"
        | "training gpu"
        | "training gpus"
        | "compute infrastructure"
        | "infrastructure" => Key::Hardware,
        "num devices" | "n gpus" | "world size" => Key::Devices,
        "hours used"
        | "training time"
        | "training duration"
        | "train runtime"
        | "total training time"
        | "time"
        | "wall clock time"
        | "wall time"
        | "duration"
        | "time to train"
        | "training hours"
        | "total hours"
        | "training runtime"
        | "gpu hours"
        | "fine tuning time"
        | "finetuning time"
        | "training period"
        | "train time"
        | "hours"
        | "compute time"
        | "训练时间"
        | "訓練時間"
        | "学習時間"
        | "训练时长"
        | "elapsed time"
        | "hours to train"
        | "runtime"
        | "total gpu hours"
        | "time taken" => Key::Hours,
        "cloud provider" | "cloud" | "provider" => Key::Provider,
        "compute region" | "region" | "cloud region" | "geographical location" | "location" => Key::Region,
        "carbon emitted"
        | "co2 emissions"
        | "emissions"
        | "carbon emissions"
        | "carbon footprint"
        | "co2 emitted"
        | "co2eq emissions"
        | "co2"
        | "co2 eq emissions"
        | "total emissions"
        | "co2 equivalent emissions"
        | "carbon"
        | "co2 emission"
        | "co2e"
        | "co2eq"
        | "estimated emissions"
        | "carbon emission"
        | "emitted"
        | "carbon dioxide emissions"
        | "total carbon emissions"
        | "estimated carbon emissions"
        | "estimated co2 emissions"
        | "carbon impact"
        | "environmental impact" => Key::Carbon,
        "energy consumed"
        | "energy consumption"
        | "energy"
        | "energy used"
        | "power consumption"
        | "total energy"
        | "electricity"
        | "electricity consumed"
        | "total energy consumption"
        | "energy usage" => Key::Energy,
        "training tokens"
        | "tokens seen"
        | "train tokens"
        | "pretraining tokens"
        | "tokens"
        | "pre training tokens"
        | "number of training tokens"
        | "total tokens"
        | "tokens trained"
        | "trained tokens"
        | "number of tokens"
        | "total training tokens"
        | "training data tokens"
        | "token count"
        | "# tokens"
        | "training token"
        | "tokens processed"
        | "pretrain tokens" => Key::Tokens,
        "num epochs"
        | "epochs"
        | "epoch"
        | "num train epochs"
        | "number of epochs"
        | "training epochs"
        | "n epochs"
        | "nb epochs"
        | "train epochs"
        | "total epochs"
        | "训练轮数"
        | "number of training epochs"
        | "epochs trained" => Key::Epochs,
        "training steps"
        | "max steps"
        | "train steps"
        | "steps"
        | "number of steps"
        | "num steps"
        | "global step"
        | "total steps"
        | "num training steps"
        | "number of training steps"
        | "iterations"
        | "training iterations"
        | "total training steps"
        | "number of iterations"
        | "optimization steps"
        | "max train steps" => Key::Steps,
        "total train batch size" | "global batch size" | "effective batch size" | "total batch size" => Key::GlobalBatch,
        "train batch size"
        | "batch size"
        | "training batch size"
        | "batchsize"
        | "batch"
        | "bs"
        | "per device train batch size"
        | "批大小" => Key::Batch,
        "precision"
        | "mixed precision training"
        | "training precision"
        | "train dtype"
        | "training regime"
        | "mixed precision"
        | "fp16"
        | "bf16"
        | "training dtype"
        | "numerical precision"
        | "dtype"
        | "training numerical precision" => Key::Precision,
        "parameters"
        | "params"
        | "number of parameters"
        | "model size"
        | "total parameters"
        | "total params"
        | "# params"
        | "parameter count"
        | "model parameters"
        | "num parameters"
        | "参数量"
        | "参数"
        | "number of params"
        | "# parameters"
        | "parameter"
        | "number of paramaters"
        | "trainable parameters"
        | "参数规模"
        | "n parameters"
        | "total parameter count"
        | "parameter size" => Key::Params,
        "active parameters"
        | "activated parameters"
        | "activated params"
        | "active params"
        | "# activated params"
        | "number of activated parameters"
        | "number of active parameters" => Key::Active,
        "finetuned from model"
        | "fine tuned from model"
        | "base model"
        | "parent model"
        | "finetuned from"
        | "fine tuned from"
        | "base models"
        | "basemodel"
        | "parent"
        | "基座模型"
        | "基底モデル"
        | "ベースモデル"
        | "finetuned model"
        | "initial model"
        | "backbone model"
        | "foundation model"
        | "starting checkpoint"
        | "initialized from" => Key::Base,
        "training flops"
        | "training flop"
        | "total flops"
        | "flops"
        | "train flops"
        | "training compute"
        | "total compute"
        | "total training flops"
        | "compute flops"
        | "total training compute"
        | "training flops used" => Key::Flop,
        "training date" | "trained in" | "training dates" | "date of training" | "date trained" => Key::Date,
        _ => return None,
    })
}

/// Longest key, in characters.
const MAX_KEY_CHARS: usize = 240;
/// Most words of a key.
const MAX_KEY_WORDS: usize = 14;

/// A key without brackets, signs and case; one that is all brackets keeps what is in them (`\\(n_{parameters}\\)`).
#[must_use]
pub fn norm_key(key: &str) -> String {
    let strip = |keep_brackets: bool| {
        let mut out = String::new();
        let mut depth = 0_u32;
        for c in key.chars().take(MAX_KEY_CHARS) {
            match c {
                '(' | '[' | '（' if !keep_brackets => depth += 1,
                ')' | ']' | '）' if !keep_brackets => depth = depth.saturating_sub(1),
                _ if depth > 0 => {}
                _ if c.is_alphanumeric() || matches!(c, '#' | '/' | '²' | '₂') => out.extend(c.to_lowercase()),
                _ => out.push(' '),
            }
        }
        out.split_whitespace().collect::<Vec<_>>().join(" ").replace('₂', "2")
    };
    let outside = strip(false);
    if outside.is_empty() { strip(true) } else { outside }
}

/// Cuts a line at the colon or equals sign behind its key: byte of the sign and byte behind it.
#[must_use]
pub fn split_pair(line: &str) -> Option<(usize, usize)> {
    let mut depth = 0_u32;
    for (n, (at, c)) in line.char_indices().enumerate() {
        if n >= MAX_KEY_CHARS {
            return None;
        }
        match c {
            '(' | '[' | '（' => depth += 1,
            ')' | ']' | '）' => depth = depth.saturating_sub(1),
            ':' | '：' | '=' if depth == 0 && at > 0 => {
                let after = at + c.len_utf8();
                let is_address = line.get(after..).is_some_and(|rest| rest.starts_with("//"));
                let few_words = line.get(..at).is_some_and(|key| key.split_whitespace().count() <= MAX_KEY_WORDS);
                if is_address {
                    continue;
                }
                return few_words.then_some((at, after));
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_as_people_write_them() {
        for (written, key) in [
            ("Carbon Emitted (Power consumption x Time x Carbon produced based on location of power grid)", Key::Carbon),
            ("Finetuned from model [optional]", Key::Base),
            ("\\(n_{parameters}\\)", Key::Params),
            ("total_train_batch_size", Key::GlobalBatch),
            ("Pre-training tokens", Key::Tokens),
        ] {
            assert_eq!(key_of(&norm_key(written)), Some(key), "{written}: {}", norm_key(written));
        }
        assert_eq!(key_of(&norm_key("Dataset size")), None);
    }

    #[test]
    fn pairs_are_cut_at_their_sign() {
        let cut = |line: &'static str| split_pair(line).map(|(a, b)| (&line[..a], &line[b..]));
        assert_eq!(cut("Hours used: 72"), Some(("Hours used", " 72")));
        assert_eq!(cut("Carbon (a: b): 3"), Some(("Carbon (a: b)", " 3")));
        assert_eq!(cut("see https://x.y"), None);
        assert_eq!(cut("no pair"), None);
    }
}
