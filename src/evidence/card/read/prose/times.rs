//! Times in prose: of this training on a wall clock or of its devices; not of audio, of a rate, of an inference.

use crate::evidence::card::read::candidate::{Card, Spot};
use crate::evidence::card::read::prose::Sentence;
use crate::evidence::quantity::durations::{Duration, duration, unit_hours};
use crate::evidence::quantity::tokens::{span, text_at, text_before};

/// Words that say how long something took.
const TIME_WORDS: &[&str] = &[
    "took",
    "takes",
    "taking",
    "lasted",
    "lasts",
    "duration",
    "time",
    "finished",
    "spent",
    "consumed",
    "consumes",
    "runtime",
    "completed",
    "lasting",
    "elapsed",
    "cost",
    "costs",
    "costing",
];

/// Reads a sentence that holds a unit of time.
pub fn read(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>) {
    let mut last = None;
    for i in 0..s.ts.len() {
        let Some(t) = s.ts.get(i).filter(|_| unit_hours(s.ts, i).is_some()) else { continue };
        if t.is_any(&["d", "s"]) {
            continue;
        }
        let devices = if t.is_any(&["hours", "hour", "days", "day", "hrs"]) { card.device_hours(s.ts, i) } else { None };
        if let Some(d) = devices {
            let said = s.trains() || s.under_training || s.has(&["total", "compute", "required", "took", "used"]);
            let vague = s.has(&["hundreds", "thousands", "often", "typically"]) || d.quantity.is_range;
            let reason = if said { vague.then_some("a range") } else { Some("not said of a training") };
            let whole = s.has(&["full", "total", "cumulative"]);
            let spot = spot.after(if whole { 0 } else { 4 });
            card.add(&spot, "accelerator_hours", Some(d.hours), s.written(d.quantity.from, i + 1), reason);
            continue;
        }
        let start = (i.saturating_sub(4)..i).find_map(|at| duration(s.ts, at).filter(|d| d.to > i).map(|d| (at, d)));
        let Some((at, d)) = start.filter(|(at, _)| last != Some(*at)) else { continue };
        last = Some(at);
        let reason = not_the_time(card, s, i, at, d).or(d.is_range.then_some("a range"));
        let spot = spot.after(u8::from(!s.has(&["took", "takes", "lasted", "total", "for"])));
        card.add(&spot, "wall_hours", Some(d.hours), s.written(at, d.to), reason);
    }
}

/// Why a time is not that of the training; `unit` is its first unit of time, `at` its first token.
fn not_the_time(card: &Card<'_>, s: &Sentence<'_, '_>, unit: usize, at: usize, d: Duration) -> Option<&'static str> {
    const APPROXIMATE: &[&str] = &[
        "about",
        "around",
        "approximately",
        "roughly",
        "approx",
        "nearly",
        "almost",
        "only",
        "just",
        "~",
        "over",
        "another",
        "total",
        "additional",
        "a",
        "the",
        "ca",
        ".",
        "约",
    ];
    const LIMITS: &[&str] = &[
        "/", "per", "every", "each", "$", "than", "last", "past", "first", "within", "next", "previous", "until", "less", "after",
    ];
    const DATA: &[&str] =
        &["data", "samples", "set", "dataset", "speech", "audio", "recordings", "video", "corpus", "music", "clips"];
    let ts = s.ts;
    let (before, before_that) = (text_before(ts, at, 1), text_before(ts, at, 2));
    let (next, after_next) = (text_at(ts, d.to), text_at(ts, d.to + 1));
    // What stands before it, over "about" and its like.
    let lead_at = (0..at).rev().find(|i| *i == 0 || !ts.get(*i).is_some_and(|t| t.is_any(APPROXIMATE)));
    let lead = lead_at.map_or("", |i| text_at(ts, i));
    let cjk = |w: &&str| !w.is_ascii() && ["费", "時間", "耗", "训练"].iter().any(|part| w.contains(part));
    let strong = s.has(TIME_WORDS) || s.words.iter().any(cjk);
    let word = text_at(ts, unit);
    let first = text_at(ts, at);
    if next == "of"
        && !["training", "compute", "gpu", "fine", "finetuning", "continuous", "wall", "total", "time"].contains(&after_next)
    {
        return Some("hours of data");
    }
    if span(ts, d.to, d.to + 4).iter().any(|t| t.is_any(DATA)) {
        return Some("hours of data");
    }
    if word == "h" && (before == "-" || next == "-" || !(strong || ["for", "in", "took"].contains(&lead))) {
        return Some("a name");
    }
    let of_data = s.has(&[
        "speech",
        "audio",
        "recordings",
        "transcribed",
        "contains",
        "containing",
        "comprising",
        "comprises",
        "consists",
        "comprised",
        "consisting",
        "utterances",
        "pseudolabels",
    ]);
    if of_data && !(strong || ["days", "weeks", "week", "months"].contains(&word)) {
        return Some("hours of data");
    }
    if !s.trains() && !(strong && (s.under_training || card.trained_before)) {
        return Some("not said of a training");
    }
    let serves = s.has(&[
        "inference",
        "generate",
        "generation",
        "generating",
        "latency",
        "average",
        "evaluation",
        "predict",
        "predicting",
        "forecast",
    ]);
    if serves && !s.has(&["trained"]) {
        return Some("inference");
    }
    let limited = LIMITS.contains(&lead)
        || LIMITS.contains(&before)
        || ["every", "than"].contains(&before_that)
        || ["ago", "old", "per", "later", "after", "window", "before", "prior"].contains(&next);
    if limited {
        return Some("a rate or a limit");
    }
    if s.has(&["might", "may", "could", "can", "would", "should"]) && !s.has(&["took", "was", "were", "lasted"]) {
        return Some("not said of this training");
    }
    if ["on", "using", "with", "from", "of"].contains(&lead) && !strong {
        return Some("hours of data");
    }
    let leads = ["for", "in", "within", "(", "requires", "required", "needs", "needed", "and", "+", ","].contains(&lead)
        || lead_at.is_none()
        || !lead.is_ascii();
    if !strong && !leads {
        return Some("not said to be the time of training");
    }
    let one = ["a", "an", "one", "single"].contains(&first) && ["second", "minute", "day", "month", "hour"].contains(&word);
    if (one && !strong && lead != "for") || d.hours < 1.0 / 60.0 {
        return Some("a rate or a limit");
    }
    if s.is_stage {
        return Some("one stage of several");
    }
    let far = s.trains.iter().map(|i| i.abs_diff(at)).min().is_some_and(|near| near > 45);
    far.then_some("not said of a training")
}
