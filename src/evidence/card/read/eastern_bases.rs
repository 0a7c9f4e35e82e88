//! Bases that Chinese, Japanese and Korean sentences name without an id: "基于通义千问7B微调", "폴리글랏을 기반으로 파인튜닝한", "東北大学の日本語BERTを
//! 追加学習した". A sentence that begins with such a name tells of the base.

use crate::evidence::quantity::tokens::is_eastern;
use crate::evidence::vocabulary;

/// Most characters between a word for a basis and what was done with it.
const REACH: usize = 60;
/// Longest name, in characters.
const LONGEST: usize = 24;
/// Fewest letters of a name: fewer are no name.
const SHORTEST: usize = 2;
/// Most characters before a base that is the subject of a sentence: "元の", "また、".
const LEADS: usize = 3;
/// Most bases of one card.
const MOST: usize = 4;

/// The names of the bases that a card, in lower case, says it was tuned from; most cards have no such sentence.
#[must_use]
pub fn eastern_bases(body: &str) -> Vec<String> {
    let words = &vocabulary::card().eastern;
    let mut out: Vec<String> = Vec::new();
    let sentences = body.split(['。', '\n', '！', '；']).filter(|s| s.contains(is_eastern));
    for sentence in sentences.filter(|s| words.tuned.iter().any(|tuned| s.contains(tuned))) {
        let tells_of_others = words.strangers.iter().chain(words.advice.iter()).any(|w| sentence.contains(w));
        if tells_of_others || out.len() >= MOST {
            continue;
        }
        out.extend(
            behind_a_basis(sentence).or_else(|| before_a_basis(sentence)).or_else(|| object(sentence)).filter(|name| is_name(name)),
        );
    }
    out.dedup();
    out
}

/// Whether a word for training on stands within reach behind a place.
fn is_tuned_behind(text: &str) -> bool {
    let near: String = text.chars().take(REACH).collect();
    vocabulary::card().eastern.tuned.iter().any(|tuned| near.contains(tuned))
}

/// "基于通义千问7B进行指令微调".
fn behind_a_basis(sentence: &str) -> Option<String> {
    let words = &vocabulary::card().eastern;
    let (_, rest) = words.on_basis_of.iter().find_map(|word| sentence.split_once(*word))?;
    let end = words.name_ends.iter().filter_map(|end| rest.find(end)).min()?;
    let is_design = words.designs.iter().any(|design| rest.get(end..).is_some_and(|behind| behind.starts_with(design)));
    (!is_design && is_tuned_behind(rest)).then(|| name(rest.get(..end)?)).flatten()
}

/// "在百川2-13B的基础上", "Llama 3 8Bをベースに", "폴리글랏 5.8B를 기반으로".
fn before_a_basis(sentence: &str) -> Option<String> {
    let words = &vocabulary::card().eastern;
    let (at, _) = words.as_basis.iter().filter_map(|word| sentence.find(word).map(|at| (at, *word))).min()?;
    let (before, behind) = sentence.split_at(at);
    is_tuned_behind(behind).then(|| name(last_clause(before))).flatten()
}

/// "KoBERT를 영화 리뷰로 미세조정했습니다": the object of the verb, where its name is of Latin letters.
fn object(sentence: &str) -> Option<String> {
    let words = &vocabulary::card().eastern;
    let marks = words.objects.iter().filter_map(|mark| sentence.find(mark));
    let at = marks.min()?;
    let (before, behind) = sentence.split_at(at);
    let latin: String = before.chars().rev().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ' ')).collect();
    let latin: String = latin.chars().rev().collect();
    let letters = latin.chars().filter(char::is_ascii_alphabetic).count();
    (letters > SHORTEST && is_tuned_behind(behind)).then(|| name(&latin)).flatten()
}

/// What stands behind the last topic or comma.
fn last_clause(text: &str) -> &str {
    let ends = &vocabulary::card().eastern.topics;
    let from = ends.iter().filter_map(|end| text.rfind(end).map(|at| at + end.len())).max().unwrap_or(0);
    text.get(from..).unwrap_or_default()
}

/// A name without its size and signs around it.
fn name(text: &str) -> Option<String> {
    let is_around = |c: char| c.is_whitespace() || "「」『』“”\"'`（）()【】[]*《》：:-_".contains(c);
    let text = text.trim_matches(is_around);
    // "通义千问7b", "百川2-13b", "폴리글랏 5.8b"
    let size = text.strip_suffix('b').map(|rest| rest.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.'));
    let bare = size.filter(|rest| rest.len() + 1 < text.len()).unwrap_or(text).trim_matches(is_around);
    (bare.chars().count() <= LONGEST).then(|| bare.to_owned())
}

/// Whether a text can be the name of a model: no data, no method, and no sentence.
fn is_name(text: &str) -> bool {
    let words = &vocabulary::card().eastern;
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    letters >= SHORTEST && !words.no_names.iter().any(|word| text.contains(word))
}

/// Whether a sentence has such a base as its subject: it begins with the name, and tells of no training on.
#[must_use]
pub fn begins_with_a_base(bases: &[String], sentence: &str) -> bool {
    let words = &vocabulary::card().eastern;
    if bases.is_empty() || !sentence.contains(is_eastern) {
        return false;
    }
    let lower = sentence.to_lowercase();
    let begins = |base: &String| {
        lower.find(base.as_str()).is_some_and(|at| lower.get(..at).is_some_and(|lead| lead.chars().count() <= LEADS))
    };
    bases.iter().any(begins) && !words.tunes.iter().any(|tuned| lower.contains(tuned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bases_named_without_an_id() {
        for (text, base) in [
            ("本模型基于通义千问7b进行指令微调。", "通义千问"),
            ("在百川2-13b的基础上继续微调得到。", "百川2"),
            ("本モデルはllama 3 8bをベースにファインチューニングしました。", "llama 3"),
            ("이 모델은 폴리글랏 5.8b를 기반으로 파인튜닝한 모델입니다.", "폴리글랏"),
            ("kobert를 영화 리뷰로 미세조정했습니다.", "kobert"),
        ] {
            assert_eq!(eastern_bases(text), [base], "{text}");
        }
        for text in [
            "基于大规模中文数据训练。",
            "基于bert架构，在新闻上继续训练。",
            "要約データを追加学習しました。",
            "您可以基于本模型进行微调。",
            "We fine-tuned it on poems.",
        ] {
            assert!(eastern_bases(text).is_empty(), "{text}: {:?}", eastern_bases(text));
        }
    }

    #[test]
    fn a_sentence_that_begins_with_the_base_is_of_the_base() {
        let bases = ["百川2".to_owned()];
        assert!(begins_with_a_base(&bases, "百川2-13B由2.6万亿tokens训练而成"));
        assert!(!begins_with_a_base(&bases, "百川2-13B经微调3个epoch得到本模型"));
        assert!(!begins_with_a_base(&bases, "训练使用8张A800"));
    }
}
