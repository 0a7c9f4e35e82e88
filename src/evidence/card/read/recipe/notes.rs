//! What a recipe leaves for the decision: reasons against a product of steps and batch, and examples of one pass.

use crate::evidence::card::read::candidate::Candidate;

/// Examples of one pass over the data.
#[derive(Clone, Debug, PartialEq)]
pub struct Examples {
    /// How many.
    pub count: f64,
    /// As the card writes it.
    pub written: String,
    /// Place in the card.
    pub locator: String,
    /// Bytes of the card to quote.
    pub quote: (usize, usize),
}

/// Notes on the recipe of a card.
#[derive(Clone, Debug, Default)]
pub struct RecipeNotes {
    /// Why steps times batch cannot be the examples seen.
    pub no_product: Option<&'static str>,
    /// Examples of one pass, where they are stated.
    pub examples: Option<Examples>,
    /// Examples that the data hold, where nothing says how many were trained on; an empty place where the card tells several numbers.
    pub of_data: Option<Option<Examples>>,
    /// Batches that prose says to be accumulated.
    pub accumulated: Vec<f64>,
    /// Batch before accumulation, its steps, and the candidate as it stands in the text, where the sentence tells no devices.
    pub open_batches: Vec<(f64, f64, Candidate)>,
    /// Examples seen in all, as a trainer measured them.
    pub measured: Option<Examples>,
}

impl RecipeNotes {
    /// Notes the examples that the data hold; several numbers of them are those of parts.
    pub fn tell_of_data(&mut self, examples: Examples) {
        let same = |known: &Option<Examples>| known.as_ref().is_some_and(|k| (k.count - examples.count).abs() < 0.5);
        match &self.of_data {
            Some(known) if same(known) => {}
            Some(_) => self.of_data = Some(None),
            None => self.of_data = Some(Some(examples)),
        }
    }

    /// Notes a reason; the first stays.
    pub fn refuse_product(&mut self, reason: &'static str) {
        self.no_product.get_or_insert(reason);
    }
}
