//! What a repository's name says about its size.

/// Sizes read from a name.
#[derive(Clone, Debug, PartialEq)]
pub struct NameSize {
    /// Total parameters.
    pub total: f64,
    /// Active parameters, when the name states them or the expert layout.
    pub active: Option<f64>,
    /// The words read, joined by a space.
    pub as_written: String,
    /// Whether the figures are an expert layout (`8x7B`), which overstates the total because attention is shared.
    pub from_expert_layout: bool,
}

/// Reads `7B`, `350m`, `7b1` (7.1 B), `8x7B`, `235B-A22B` from the name part of an id. Numbers of thousands (`128k`) are context
/// lengths and `2T` are tokens: neither is a size.
#[must_use]
pub fn size(model_id: &str) -> Option<NameSize> {
    let name = model_id.rsplit('/').next().unwrap_or(model_id);
    let tokens: Vec<&str> = name.split(['-', '_', ' ']).collect();
    let active_token = tokens.iter().find_map(|t| Some((active(t)?, *t)));
    for token in &tokens {
        if let Some((experts, each)) = expert_layout(token) {
            return Some(NameSize {
                total: experts * each,
                // Two experts per token is what every model named in this style routes to (Mixtral, arXiv 2401.04088).
                active: active_token.map_or(Some(2.0 * each), |(a, _)| Some(a)),
                as_written: (*token).to_owned(),
                from_expert_layout: true,
            });
        }
        if let Some(total) = plain(token) {
            return Some(NameSize {
                total,
                active: active_token.map(|(a, _)| a).filter(|a| *a < total),
                as_written: active_token.map_or_else(|| (*token).to_owned(), |(_, t)| format!("{token} {t}")),
                from_expert_layout: false,
            });
        }
    }
    None
}

/// Active parameters alone (`Qwen1.5-MoE-A2.7B` names no total).
#[must_use]
pub fn active_only(model_id: &str) -> Option<(f64, String)> {
    let name = model_id.rsplit('/').next().unwrap_or(model_id);
    name.split(['-', '_', ' ']).find_map(|t| Some((active(t)?, t.to_owned())))
}

fn plain(token: &str) -> Option<f64> {
    let lower = token.to_ascii_lowercase();
    let (number, scale, rest) = if let Some((number, rest)) = lower.split_once('b') {
        (number, 1e9, rest)
    } else if let Some((number, rest)) = lower.split_once('m') {
        (number, 1e6, rest)
    } else {
        return None;
    };
    // BLOOM's "7b1" is 7.1 billion.
    let text = match rest {
        "" => number.to_owned(),
        digit if digit.len() == 1 && digit.as_bytes()[0].is_ascii_digit() && !number.contains('.') => {
            format!("{number}.{digit}")
        }
        _ => return None,
    };
    decimal(&text).map(|n| n * scale).filter(|n| (1e5..1e13).contains(n))
}

fn expert_layout(token: &str) -> Option<(f64, f64)> {
    let lower = token.to_ascii_lowercase();
    let (experts, each) = lower.split_once('x')?;
    let count = decimal(experts).filter(|n| n.fract() == 0.0 && (2.0..1000.0).contains(n))?;
    Some((count, plain(each)?))
}

fn active(token: &str) -> Option<f64> {
    plain(token.strip_prefix(['A', 'a'])?)
}

fn decimal(text: &str) -> Option<f64> {
    let ok = !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && text.as_bytes()[0].is_ascii_digit()
        && text.as_bytes()[text.len() - 1].is_ascii_digit();
    if ok { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sizes_in_real_names() {
        for (id, total, active) in [
            ("meta-llama/Llama-3.1-8B-Instruct", 8e9, None),
            ("facebook/opt-350m", 350e6, None),
            ("bigscience/bloom-7b1", 7.1e9, None),
            ("mistralai/Mixtral-8x7B-v0.1", 56e9, Some(14e9)),
            ("Qwen/Qwen3-235B-A22B-Instruct-2507", 235e9, Some(22e9)),
            ("EleutherAI/pythia-1.4b-deduped", 1.4e9, None),
            ("HuggingFaceTB/SmolLM2-1.7B-Instruct", 1.7e9, None),
        ] {
            let got = size(id).unwrap();
            assert!((got.total / total - 1.0).abs() < 1e-12, "{id}: {got:?}");
            assert_eq!(got.active, active, "{id}");
        }
        assert_eq!(active_only("Qwen/Qwen1.5-MoE-A2.7B").map(|a| a.0), Some(2.7e9));
    }

    #[test]
    fn names_without_a_size() {
        for id in [
            "google-bert/bert-base-uncased",
            "microsoft/Phi-3-medium-128k-instruct",
            "x/model-4bit",
            "BAAI/bge-m3",
            "x/OLMo-2T",
            "openai/whisper-large-v3",
            "x/0b",
            "x/b",
        ] {
            assert_eq!(size(id), None, "{id}");
        }
    }

    proptest! {
        #[test]
        fn any_name_is_read_without_panic(name in ".{0,40}") {
            if let Some(s) = size(&name) {
                prop_assert!(s.total.is_finite() && s.total > 0.0);
            }
        }
    }
}
