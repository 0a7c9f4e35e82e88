//! Parameters of a model, in the order of docs/method.md, section 2.

use super::names;
use crate::domain::{EvidenceSource, Field, address, in_lower_case};
use crate::evidence::{Extracted, vocabulary};
use crate::reference::layouts::Layout;
use crate::tables::RawModelRow;

/// Data types whose elements are parameters. Scale factors (F8_E8M0) and packed integers are none.
const FLOATS: &[&str] = &["F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2", "F6_E2M3", "F6_E3M2", "C64"];
/// Float types of an unquantized checkpoint.
const FULL_FLOATS: &[&str] = &["F64", "F32", "F16", "BF16", "C64"];
/// Data types that hold several quantized parameters in an element or one in a byte.
const PACKED: &[&str] = &["I32", "U32", "U8", "I8", "I16", "U16", "I4", "U4", "F4", "I64", "U64"];
/// Packed elements beyond this share of the floats mean a quantized checkpoint; below, they are indices and buffers.
const PACKED_SHARE: f64 = 0.02;
/// Smallest and largest count believed; the largest published model has some 2e12 parameters.
pub const PLAUSIBLE: std::ops::RangeInclusive<i64> = 1_000..=20_000_000_000_000;

/// Confidence in the size of a layout: 94 % of counted sizes lie within a factor of two of it (data/reference/layouts.md).
const LAYOUT_CONFIDENCE: f64 = 0.6;

/// What the weights of a repository hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Weights {
    /// Parameters, when they can be counted.
    pub params: Option<i64>,
    /// Whether all of them are 16- or 32-bit floats.
    pub float_weights: bool,
    /// Whether packed integers hide the count.
    pub packed: bool,
}

/// Counts the parameters in `safetensors.parameters`.
#[must_use]
pub fn weights(raw: &RawModelRow) -> Weights {
    let sum = |wanted: &[&str]| -> i64 {
        raw.safetensors_dtypes
            .iter()
            .zip(&raw.safetensors_counts)
            .filter(|(dtype, _)| wanted.contains(&dtype.as_str()))
            .map(|(_, n)| *n)
            .fold(0, i64::saturating_add)
    };
    let (floats, full, packed) = (sum(FLOATS), sum(FULL_FLOATS), sum(PACKED));
    #[allow(clippy::cast_precision_loss)]
    let is_packed = packed > 0 && packed as f64 > PACKED_SHARE * floats as f64;
    Weights {
        params: (!is_packed && PLAUSIBLE.contains(&floats)).then_some(floats),
        float_weights: !is_packed && full > 0 && full == floats,
        packed: is_packed,
    }
}

fn extracted(field: Field, value: f64, extractor: &'static str, confidence: f64) -> Extracted {
    Extracted {
        field,
        value: Some(value),
        unit: field.unit(),
        as_written: format!("{value}"),
        source: EvidenceSource::HubIndex,
        locator: String::new(),
        source_url: None,
        quote: String::new(),
        extractor,
        confidence,
        reject_reason: None,
    }
}

/// Tags of methods that pack weights.
const PACKING_TAGS: &[&str] = &[
    "gptq",
    "awq",
    "exl2",
    "exl3",
    "aqlm",
    "hqq",
    "eetq",
    "bitsandbytes",
    "compressed-tensors",
    "quantized",
    "4-bit",
    "8-bit",
    "2-bit",
    "3-bit",
    "5-bit",
    "6-bit",
    "mxfp4",
    "nvfp4",
    "auto-round",
];
/// A total this many times below or above what the name says counts something else: packed weights, or an adapter's.
const NAMED_WITHIN: f64 = 1.8;

/// The total of the safetensors files where nothing says of which types of numbers, or only names that no format has (`miku`): a size, unless
/// something says that it counts packed weights. Below a count by type in rank, since packed weights cannot be seen in it.
fn total(raw: &RawModelRow, says_packed: bool, names_another: bool) -> Option<i64> {
    let total = raw.safetensors_total.filter(|n| PLAUSIBLE.contains(n))?;
    let is_known = |dtype: &String| FLOATS.contains(&dtype.as_str()) || PACKED.contains(&dtype.as_str());
    if raw.safetensors_dtypes.iter().any(is_known) || says_packed || raw.tags.iter().any(|tag| is_packing_tag(tag)) {
        return None;
    }
    #[allow(clippy::cast_precision_loss)]
    let fits = |named: f64| (1.0 / NAMED_WITHIN..=NAMED_WITHIN).contains(&(total as f64 / named));
    let named = names::size(&raw.model_id).and_then(|size| size.total).filter(|_| !names_another);
    named.is_none_or(fits).then_some(total)
}

fn is_packing_tag(tag: &str) -> bool {
    in_lower_case(tag, |tag| tag.starts_with("base_model:quantized:") || PACKING_TAGS.contains(&tag))
}

/// What of a repository's own files the total was counted from.
enum Counted {
    ByType(i64),
    Gguf(i64),
    Total(i64),
}

fn counted(raw: &RawModelRow, says_packed: bool, names_another: bool) -> Option<Counted> {
    if let Some(n) = weights(raw).params {
        return Some(Counted::ByType(n));
    }
    let of_gguf = raw.gguf_total.filter(|n| PLAUSIBLE.contains(n)).map(Counted::Gguf);
    of_gguf.or_else(|| total(raw, says_packed, names_another).map(Counted::Total))
}

/// The total by the repository's own files; `says_packed` is whether its name says that the weights are quantized, `names_another`
/// whether a size in the name is another model's.
#[must_use]
pub fn count_of_files(raw: &RawModelRow, says_packed: bool, names_another: bool) -> Option<f64> {
    let (Counted::ByType(n) | Counted::Gguf(n) | Counted::Total(n)) = counted(raw, says_packed, names_another)?;
    #[allow(clippy::cast_precision_loss)] // Below 1e14: exact.
    Some(n as f64)
}

/// Evidence for that total.
#[must_use]
pub fn from_files(raw: &RawModelRow, says_packed: bool, names_another: bool) -> Option<Extracted> {
    let counted = counted(raw, says_packed, names_another)?;
    let (Counted::ByType(n) | Counted::Gguf(n) | Counted::Total(n)) = counted;
    #[allow(clippy::cast_precision_loss)] // Below 1e14: exact.
    let of = |extractor, confidence| extracted(Field::TotalParams, n as f64, extractor, confidence);
    Some(match counted {
        Counted::ByType(_) => {
            let pairs = raw.safetensors_dtypes.iter().zip(&raw.safetensors_counts);
            let pairs: Vec<String> = pairs.map(|(dtype, n)| format!("{dtype}: {n}")).collect();
            let quote = format!("{{{}}}", pairs.join(", "));
            Extracted { locator: "safetensors.parameters".into(), quote, ..of("safetensors", 0.95) }
        }
        Counted::Gguf(_) => Extracted { locator: "gguf.total".into(), quote: format!("total: {n}"), ..of("gguf", 0.9) },
        Counted::Total(_) => Extracted {
            locator: "safetensors.total".into(),
            quote: format!("total: {n}, without counts by type of number"),
            ..of("safetensors_total", 0.8)
        },
    })
}

/// Evidence from the name: total and active. `of_another` is why the size is another model's, where it is: then it is refused.
#[must_use]
pub fn from_name(model_id: &str, of_another: Option<&str>) -> (Option<Extracted>, Option<Extracted>) {
    let named = |field, value, written: &str, confidence| Extracted {
        reject_reason: of_another.map(str::to_owned),
        source: EvidenceSource::Name,
        locator: "id".into(),
        quote: model_id.to_owned(),
        as_written: written.to_owned(),
        ..extracted(field, value, "name", confidence)
    };
    let Some(size) = names::size(model_id) else { return (None, None) };
    let confidence = if size.from_expert_layout { 0.4 } else { 0.7 };
    (
        size.total.map(|n| named(Field::TotalParams, n, &size.as_written, confidence)),
        size.active.map(|n| named(Field::ActiveParams, n, &size.as_written, confidence)),
    )
}

/// Evidence taken over from the base model's row; `is_stated` where the record names that base, which is quoted then. Otherwise a rule
/// links the two, and nothing is quoted that nobody wrote.
#[must_use]
pub fn from_base(field: Field, value: f64, base_id: &str, is_stated: bool) -> Extracted {
    let (source, quote) = if is_stated {
        (EvidenceSource::HubIndex, base_id.to_owned())
    } else {
        (EvidenceSource::Lineage, format!("not stated: linked to {base_id} by a rule"))
    };
    Extracted {
        source,
        locator: format!("base_model:{base_id}"),
        source_url: Some(address::repository(base_id)),
        quote,
        ..extracted(field, value, "base", 0.8)
    }
}

/// The size of the layout that the name gives.
#[must_use]
pub fn from_layout(model_id: &str, layout: &Layout) -> Extracted {
    let Layout { words, params, source, vintage, .. } = layout;
    Extracted {
        source: EvidenceSource::Arithmetic,
        locator: format!("layouts.csv:{words}"),
        source_url: address::stated(source),
        quote: format!("{model_id}: '{words}' has {params:e} parameters; {source}, {vintage}"),
        as_written: format!("{params:e}"),
        ..extracted(Field::TotalParams, *params, "architecture", LAYOUT_CONFIDENCE)
    }
}

/// The count of what was made of the model.
#[must_use]
pub fn from_derived(value: f64, id: &str) -> Extracted {
    Extracted {
        source: EvidenceSource::Lineage,
        locator: format!("base_model of {id}"),
        source_url: Some(address::repository(id)),
        quote: format!("not stated: the size of {id}, which was made of it"),
        ..extracted(Field::TotalParams, value, "derived", 0.7)
    }
}

/// Whether anything says that the model is a mixture of experts, so that active and total differ.
#[must_use]
pub fn is_mixture_of_experts(raw: &RawModelRow) -> bool {
    let is_of_experts = |word: &str| {
        word.contains("moe")
            || word.contains("mixtral")
            || word == "mixture-of-experts"
            || vocabulary::index().expert_architectures.contains(&word)
    };
    let says_so = |word: &str| !word.contains(':') && in_lower_case(word, is_of_experts);
    raw.config_experts.is_some_and(|n| n > 1)
        || raw.architecture.as_deref().is_some_and(says_so)
        || raw.tags.iter().any(|t| says_so(t))
        || names_experts(&raw.model_id)
}

/// Whether a word of the name is or ends in "MoE", as its authors write it: `MobileMoE-L-Base`, `german-moe-gpt`.
fn names_experts(model_id: &str) -> bool {
    let name = model_id.rsplit('/').next().unwrap_or(model_id);
    let mut words = name.split(|c: char| !c.is_alphanumeric());
    words.any(|word| word.ends_with("MoE") || word.eq_ignore_ascii_case("moe"))
}

/// Whether an architecture, in lower case, is that of dense models only. A mixture that a tag names beside it ("Mixtral", of data or of
/// another model) does not speak against it; quantized files call mixtures `llama` as well.
#[must_use]
pub fn is_dense(raw: &RawModelRow, architecture: Option<&str>) -> bool {
    let is_of_dense = |name: &str| vocabulary::index().dense_architectures.contains(&name);
    raw.config_experts.is_none_or(|n| n <= 1) && raw.gguf_total.is_none() && architecture.is_some_and(is_of_dense)
}

/// Evidence from a model of the same size whose active parameters are stated: a mixture of one shape uses as many.
#[must_use]
pub fn active_of_sibling(value: f64, sibling_id: &str) -> Extracted {
    Extracted {
        source: EvidenceSource::Lineage,
        locator: format!("model of the same size:{sibling_id}"),
        source_url: Some(address::repository(sibling_id)),
        quote: format!("not stated: the active parameters of {sibling_id}, which has the same size"),
        ..extracted(Field::ActiveParams, value, "same_size", 0.7)
    }
}

/// Evidence from the regression of active on total over the registry's mixtures of experts, flagged by its extractor.
#[must_use]
pub fn active_from_regression(total: f64, predicted: f64, n: usize) -> Extracted {
    Extracted {
        source: EvidenceSource::Registry,
        locator: "training_runs.csv".into(),
        quote: format!("regression of active on total parameters over {n} registry rows, at {total:e}"),
        ..extracted(Field::ActiveParams, predicted.min(total).round(), "active_on_total_regression", 0.3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::record::empty_row;

    fn raw(pairs: &[(&str, i64)]) -> RawModelRow {
        let mut row = empty_row("t");
        row.safetensors_dtypes = pairs.iter().map(|(d, _)| (*d).to_owned()).collect();
        row.safetensors_counts = pairs.iter().map(|(_, n)| *n).collect();
        row
    }

    #[test]
    fn packed_integers_are_not_parameters() {
        // A 480B model shows 1.9e9 floats beside packed int32 (docs/hub.md).
        let packed = weights(&raw(&[("BF16", 1_900_000_000), ("I32", 59_000_000_000)]));
        assert_eq!((packed.params, packed.packed), (None, true));
        // Position ids and buffers do not make a checkpoint quantized.
        let plain = weights(&raw(&[("F32", 109_482_240), ("I64", 512)]));
        assert_eq!((plain.params, plain.float_weights), (Some(109_482_240), true));
        // Native FP8 counts, its scales do not.
        let fp8 = weights(&raw(&[("F8_E4M3", 680_000_000_000), ("BF16", 4_000_000_000), ("F8_E8M0", 10_000_000)]));
        assert_eq!((fp8.params, fp8.float_weights), (Some(684_000_000_000), false));
        // Keys chosen by uploaders are no data types.
        assert_eq!(weights(&raw(&[("miku", 3), ("fastllm", 5)])).params, None);
    }

    #[test]
    fn a_size_of_another_model_is_refused_with_its_reason() {
        let (total, active) = from_name("z-lab/Qwen3.6-35B-A3B-DFlash", Some("of the target"));
        for e in [total.unwrap(), active.unwrap()] {
            assert_eq!(e.reject_reason.as_deref(), Some("of the target"));
        }
        assert_eq!(from_name("Qwen/Qwen3-8B", None).0.unwrap().reject_reason, None);
    }

    #[test]
    fn gguf_stands_in_when_there_is_no_safetensors() {
        let mut row = empty_row("t");
        row.gguf_total = Some(7_000_000_000);
        let e = from_files(&row, false, false).unwrap();
        assert_eq!((e.value, e.extractor), (Some(7e9), "gguf"));
        row.gguf_total = Some(3);
        assert_eq!(from_files(&row, false, false), None);
    }

    /// Regression: 11,575 of 15,331 sized records of a listing have the total alone, and none had a size.
    #[test]
    fn a_total_without_types_is_a_size_unless_weights_may_be_packed() {
        let total = |id: &str, n: i64| RawModelRow { model_id: id.to_owned(), safetensors_total: Some(n), ..empty_row("t") };
        let size = |row: &RawModelRow| from_files(row, false, false).map(|e| (e.value, e.extractor));
        assert_eq!(size(&total("a/b", 7_241_732_096)), Some((Some(7_241_732_096.0), "safetensors_total")));
        assert_eq!(size(&total("mistralai/Mistral-7B-v0.1", 7_241_732_096)), Some((Some(7_241_732_096.0), "safetensors_total")));
        // 4-bit weights, eight to an int32: the name, a tag or a name's size tell.
        assert_eq!(from_files(&total("a/Mistral-7B-GPTQ", 1_196_000_000), true, false), None);
        // A head of 1e9 parameters for a model of 120e9: its total does not have to fit the name.
        let head = total("z-lab/gpt-oss-120b-DFlash", 1_100_000_000);
        assert_eq!(from_files(&head, false, true).and_then(|e| e.value), Some(1.1e9));
        assert_eq!(size(&total("a/mistral-7b-small", 1_196_000_000)), None);
        for tag in ["4-bit", "bitsandbytes", "AWQ", "base_model:quantized:a/b"] {
            let tagged = RawModelRow { tags: vec![tag.to_owned()], ..total("a/b", 1_196_000_000) };
            assert_eq!(size(&tagged), None, "{tag}");
        }
        // A map goes before the total, also where it counts nothing.
        let packed =
            RawModelRow { safetensors_total: Some(60_900_000_000), ..raw(&[("BF16", 1_900_000_000), ("I32", 59_000_000_000)]) };
        assert_eq!(size(&packed), None);
        // Names that no format has count nothing, and the total stands.
        let named = RawModelRow { safetensors_total: Some(1_315_575_808), ..raw(&[("miku", 1_315_575_808)]) };
        assert_eq!(size(&named), Some((Some(1_315_575_808.0), "safetensors_total")));
        let gguf = RawModelRow { gguf_total: Some(7_000_000_000), ..total("a/b", 13) };
        assert_eq!(size(&gguf), Some((Some(7e9), "gguf")));
    }

    /// Regression: a mixture of 5.3e9 parameters whose name alone says so was dense, and had some five times its compute.
    #[test]
    fn a_name_says_that_a_model_is_a_mixture() {
        let of = |id: &str| is_mixture_of_experts(&RawModelRow { model_id: id.to_owned(), ..empty_row("t") });
        for id in ["facebook/MobileMoE-L-Base", "a/OLMoE-1B", "u/german-moe-gpt-v8", "PleIAs/Baguettotron-MoE"] {
            assert!(of(id), "{id}");
        }
        for id in ["moe/Qwen3-8B", "a/moebius-7b", "a/anime-chloe", "a/Smoe-7B"] {
            assert!(!of(id), "{id}");
        }
    }

    /// Regression: OpenBioLLM-70B, a Llama 3 that names "Mixtral" among its tags, and Command A were mixtures of experts.
    #[test]
    fn an_architecture_of_dense_models_is_dense() {
        let row = RawModelRow { tags: vec!["llama".into(), "Mixtral".into()], ..empty_row("t") };
        assert!(is_mixture_of_experts(&row) && is_dense(&row, Some("llama")) && is_dense(&row, Some("cohere2")));
        for architecture in [None, Some("mixtral"), Some("qwen3_moe"), Some("llama4"), Some("deepseek_v3")] {
            assert!(!is_dense(&row, architecture), "{architecture:?}");
        }
        let with_experts = RawModelRow { config_experts: Some(8), ..row.clone() };
        let packed = RawModelRow { gguf_total: Some(46_702_792_704), ..row };
        assert!(!is_dense(&with_experts, Some("llama")) && !is_dense(&packed, Some("llama")));
    }
}
