//! The number format and the date of a training in prose.

use super::nearby::any;
use super::sentence::Sentence;
use crate::domain::Field;
use crate::evidence::card::read::candidate::{Card, Spot};
use crate::evidence::card::read::dates::date_in;
use crate::evidence::card::read::training::is_train_verb;
use crate::evidence::quantity::tokens::{Kind, Token, span};
use crate::evidence::quantity::units::month_of;
use crate::evidence::vocabulary;

/// The number format of a training.
pub fn read_precision(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>) {
    let words = &vocabulary::prose().number_format;
    if !s.trains() && !s.under_training {
        return;
    }
    let pairs = || s.ts.windows(2).filter_map(|w| if let [a, b] = w { Some((a, b)) } else { None });
    let coded = vocabulary::card()
        .precision
        .codes
        .iter()
        .find(|code| pairs().any(|(a, b)| a.is_any(&code.letters) && b.kind == Kind::Number && b.glued && b.is(&code.bits)))
        .map(|code| code.name.as_str());
    let spoken = || {
        let (a, _) = pairs().find(|(a, b)| a.is_any(&["mixed", "half"]) && b.is_any(&["precision", "-"]))?;
        s.has(&["precision"]).then(|| if a.is("mixed") { "mixed" } else { "fp16" })
    };
    let Some(name) = coded.or_else(spoken) else { return };
    let reason = if !s.trains() {
        Some("not said of a training")
    } else if s.has(&words.advice) {
        Some("advice")
    } else {
        let files = s.has(&words.files);
        files.then_some("precision of the files or of inference")
    };
    card.add(&spot.refused(reason), Field::Precision, None, name, None);
}

/// "Training happened in March 2023"; not the date of the data.
pub fn read_date(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>) {
    let words = &vocabulary::prose().dates;
    for x in &s.trains {
        let near = span(s.ts, *x, x + 9);
        // What stands behind the date tells of something else: "in June 2021 on TPUs".
        let ahead: Vec<Token<'_>> = near.iter().take_while(|t| month_of(&t.text).is_none()).cloned().collect();
        if is_train_verb(s.ts, *x, s.ts.len()) || any(span(s.ts, *x, x + 1), &words.nouns) {
            let joined = any(span(near, 1, 7), &words.joins) && !any(&ahead, &words.of_data);
            let Some(date) = date_in(near).filter(|_| joined) else { continue };
            card.add(spot, Field::TrainedOn, None, &date, None);
            return;
        }
    }
}
