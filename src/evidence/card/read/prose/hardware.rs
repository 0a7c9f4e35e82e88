//! Hardware in prose: of this training, or of a use of the model.

use super::sentence::Sentence;
use crate::evidence::card::read::candidate::{Card, Spot};
use crate::evidence::hardware::Context;
use crate::evidence::vocabulary;

/// Reads a sentence that holds a word for hardware.
pub fn read_hardware_prose(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>) {
    let words = &vocabulary::prose().hardware;
    let serves = s.has(&words.serving);
    let runs = s.has(&words.running);
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
    let spot = spot.refused(reason).after(if trains { 0 } else { 3 });
    if !card.add_hardware(&spot, text, Context::Prose) && spot.reason.is_none() {
        card.add_devices_apart(&spot, s.ts, text);
    }
}
