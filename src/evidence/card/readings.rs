//! A card read for every repository that may have it: before lineage is known, which only the whole index can tell, each role and whatever
//! answers of size and bases the card asks for have a reading of their own. Readings that find the same are one.

use super::asked::{Context, Question};
use super::{About, CardRole, CardTables, CutCard, Origin, extract_asking, said_origin};
use crate::evidence::Extracted;
use crate::hub::record::is_valid_id;
use std::collections::BTreeSet;

/// Bytes of cards read for one card, each reading counted: what a hostile card can cost. A common card of 4 kB has 16,000 readings in it.
const MAX_BYTES_READ: usize = 64 << 20;
/// Most readings of one card; of 2,000 real cards none needs half as many.
const MAX_TRIED: usize = 400;
/// A base that no card speaks of.
const STRANGER: &str = "-/-";

/// A reading: what was found, and for whom it holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// Contexts it holds for.
    pub contexts: Vec<Context>,
    /// What was found, in the order of the reader.
    pub rows: Vec<Extracted>,
}

/// Everything a card tells.
#[derive(Clone, Debug, PartialEq)]
pub struct Readings {
    /// Where it says that the weights come from, for lineage.
    pub said_origin: Origin,
    /// Its readings; the first is that of the repository as it was described.
    pub readings: Vec<Reading>,
}

impl Readings {
    /// What was found for a repository; none if no reading holds for it.
    #[must_use]
    pub fn rows_for(&self, about: &About<'_>) -> Option<&[Extracted]> {
        let holds = |reading: &&Reading| reading.contexts.iter().any(|context| context.holds_for(about));
        self.readings.iter().find(holds).map(|reading| reading.rows.as_slice())
    }

    /// The first reading of a repository of a role, or the first of all.
    #[must_use]
    pub fn nearest(&self, role: CardRole) -> Option<&Reading> {
        let is_of_role = |reading: &&Reading| reading.contexts.iter().any(|context| context.role == role);
        self.readings.iter().find(is_of_role).or(self.readings.first())
    }
}

/// Reads a card for every repository of its name; `about` is what its record tells, as far as it is known.
#[must_use]
pub fn read_for_all(tables: CardTables<'_>, card: &str, about: &About<'_>) -> Readings {
    let card = CutCard::new(card);
    let said_origin = said_origin(tables, about.model_id, &card);
    let left = (MAX_BYTES_READ / card.source.len().max(1)).min(MAX_TRIED);
    let mut reader = Reader { tables, card: &card, readings: Vec::new(), left };
    reader.try_reading(about);
    let said: Vec<String> = said_origin.bases.iter().map(|base| base.name.clone()).collect();
    let ids: Vec<String> = said.iter().filter(|id| is_valid_id(id)).cloned().collect();
    let stranger = [STRANGER.to_owned()];
    for role in CardRole::ALL {
        for base_ids in [&[], about.base_ids, &said, &ids, &stranger] {
            reader.try_sizes(&About { role, base_ids, ..*about });
        }
    }
    Readings { said_origin, readings: reader.readings }
}

struct Reader<'a> {
    tables: CardTables<'a>,
    card: &'a CutCard<'a>,
    readings: Vec<Reading>,
    left: usize,
}

impl Reader<'_> {
    /// Reads the card unless a reading holds already, and says whether it did.
    fn try_reading(&mut self, about: &About<'_>) -> bool {
        let is_known = self.readings.iter().flat_map(|reading| &reading.contexts).any(|context| context.holds_for(about));
        if is_known || self.left == 0 {
            return false;
        }
        self.left -= 1;
        let (rows, answers) = extract_asking(self.tables, self.card, about);
        let context = Context { role: about.role, answers };
        match self.readings.iter_mut().find(|reading| reading.rows == rows) {
            Some(same) => same.contexts.push(context),
            None => self.readings.push(Reading { contexts: vec![context], rows }),
        }
        true
    }

    /// Reads for every size that the card tells apart.
    fn try_sizes(&mut self, about: &About<'_>) {
        self.try_reading(&About { total_params: None, ..*about });
        loop {
            let mut found = false;
            for size in self.sizes() {
                found |= self.try_reading(&About { total_params: Some(size), ..*about });
            }
            // A new reading may have asked for other sizes.
            if !found {
                return;
            }
        }
    }

    /// A size of each range that the figures asked about so far divide all sizes into, and the ends of the ranges.
    fn sizes(&self) -> Vec<f64> {
        let contexts = self.readings.iter().flat_map(|reading| &reading.contexts);
        let asked = contexts.flat_map(|context| &context.answers).filter_map(|a| match a.question {
            Question::SameSize(value) => Some(value.get()),
            Question::StatesBases | Question::KnowsSize | Question::BaseCalled(_) | Question::BaseAmong(_) => None,
        });
        let (least, most) = super::read::repository::SAME_SIZE.into_inner();
        let ends: BTreeSet<u64> =
            asked.flat_map(|v| [v / most, v / least]).filter(|end| end.is_normal() && *end > 0.0).map(f64::to_bits).collect();
        // Positive numbers are ordered as their bits are.
        let ends: Vec<f64> = ends.into_iter().map(f64::from_bits).collect();
        let Some((first, last)) = ends.first().zip(ends.last()) else { return vec![1.0] };
        let between = ends.windows(2).map(|pair| (pair[0] * pair[1]).sqrt());
        let outside = [first / 2.0, last * 2.0];
        // Ranges before their ends: the ends are rarely anybody's size.
        between.chain(outside).chain(ends.iter().copied()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::card::extract;
    use crate::evidence::card::tests::card_tables;
    use crate::reference::Reference;

    const CARDS: [&str; 5] = [
        "",
        "# m\n\nThis model has 7.2B parameters. The large one has 70B parameters.\n\n| model | parameters |\n|---|---|\n| small | 350M |\n| \
         base | 1.3B |\n",
        "---\nbase_model: mistralai/Mistral-7B-v0.1\n---\n# m\n\nMistral was trained on 2T tokens. We fine-tuned it for 3 epochs on 8 A100 GPUs \
         in 12 hours.\n\n```python\nmodel = AutoModel.from_pretrained(\"mistralai/Mistral-7B-v0.1\")\n```\n",
        "# m\n\nThis model is a fine-tuned version of [gpt2](https://huggingface.co/gpt2).\n\nA cumulative of 300 hours of computation was \
         performed on hardware of type A100. Total emissions: 12 kg.\n",
        "# m\n\n```python\nmodel = AutoModel.from_pretrained(\"lab/other-13b\")\n```\n\n- Number of parameters: 13B\n- Training compute: 1e21 \
         FLOPs\n- Hours used: 200\n",
    ];

    /// Whatever lineage says of the repository, the reading that holds for it has what reading the card for it finds.
    #[test]
    fn every_repository_of_the_name_has_its_reading() {
        let reference = Reference::load().unwrap();
        let tables = card_tables(&reference);
        let bases = [
            Vec::new(),
            vec!["mistralai/Mistral-7B-v0.1".to_owned()],
            vec!["openai-community/gpt2".to_owned()],
            vec!["lab/other-13b".to_owned(), "x/y".to_owned()],
        ];
        // Among them the ends of ranges: 7.2e9 / 1.25 and 7.2e9 / 0.8 count 7.2 billion as theirs.
        let sizes =
            [None, Some(1e6), Some(3.5e8), Some(5.76e9), Some(7.2e9), Some(9e9), Some(9.000_000_1e9), Some(1.3e10), Some(7e10)];
        for card in CARDS {
            for model_id in ["lab/m", "lab/m-7b", "m"] {
                let hint = About { model_id, role: CardRole::OwnTraining, base_ids: &bases[1], total_params: Some(7.2e9) };
                let all = read_for_all(tables, card, &hint);
                assert_eq!(all.readings.first().map(|r| r.rows.clone()), Some(extract(tables, card, &hint)));
                for role in CardRole::ALL {
                    for base_ids in &bases {
                        for total_params in sizes {
                            let about = About { model_id, role, base_ids, total_params };
                            assert_eq!(all.rows_for(&about), Some(extract(tables, card, &about).as_slice()), "{about:?}\n{card}");
                        }
                    }
                }
            }
        }
    }

    /// A card can ask of more sizes than are read for; it costs no more than the cap.
    #[test]
    fn a_card_of_a_thousand_sizes_is_read_up_to_the_cap() {
        let reference = Reference::load().unwrap();
        let rows: String = (1..1000).map(|i| format!("| m{i} | {i}.5B |\n")).collect();
        let card = format!("# m\n\n| model | parameters |\n|---|---|\n{rows}");
        let about = About { model_id: "lab/m", role: CardRole::OwnTraining, base_ids: &[], total_params: Some(7e9) };
        let all = read_for_all(card_tables(&reference), &card, &about);
        let contexts: usize = all.readings.iter().map(|reading| reading.contexts.len()).sum();
        assert!(contexts <= MAX_TRIED, "{contexts}");
        assert!(all.rows_for(&about).is_some());
    }
}
