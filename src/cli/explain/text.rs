//! An explanation as a person reads it on a terminal.

use super::explanation::{Carried, Evidence, Explanation, Family, Figures, Model, TierPart};
use crate::cli::text::{count, number, percent, table};
use hugging_carbon::domain::{ClosedSet as _, Field, MAX_QUOTE_CHARS, Role, RunKind, Tier};
use std::fmt::Write as _;

/// Runs upstream that are listed.
const SHOWN_UPSTREAM: usize = 12;

/// The whole text. Writing to a String cannot fail: the results of `writeln!` below are of that kind.
pub fn text(explanation: &Explanation) -> String {
    let mut out = String::new();
    if let Some(model) = &explanation.model {
        identity(&mut out, model, &explanation.same_name);
    }
    for (i, words) in explanation.stated.iter().enumerate() {
        let _ = writeln!(out, "{}{words}", if i == 0 { "A training that is in no index, " } else { "  " });
    }
    if let (Some(family), Some(model)) = (&explanation.family, &explanation.model) {
        out.push_str("\nFamily\n");
        family_lines(&mut out, family, model.role);
        out.push_str("\nEvidence\n");
        evidence(&mut out, &explanation.evidence);
    }
    if explanation.tiers.is_empty() {
        out.push_str(&no_training(explanation));
    } else {
        let reached: Vec<String> = explanation.tiers.iter().map(|part| format!("{} {}", part.tier, part.tier_name)).collect();
        let _ = writeln!(out, "\nTiers the evidence reaches: {}. The headline takes the first.", reached.join(", "));
    }
    let made = if explanation.is_published { "published" } else { "estimated" };
    for part in &explanation.tiers {
        tier(&mut out, part, &format!("{made}, {} draws", explanation.draws));
    }
    out
}

/// What a repository is.
fn identity(out: &mut String, model: &Model, same_name: &[String]) {
    let _ = writeln!(out, "{}", model.model_id);
    if !same_name.is_empty() {
        let _ = writeln!(out, "  not         {}: of the same name, with fewer downloads", same_name.join(", "));
    }
    for (label, value) in identity_lines(model) {
        let _ = writeln!(out, "  {label:<11} {value}");
    }
}

/// Label and value of what is known of a repository.
pub fn identity_lines(model: &Model) -> Vec<(&'static str, String)> {
    let or_unknown = |value: Option<String>| value.unwrap_or_else(|| "unknown".into());
    #[allow(clippy::cast_precision_loss)] // Counts of parameters.
    let params = match (model.total_params, model.active_params) {
        (Some(total), Some(active)) if active != total => {
            format!("{} in total, {} active per token", number(total as f64), number(active as f64))
        }
        (Some(total), _) => number(total as f64),
        (None, _) => "unknown".into(),
    };
    let source = model.params_source.as_ref().map(|s| format!(" (from {s})")).unwrap_or_default();
    let date = model.trained_on.as_ref().map(|day| format!("{day} (from {})", model.trained_on_source.unwrap_or_default()));
    let years = years_with_shares(&model.possible_years);
    let guessed = || format!("unknown; taken for {years}, as undated repositories of the index are");
    let date = date.or_else(|| (!model.possible_years.is_empty()).then(guessed));
    let mut lines = vec![("role", format!("{} (rule: {})", model.role, model.role_rule))];
    if !model.role_probabilities.is_empty() {
        let likely: Vec<String> = model.role_probabilities.iter().map(|(role, p)| format!("{role} {}", percent(*p))).collect();
        lines.push(("not certain", likely.join(", ")));
    }
    lines.extend([
        ("parameters", format!("{params}{source}")),
        ("modality", model.modality.clone()),
        ("trained on", or_unknown(date)),
        ("country", or_unknown(model.owner_country.clone())),
        ("downloads", downloads_line(model)),
    ]);
    lines
}

/// Downloads, and whether they are enough for the cohort; of a record that states none, that alone.
fn downloads_line(model: &Model) -> String {
    if model.downloads_all_time.or(model.downloads_30d).is_none() {
        return "unknown, and so is whether it is in the cohort".to_owned();
    }
    let downloads = |n: Option<i64>| n.map_or_else(|| "unknown".into(), |n| count(n.unsigned_abs()));
    let (all, recent) = (downloads(model.downloads_all_time), downloads(model.downloads_30d));
    format!("{all} of all time, {recent} in 30 days; {} the cohort", if model.in_cohort { "in" } else { "not in" })
}

/// Why a repository whose role is not that of a pre-training owns one; empty for all others.
pub fn original_remark(run: Option<&str>, role: &str) -> &'static str {
    let is_pretraining = run.and_then(|run| run.rsplit_once('#')).is_some_and(|(_, kind)| kind == RunKind::Pretraining.word());
    if is_pretraining && role != Role::Pretrained.word() {
        ": the pre-training its weights come from is counted here, because no repository of this index is its original"
    } else {
        ""
    }
}

fn family_lines(out: &mut String, family: &Family, role: &str) {
    let mut line = |label: &str, value: &str| {
        let _ = writeln!(out, "  {label:<11} {value}");
    };
    let own = family.own_run_id.as_deref();
    line("owns run", &format!("{}{}", own.unwrap_or("none"), original_remark(own, role)));
    line("stands on", family.stands_on_run_id.as_deref().unwrap_or("no run of this index"));
    if !family.base_model_ids.is_empty() {
        line("names bases", &family.base_model_ids.join(", "));
    }
    if let Some(parent) = &family.parent_run_id {
        line("started from", parent);
    }
    if let (Some(members), Some(rule)) = (family.member_count.filter(|n| *n > 1), &family.group_rule) {
        line("carried by", &format!("{} repositories (rule: {rule})", count(members.unsigned_abs())));
    }
    for run in family.upstream_run_ids.iter().take(SHOWN_UPSTREAM) {
        line("upstream", run);
    }
    if family.upstream_run_ids.len() > SHOWN_UPSTREAM {
        line("and", &format!("{} more runs upstream", family.upstream_run_ids.len() - SHOWN_UPSTREAM));
    }
    if let Some(text) = lineage_text(family) {
        line("emissions", &text);
    }
    for relative in &family.relatives {
        line("with", &format!("{} ({})", relative.model_id, relative.role));
    }
    if family.relative_count > family.relatives.len() {
        line(
            "and",
            &format!(
                "{} more on the same pre-training, also as one of several bases",
                count((family.relative_count - family.relatives.len()) as u64)
            ),
        );
    }
}

/// Each year that a training may be of, once, with its share: `2019 (40 %), 2020 (20 %), 2022 (40 %)`.
fn years_with_shares(years: &[i32]) -> String {
    let each = years.chunk_by(|a, b| a == b);
    #[allow(clippy::cast_precision_loss)] // A handful.
    let share = |alike: &[i32]| format!("{:.0} %", alike.len() as f64 / years.len() as f64 * 100.0);
    each.map(|alike| format!("{} ({})", alike[0], share(alike))).collect::<Vec<_>>().join(", ")
}

/// Own emissions and those with everything upstream, if there is something upstream.
pub fn lineage_text(family: &Family) -> Option<String> {
    let (own, whole) = (family.own_emissions_kgco2e_mean?, family.lineage_emissions_kgco2e_mean?);
    let bound = if family.lineage_is_complete == Some(false) { ", at least: a base is not in this index" } else { "" };
    (!family.upstream_run_ids.is_empty())
        .then(|| format!("{} kg CO2e of its own, {} with everything upstream (means){bound}", number(own), number(whole)))
}

fn evidence(out: &mut String, evidence: &[Evidence]) {
    for row in evidence {
        let verdict = match (&row.reject_reason, &row.passed_over) {
            (Some(why), _) => format!("  REFUSED: {why}"),
            (None, Some(taken)) => format!("  NOT USED: {taken}"),
            (None, None) => String::new(),
        };
        let _ = writeln!(out, "  {:<17} {}{verdict}", row.field, evidence_value(row));
        let _ = writeln!(out, "    {} | {} | \"{}\"", row.source, row.locator, quoted(&row.quote));
        if let Some(url) = &row.source_url {
            let _ = writeln!(out, "    {url}");
        }
    }
    if evidence.is_empty() {
        out.push_str("  none\n");
    }
}

/// A quote; one as long as quotes may be was cut there, and says so.
pub fn quoted(text: &str) -> String {
    let mark = if text.chars().count() >= MAX_QUOTE_CHARS { "…" } else { "" };
    format!("{text}{mark}")
}

/// The number with its unit; a date or a text as it was written.
pub fn evidence_value(row: &Evidence) -> String {
    match (row.value, &row.unit) {
        _ if row.field == Field::TrainedOn.name() => row.value_as_written.clone(),
        (Some(share), _) if row.field == Field::Role.name() => format!("{}, {}", row.value_as_written, percent(share)),
        (Some(value), Some(unit)) => format!("{} {unit}", number(value)),
        (Some(value), None) => number(value),
        (None, _) => row.value_as_written.clone(),
    }
}

/// What is said of a repository that trained nothing.
pub fn no_training(explanation: &Explanation) -> String {
    let role = explanation.model.as_ref().map(|model| model.role).unwrap_or_default();
    let mut out = format!(
        "\nTier 0, {}: this repository trained nothing itself (role {role}), so its own FLOP, kWh and kg CO2e are 0.\n",
        Tier::NoTraining
    );
    let Some(Carried { run_id, figures }) = &explanation.carries else {
        return out + "The run its weights rest on is not in this index.\n";
    };
    let kg = figures.emissions_kgco2e;
    let _ = writeln!(
        out,
        "It carries {run_id}: {} FLOP, {} kWh, {} kg CO2e (90 % {} to {}), counted there once.",
        number(figures.train_flop.p50),
        number(figures.energy_kwh.p50),
        number(kg.p50),
        number(kg.p05),
        number(kg.p95)
    );
    out
}

fn tier(out: &mut String, part: &TierPart, header: &str) {
    let _ = writeln!(out, "\nTier {}, {}", part.tier, part.tier_name);
    for step in &part.steps {
        let _ = writeln!(out, "  {step}");
    }
    let lines = figure_rows(&part.figures);
    out.push_str(&table(&[header, "p05", "median", "p95", "mean"], &lines, 1));
    for remark in &part.remarks {
        let _ = writeln!(out, "  {remark}");
    }
    if let Some(around) = part.around_electricity.as_ref().filter(|_| part.is_headline) {
        let _ = writeln!(out, "  {}", around.words());
    }
}

/// Quantity, p05, median, p95 and mean of every quantity.
pub fn figure_rows(figures: &Figures) -> Vec<Vec<String>> {
    let named = [
        ("FLOP", Some(figures.train_flop)),
        ("kWh", Some(figures.energy_kwh)),
        ("kg CO2e", Some(figures.emissions_kgco2e)),
        ("g/PFLOP", figures.atci_gco2e_per_pflop),
    ];
    let row = |(name, q): (&str, Option<super::explanation::Interval>)| {
        let q = q?;
        Some(std::iter::once(name.to_owned()).chain([q.p05, q.p50, q.p95, q.mean].map(number)).collect())
    };
    named.into_iter().filter_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Regression: a fine-tune owned a pre-training without a word why.
    #[test]
    fn a_fine_tune_that_owns_a_pretraining_says_why() {
        assert!(original_remark(Some("a/b#pretraining"), "finetuned").contains("original"));
        for (run, role) in [(Some("a/b#pretraining"), "pretrained"), (Some("a/b#fine_tuning"), "finetuned"), (None, "merge")] {
            assert_eq!(original_remark(run, role), "");
        }
    }

    /// Regression: quotes ended at their 200th character without a sign of it, as if the source did.
    #[test]
    fn a_quote_that_was_cut_says_so() {
        assert_eq!(quoted("trained on 512 chips"), "trained on 512 chips");
        assert_eq!(quoted(&"x".repeat(MAX_QUOTE_CHARS)), format!("{}…", "x".repeat(MAX_QUOTE_CHARS)));
    }

    /// Regression: "taken for 2019, 2020, 2020, 2020, 2021, each as likely" said one year three times.
    #[test]
    fn a_year_is_named_once() {
        assert_eq!(years_with_shares(&[2019, 2020, 2020, 2020, 2021]), "2019 (20 %), 2020 (60 %), 2021 (20 %)");
        assert_eq!(years_with_shares(&[2023; 5]), "2023 (100 %)");
    }
}
