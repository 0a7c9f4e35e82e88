//! What the report tells, section by section.

mod around;
mod changes;
mod coverage;
mod groups;
mod headline;
mod history;
mod regressions;
mod roles;
mod runs;
mod sensitivity;
mod sources;
mod trend;
mod trust;

use super::charts::Level;
use super::data::Data;
use super::page::Section;
use super::{About, Beside};
use crate::compare::Change;

pub(super) use changes::title as cause_title;

/// What changed since another snapshot.
pub(super) fn changes(change: &Change) -> Section {
    let body = changes::body(change, Level::Third);
    Section { id: "changes", title: "What changed since another snapshot", short: "What changed", body }
}

/// The same as a page of its own: its figure stands below the heading of the page.
pub(super) fn changes_alone(change: &Change) -> Section {
    Section { body: changes::body(change, Level::Second), ..changes(change) }
}

/// Every section, in the order they are read.
pub(super) fn all(data: &Data, about: &About, beside: &Beside) -> Vec<Section> {
    let section = |id, short, title, body| Section { id, title, short, body };
    let mut all = vec![section(
        "headline",
        "Headline",
        "What training the models on the Hugging Face Hub emitted",
        headline::body(data, about),
    )];
    all.extend(beside.change.as_ref().map(changes));
    if !beside.series.is_empty() {
        all.push(section("history", "By snapshot", "The total from snapshot to snapshot", history::body(&beside.series)));
    }
    all.extend([
        section("years", "By year", "When it was emitted", groups::years(data)),
        section("trend", "Trend", "How fast it grows, month by month", trend::body(data, about)),
        section("who", "Owners, countries", "Who trained, and in which country", groups::owners_and_countries(data)),
        section("what", "Tasks, evidence", "What was trained, and how it is known", groups::tasks_and_tiers(data)),
        section("runs", "Largest runs", "The largest runs and their evidence", runs::body(data)),
        section("fallbacks", "Fallbacks", "What rests on averages", trust::fallbacks(data)),
        section("backtest", "Back-test", "Tested against what is known", trust::backtest(data)),
        section("regressions", "Regressions", "The regressions behind the imputed part", regressions::body(data)),
        section("roles", "Roles", "How well roles are told apart", roles::body(data)),
        section("sensitivity", "Sensitivity", "What would change the total", sensitivity::body(data)),
        section("around", "Hardware, water", "Around the electricity, outside the headline", around::body(data)),
        section("coverage", "Coverage", "What the records tell", coverage::body(data, about)),
        section("sources", "Sources", "What it is made from, and how to check it", sources::body(about)),
    ]);
    all
}
