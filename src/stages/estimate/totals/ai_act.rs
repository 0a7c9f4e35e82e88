//! Where the compute of a run stands to the thresholds of the EU AI Act (guidelines of the Commission, C(2025) 7719).

use crate::domain::{Modality, RunKind};
use crate::evidence::index::facts::generates_nothing;
use crate::method::assumptions::{EU_AI_ACT_BAND, EU_AI_ACT_FLOP, FINE_TUNE_MAX_SHARE_OF_PRETRAINING};

/// The group of a run, by the median of its compute in FLOP and that of its base, where one is estimated.
///
/// Only models that generate language, images or video can be of general purpose (point 17). A modification stands to a third of the
/// compute of its base; where the base's compute is not known, to a third of the threshold for general purpose (point 61).
#[must_use]
pub fn group(output: Output<'_>, kind: Option<RunKind>, flop: f64, base: Option<f64>) -> &'static str {
    let near = |threshold: f64| (flop / threshold - 1.0).abs() <= EU_AI_ACT_BAND;
    if !output.generates() {
        return "beyond_the_scope_generates_nothing";
    }
    let [general, systemic] = EU_AI_ACT_FLOP;
    if kind == Some(RunKind::Pretraining) {
        return match flop {
            _ if near(general) => "near_1e23",
            _ if near(systemic) => "near_1e25",
            c if c < general => "below_1e23",
            c if c < systemic => "1e23_to_1e25",
            _ => "above_1e25",
        };
    }
    let threshold = base.unwrap_or(general) * FINE_TUNE_MAX_SHARE_OF_PRETRAINING;
    let of_base = base.is_some();
    match flop {
        _ if near(threshold) && of_base => "modification_near_a_third_of_its_base",
        _ if near(threshold) => "modification_near_a_third_of_1e23",
        c if c < threshold && of_base => "modification_below_a_third_of_its_base",
        c if c < threshold => "modification_below_a_third_of_1e23",
        _ if of_base => "modification_above_a_third_of_its_base",
        _ => "modification_above_a_third_of_1e23",
    }
}

/// What tells of what a model gives out.
#[derive(Clone, Copy, Debug)]
pub struct Output<'m> {
    /// Its modality.
    pub modality: Modality,
    /// Its task on the Hub.
    pub task: Option<&'m str>,
}

impl Output<'_> {
    /// Whether the model gives out language, images or video. The task decides, where there is one: a model of sound may classify it, and
    /// one of text fill masks. What is not known is not put aside.
    fn generates(self) -> bool {
        if self.task.is_some_and(generates_nothing) {
            return false;
        }
        match self.modality {
            Modality::Text
            | Modality::ImageGeneration
            | Modality::Audio
            | Modality::Video
            | Modality::Multimodal
            | Modality::Other => true,
            Modality::Embedding | Modality::Vision | Modality::Biology => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_of_models_that_generate() {
        let pre = Some(RunKind::Pretraining);
        let tuned = Some(RunKind::FineTuning);
        for (modality, kind, flop, base, right) in [
            (Modality::Text, pre, 2e23, None, "1e23_to_1e25"),
            (Modality::Vision, pre, 2e23, None, "beyond_the_scope_generates_nothing"),
            (Modality::Embedding, tuned, 5e22, None, "beyond_the_scope_generates_nothing"),
            (Modality::Text, tuned, 5e22, None, "modification_above_a_third_of_1e23"),
            (Modality::Text, tuned, 3.5e22, None, "modification_near_a_third_of_1e23"),
            (Modality::Multimodal, tuned, 1e20, None, "modification_below_a_third_of_1e23"),
            (Modality::Text, tuned, 5e22, Some(1e24), "modification_below_a_third_of_its_base"),
            (Modality::Text, tuned, 5e22, Some(1e22), "modification_above_a_third_of_its_base"),
            (Modality::Text, pre, 1.2e23, None, "near_1e23"),
        ] {
            let output = Output { modality, task: None };
            assert_eq!(group(output, kind, flop, base), right, "{modality:?} {kind:?} {flop:e} {base:?}");
        }
    }

    #[test]
    fn classifiers_and_encoders_generate_nothing_whatever_they_take_in() {
        for (modality, task, right) in [
            (Modality::Audio, Some("audio-classification"), "beyond_the_scope_generates_nothing"),
            (Modality::Audio, Some("voice-activity-detection"), "beyond_the_scope_generates_nothing"),
            (Modality::Audio, Some("text-to-speech"), "1e23_to_1e25"),
            (Modality::Audio, Some("automatic-speech-recognition"), "1e23_to_1e25"),
            (Modality::Text, Some("fill-mask"), "beyond_the_scope_generates_nothing"),
            (Modality::Text, Some("token-classification"), "beyond_the_scope_generates_nothing"),
            (Modality::Text, Some("text-generation"), "1e23_to_1e25"),
            (Modality::Text, Some("translation"), "1e23_to_1e25"),
            (Modality::Text, None, "1e23_to_1e25"),
            (Modality::Video, Some("video-classification"), "beyond_the_scope_generates_nothing"),
            (Modality::Multimodal, Some("image-to-text"), "1e23_to_1e25"),
            (Modality::Other, Some("a-task-of-tomorrow"), "1e23_to_1e25"),
        ] {
            assert_eq!(group(Output { modality, task }, Some(RunKind::Pretraining), 2e23, None), right, "{modality:?} {task:?}");
        }
    }
}
