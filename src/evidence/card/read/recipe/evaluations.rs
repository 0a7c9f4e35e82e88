//! Settings of an evaluation beside those of a training.

use crate::evidence::card::parse::pair::norm_key;
use crate::evidence::vocabulary;

/// Whether a name of code, or what it stands in, is of an evaluation: `validation_ds`, `model.test_dataloader`.
pub fn is_of_evaluation(path: &str) -> bool {
    let words = &vocabulary::recipe().commands.evaluations;
    norm_key(path).split(' ').any(|word| words.contains(&word))
}

/// The line with what it stands in, in YAML and JSON: the depths of the lines that open something, and whether that is an evaluation's.
#[derive(Default)]
pub struct Nesting(Vec<(usize, bool)>);

impl Nesting {
    /// Whether a line stands in a part about an evaluation.
    pub fn is_in_evaluation(&mut self, line: &str) -> bool {
        let depth = line.len() - line.trim_start().len();
        let text = line.trim();
        if text.is_empty() {
            return false;
        }
        while self.0.last().is_some_and(|(open, _)| depth <= *open) {
            self.0.pop();
        }
        let within = self.0.iter().any(|(_, of_evaluation)| *of_evaluation);
        if let Some(name) =
            text.strip_suffix(['{', '(', '[']).map(|t| t.trim_end()).or(Some(text)).and_then(|t| t.strip_suffix([':', '=']))
        {
            self.0.push((depth, is_of_evaluation(name)));
        }
        within
    }
}
