//! Hardware in prose: of this training, or of a use of the model.

use super::sentence::Sentence;
use super::subjects::is_of_another_version;
use crate::evidence::card::read::candidate::{Card, Spot};
use crate::evidence::hardware::Context;
use crate::evidence::quantity::tokens::{text_at, text_before};
use crate::evidence::vocabulary;

/// "The final run used 8 A100", "run on a single H100" under a heading of training: no word of a use.
fn is_what_was_run(s: &Sentence<'_, '_>) -> bool {
    let words = &vocabulary::prose().hardware;
    let all = (0..s.ts.len()).filter(|i| s.ts.get(*i).is_some_and(|t| t.is("run")));
    let mut ran = all.map(|i| {
        let begins = i == 0 && s.under_training && text_at(s.ts, 1) == "on";
        begins || words.ran.contains(&text_before(s.ts, i, 1))
    });
    ran.all(|it| it)
}

/// Reads a sentence that holds a word for hardware.
pub fn read_hardware_prose(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>) {
    let words = &vocabulary::prose().hardware;
    let serves = s.has(&words.serving);
    let runs = s.words.iter().any(|w| words.running.contains(w) && !(*w == "run" && is_what_was_run(s)));
    let trains = s.trains();
    let reason = if trains {
        let may = s.has(&words.modal) && !s.has(&words.modal_denied);
        if s.has(&words.serving_though_training) && !s.has(&["trained"]) {
            Some("inference or requirement")
        } else {
            may.then_some("not said of this training")
        }
    } else if serves {
        Some("inference or requirement")
    } else if s.under_evaluation {
        Some("evaluation or inference")
    } else if runs {
        Some("inference or requirement")
    } else {
        let used = s.has(&words.used);
        (!s.under_training && !used).then_some("not said of a training")
    };
    let text = s.written(0, s.ts.len());
    let other = is_of_another_version(card, s).then_some("another model's figure");
    let spot = spot.refused(reason).refused(other).after(if trains { 0 } else { 3 });
    if !card.add_hardware(&spot, text, Context::Prose) && spot.reason.is_none() {
        card.add_devices_apart(&spot, s.ts, text);
    }
}
