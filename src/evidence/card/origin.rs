//! What a card's text says of where the weights come from, beyond the words "a fine-tuned version of": a merge, a quantized or converted copy,
//! a mirror, an adapter, random weights, or no weights. Lineage asks it of repositories whose record names no base.
//!
//! Only a sentence about this repository counts ("This repo contains ...", "GGUF quants of ..."), not advice, not what others made of it. A copy
//! counts only of a repository on the Hub: authors convert their own checkpoints, too.

use super::bases::SaidBase;
use super::parse::block::{Block, BlockKind, Link};
use super::parse::sentences::sentence_end;
use super::read::bases::{is_name, repo_of};
use super::read::repository::{Repository, letters};
use crate::domain::Role;
use crate::evidence::quantity::tokens::{Token, lex, span, text_before};
use crate::evidence::vocabulary::{self, Words};
use crate::hub::record::is_valid_id;

/// Tokens before a phrase that may stand in a sentence about this repository: "This repository contains the".
const REACH_BEFORE: usize = 16;
/// Tokens behind a phrase in which the other model is named: "of the model released by Foo as".
const REACH_BEHIND: usize = 40;
/// Tokens between a format and the word for a copy: "AWQ 4-bit quantized model files".
const FORMAT_REACH: usize = 6;
/// Tokens between that word and "of": "files made for".
const OF_REACH: usize = 2;
/// Most models of a merge that are kept; the largest listed merges have some thirty.
const MAX_BASES: usize = 48;

/// What a card says of where a repository's weights come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// What the repository is, where the text says so.
    pub role: Option<Role>,
    /// The models it was made of.
    pub bases: Vec<SaidBase>,
}

/// Whether a text, in lower case, has a word that every phrase of an origin has.
#[must_use]
pub fn may_say_an_origin(lower: &str) -> bool {
    vocabulary::card().origins.stems.iter().any(|stem| lower.contains(stem))
}

/// The first origin that a block states.
#[must_use]
pub fn origin_in(own: &Repository, blocks: &[Block]) -> Option<Origin> {
    let stated = blocks.iter().enumerate().find_map(|(i, block)| match block.kind {
        BlockKind::Code => origin_in_code(own, &block.text),
        BlockKind::TableRow | BlockKind::FrontMatter => None,
        BlockKind::Heading | BlockKind::Paragraph | BlockKind::ListItem | BlockKind::Html => {
            origin_in_text(own, block, blocks.get(i + 1..).unwrap_or_default())
        }
    });
    stated.filter(|origin| !origin.bases.is_empty() || matches!(origin.role, Some(Role::Merge | Role::Untrained | Role::Empty)))
}

fn origin_in_text(own: &Repository, block: &Block, behind: &[Block]) -> Option<Origin> {
    if block.under.evaluation || !may_say_an_origin(&block.text.to_lowercase()) {
        return None;
    }
    let ts = lex(&block.text);
    let mut from = 0;
    while from < ts.len() {
        let to = sentence_end(&ts, &block.text, from);
        let sentence = Sentence { own, block, ts: &ts, from, to };
        if let Some(origin) = sentence.origin(behind) {
            return Some(origin);
        }
        from = to;
    }
    None
}

/// A sentence of a block.
struct Sentence<'a> {
    own: &'a Repository,
    block: &'a Block,
    ts: &'a [Token<'a>],
    from: usize,
    to: usize,
}

impl Sentence<'_> {
    fn origin(&self, behind: &[Block]) -> Option<Origin> {
        let words = &vocabulary::card().origins;
        for i in self.from..self.to {
            let phrase = |list: Words| self.phrase_end(i, &list);
            if let Some(to) = phrase(words.merge).filter(|_| self.is_of_this(i)) {
                return Some(self.merge(to, behind));
            }
            let copied = phrase(words.copied).map(|to| (Role::Converted, to));
            let packed =
                phrase(words.quantized).or_else(|| self.copy_in_a_format(i, &words.formats)).map(|to| (Role::Quantized, to));
            let exported = self.copy_in_a_format(i, &words.conversions).map(|to| (Role::Converted, to));
            let adapter = phrase(words.adapter).map(|to| (Role::Adapter, to));
            for (role, to) in [packed, copied, exported, adapter].into_iter().flatten() {
                if self.is_of_this(i)
                    && let Some(base) = self.model_behind(to)
                {
                    return Some(Origin { role: Some(role), bases: vec![base] });
                }
            }
            let unmade =
                phrase(words.untrained).map(|to| (Role::Untrained, to)).or(phrase(words.empty).map(|to| (Role::Empty, to)));
            if let Some((role, to)) = unmade
                && self.is_of_this(i)
                && !span(self.ts, to, self.to).iter().take(REACH_BEHIND).any(|t| t.is_any(&words.trained_after))
            {
                return Some(Origin { role: Some(role), bases: Vec::new() });
            }
        }
        None
    }

    /// Token behind the phrase of a list that begins at a token.
    fn phrase_end(&self, i: usize, phrases: &[&str]) -> Option<usize> {
        phrases.iter().find_map(|phrase| {
            let words = phrase.split(' ').count();
            let there = span(self.ts, i, (i + words).min(self.to));
            (there.len() == words && phrase.split(' ').zip(there).all(|(word, t)| t.is(word))).then_some(i + words)
        })
    }

    /// "AWQ 4-bit version of", "GGUF format model files for": token behind "of" or "for".
    fn copy_in_a_format(&self, i: usize, formats: &[&str]) -> Option<usize> {
        let words = &vocabulary::card().origins;
        if !self.ts.get(i)?.is_any(formats) {
            return None;
        }
        let copy = (i + 1..(i + 1 + FORMAT_REACH).min(self.to)).find(|at| self.ts[*at].is_any(&words.copies))?;
        let joined = (copy + 1..(copy + 2 + OF_REACH).min(self.to)).find(|at| self.ts[*at].is_any(&words.of));
        joined.filter(|at| !span(self.ts, i, *at).iter().any(|t| t.is_any(&[",", ";", "."]))).map(|at| at + 1)
    }

    /// Whether the sentence up to a token is about this repository.
    fn is_of_this(&self, i: usize) -> bool {
        let words = &vocabulary::card().origins;
        let before = span(self.ts, self.from, i);
        let sentence = span(self.ts, self.from, self.to);
        if before.len() > REACH_BEFORE || before.iter().any(|t| t.is_any(&words.strangers)) {
            return false;
        }
        if sentence.iter().any(|t| t.is_any(&words.advice)) || text_before(self.ts, i, 1) == "no" {
            return false;
        }
        // A phrase that begins its sentence or heading speaks of what the page is about.
        before.iter().all(|t| t.is_any(&words.openers) || !t.text.chars().any(char::is_alphanumeric))
            || before.iter().any(|t| t.is_any(&words.subjects))
            || before.iter().any(|t| t.text.len() > 2 && self.own.has(&t.text))
            || self.own.named_in(before)
    }

    /// The model named behind a token, where it is another than this one.
    fn model_behind(&self, from: usize) -> Option<SaidBase> {
        let words = &vocabulary::card().origins;
        let first = self.ts.get(from).filter(|_| from < self.to);
        if first.is_some_and(|t| t.is_any(&words.this)) {
            return None;
        }
        let near = span(self.ts, from, (from + REACH_BEHIND).min(self.to.max(from + 1)));
        let (start, end) = (near.first()?.from, near.last()?.to);
        let linked = self.block.links_between(start.saturating_sub(1), end).iter().find_map(|link| self.linked(link));
        linked.or_else(|| named_model(self.own, self.block.text.get(start..)?.get(..end - start)?))
    }

    fn linked(&self, link: &Link) -> Option<SaidBase> {
        let repo = repo_of(&link.target)?;
        let is_other = is_valid_id(&repo) && repo.contains('/') && !repo.eq_ignore_ascii_case(&self.own.id);
        is_other.then_some(SaidBase { name: repo, is_id: true })
    }

    /// A merge with the models that the sentence and the list below it name.
    fn merge(&self, from: usize, behind: &[Block]) -> Origin {
        let mut bases: Vec<SaidBase> = Vec::new();
        let mut add = |base: SaidBase| {
            if bases.len() < MAX_BASES && !bases.iter().any(|seen| seen.name.eq_ignore_ascii_case(&base.name)) {
                bases.push(base);
            }
        };
        let (start, end) = (text_from(self.ts, from), self.ts.get(self.to - 1).map_or(self.block.text.len(), |t| t.to));
        self.block.links_between(start, end).iter().filter_map(|link| self.linked(link)).for_each(&mut add);
        let lists = behind
            .iter()
            .skip_while(|block| !matches!(block.kind, BlockKind::ListItem | BlockKind::Code))
            .take_while(|block| block.kind == BlockKind::ListItem);
        lists.flat_map(|item| &item.links).filter_map(|link| self.linked(link)).for_each(&mut add);
        Origin { role: Some(Role::Merge), bases }
    }
}

fn text_from(ts: &[Token<'_>], i: usize) -> usize {
    ts.get(i).map_or(usize::MAX, |t| t.from)
}

/// The first word of a text that names another model: the address of a repository, `owner/name`, or a name of a known family.
fn named_model(own: &Repository, text: &str) -> Option<SaidBase> {
    let lists = vocabulary::card();
    let words = text.split_whitespace().map(|word| word.trim_matches(|c: char| "`\"'*,;:()[]<>.".contains(c)));
    for word in words {
        let lower = word.to_lowercase();
        if lists.origins.beyond.contains(&lower.as_str()) {
            return None;
        }
        let address = word.contains("://") || word.contains("hf.co/");
        let name = if address { repo_of(word).unwrap_or_default() } else { word.to_owned() };
        let is_id = name.contains('/');
        let of_a_family = name.contains(['-', '_']) && lists.bases.families.iter().any(|family| lower.contains(family));
        let names_a_model = is_name(&name) && is_valid_id(&name) && (is_id || of_a_family) && letters(&name) != own.letters;
        if names_a_model && !name.eq_ignore_ascii_case(&own.id) {
            return Some(SaidBase { name, is_id });
        }
    }
    None
}

/// Code that puts this repository's weights on another's: `PeftModel.from_pretrained(model, "this/one")`.
fn origin_in_code(own: &Repository, code: &str) -> Option<Origin> {
    let words = &vocabulary::card().origins;
    let lower = code.to_lowercase();
    let adapts = words.adapter_loaders.iter().any(|loader| {
        lower.match_indices(loader).any(|(at, _)| {
            let call = lower.get(at..).unwrap_or_default();
            call.get(..call.find(')').unwrap_or(call.len()))
                .is_some_and(|call| quoted(call).any(|id| id.eq_ignore_ascii_case(&own.id)))
        })
    });
    if !adapts {
        return None;
    }
    let base = code.match_indices("from_pretrained(").find_map(|(at, _)| {
        let call = code.get(at..)?;
        let id = quoted(call.get(..call.find(')')?)?).next()?;
        let is_other = id.contains('/') && is_valid_id(id) && !id.eq_ignore_ascii_case(&own.id);
        is_other.then(|| SaidBase { name: id.to_owned(), is_id: true })
    });
    base.map(|base| Origin { role: Some(Role::Adapter), bases: vec![base] })
}

/// Texts between quotation marks.
fn quoted(call: &str) -> impl Iterator<Item = &str> {
    call.split(['"', '\'']).skip(1).step_by(2)
}

#[cfg(test)]
mod tests {
    use crate::domain::Role;
    use crate::evidence::card::said_origin;
    use crate::evidence::card::tests::card_tables;
    use crate::reference::Reference;

    fn said(id: &str, card: &str) -> (Option<Role>, Vec<String>) {
        let reference = Reference::load().unwrap();
        let origin = said_origin(card_tables(&reference), id, card);
        (origin.role, origin.bases.into_iter().map(|base| base.name).collect())
    }

    #[test]
    fn merges_and_copies_as_cards_tell_of_them() {
        for (id, card, role, bases) in [
            (
                "UKP-SQuARE/bert-base-uncased-pf-boolq-onnx",
                "## Conversion of [AdapterHub/bert-base-uncased-pf-boolq](https://huggingface.co/AdapterHub/bert-base-uncased-pf-boolq) for UKP SQuARE",
                Role::Converted,
                &["AdapterHub/bert-base-uncased-pf-boolq"][..],
            ),
            (
                "anon8231489123/gpt4-x-alpaca-13b-native-4bit-128g",
                "GPTQ 4bit quantization of: https://huggingface.co/chavinlo/gpt4-x-alpaca\n\nNote: This was quantized with this branch.",
                Role::Quantized,
                &["chavinlo/gpt4-x-alpaca"],
            ),
            (
                "Hemlok/DateMix",
                "- \"Date Mix\" is a model created by hierarchical merging based on \"anything-v4.5\"([andite/anything-v4.0 · Hugging Face](https://huggingface.co/andite/anything-v4.0)).",
                Role::Merge,
                &["andite/anything-v4.0"],
            ),
            (
                "x/stew-12b",
                "This is a merge of pre-trained language models created using mergekit.\n\n### Models Merged\n\nThe following models were included in the merge:\n\n* [a/one-12b](https://huggingface.co/a/one-12b)\n* [b/two-12b](https://huggingface.co/b/two-12b)\n",
                Role::Merge,
                &["a/one-12b", "b/two-12b"],
            ),
            ("x/heron-awq", "This repo contains AWQ 4-bit quantized model files for y/heron-7b.", Role::Quantized, &["y/heron-7b"]),
            (
                "x/heron",
                "Unofficial mirror of https://huggingface.co/y/heron-7b, in case it goes away.",
                Role::Converted,
                &["y/heron-7b"],
            ),
            (
                "x/heron-poet",
                "```python\nmodel = AutoModelForCausalLM.from_pretrained(\"y/heron-7b\")\nmodel = PeftModel.from_pretrained(model, \"x/heron-poet\")\n```",
                Role::Adapter,
                &["y/heron-7b"],
            ),
            (
                "AdapterHub/bert-base-uncased-pf-art",
                "# Adapter `AdapterHub/bert-base-uncased-pf-art` for bert-base-uncased\n\nAn [adapter](https://adapterhub.ml) for the `bert-base-uncased` model that was trained on the [comsense/anli](https://adapterhub.ml/explore) dataset.",
                Role::Adapter,
                &["bert-base-uncased"],
            ),
            (
                "AI-Sweden/gpt-sw3-20b",
                "This repository only contains the tokenizer file to the GPT-SW3 20b model.",
                Role::Empty,
                &[],
            ),
            ("x/fixture", "This checkpoint has random weights and is meant for unit tests.", Role::Untrained, &[]),
        ] {
            let bases: Vec<String> = bases.iter().map(|&base| base.to_owned()).collect();
            assert_eq!(said(id, card), (Some(role), bases), "{card}");
        }
    }

    #[test]
    fn what_others_made_of_it_is_no_origin() {
        for (id, card) in [
            (
                "Open-Orca/Mistral-7B-OpenOrca",
                "Quantized versions of this model are generously made available by [TheBloke](https://huggingface.co/TheBloke/Mistral-7B-OpenOrca-GGUF).",
            ),
            ("nari-labs/Dia-1.6B", "We will be adding a quantized version in the future."),
            (
                "openai/gpt-oss-120b",
                "The models were post-trained with MXFP4 quantization of the MoE weights, making `gpt-oss-120b` run on a single 80GB GPU.",
            ),
            (
                "JosephusCheung/ACertainThing",
                "As far as I know, Anything3.0 is obtained by merging several models in just the right way.",
            ),
            (
                "google/vit-base-patch16-224",
                "However, the weights were converted from the [timm repository](https://github.com/rwightman/pytorch-image-models) by Ross Wightman.",
            ),
            ("CompVis/stable-diffusion", "The checkpoint is randomly initialized and has been trained on 237,000 steps."),
            ("x/tagger", "Some weights of the classifier are randomly initialized and must be trained."),
            ("x/mine", "You can merge the LoRA adapter for y/heron-7b yourself."),
            (
                "pyf98/tedlium2_e_branchformer",
                "- E-Branchformer: Branchformer with Enhanced merging for speech recognition (SLT 2022)",
            ),
        ] {
            assert_eq!(said(id, card).0, None, "{card}");
        }
    }
}
