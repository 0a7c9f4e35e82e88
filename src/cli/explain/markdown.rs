//! An explanation as Markdown, for a page, an issue or a model card.

use super::explanation::{Evidence, Explanation, Family, TierPart};
use super::text::{evidence_value, figure_rows, identity_lines, lineage_text, no_training, original_remark, quoted};
use crate::cli::text::count;
use hugging_carbon::domain::address;
use std::fmt::Write as _;

/// The page. Whatever comes from records and cards is in code spans: it cannot become markup. Writing to a String cannot fail: the
/// results of `writeln!` below are of that kind.
pub fn markdown(explanation: &Explanation) -> String {
    let mut out = String::new();
    match &explanation.model {
        Some(model) => {
            let _ = writeln!(out, "# {}\n", code(&model.model_id));
            for (label, value) in identity_lines(model) {
                let _ = writeln!(out, "- {label}: {}", code(&value));
            }
        }
        None => {
            out.push_str("# A training that is in no index\n\n");
            for words in &explanation.stated {
                let _ = writeln!(out, "- {}", code(words));
            }
        }
    }
    if !explanation.same_name.is_empty() {
        let others: Vec<String> = explanation.same_name.iter().map(|id| code(id)).collect();
        let _ = writeln!(out, "\nOf the same name, with fewer downloads: {}.", others.join(", "));
    }
    if let (Some(family), Some(model)) = (&explanation.family, &explanation.model) {
        family_lines(&mut out, family, model.role);
        evidence(&mut out, &explanation.evidence);
    }
    if explanation.tiers.is_empty() {
        out.push_str(&no_training(explanation));
    }
    let made = if explanation.is_published { "published" } else { "estimated" };
    for part in &explanation.tiers {
        tier(&mut out, part, made);
    }
    let place = explanation.snapshot.as_ref().map(|name| format!(", snapshot {name}")).unwrap_or_default();
    let _ = writeln!(out, "\nHugging Carbon, method {}{place}, {} draws.", explanation.method_version, explanation.draws);
    out
}

/// Text in a code span: one line, fenced by more backticks than it has, with bars escaped for tables.
fn code(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|");
    let longest = line.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if line.starts_with('`') || line.ends_with('`') || line.is_empty() { " " } else { "" };
    format!("{fence}{pad}{line}{pad}{fence}")
}

fn family_lines(out: &mut String, family: &Family, role: &str) {
    out.push_str("\n## Family\n\n");
    let or_none = |run: &Option<String>| run.as_ref().map_or_else(|| "none".to_owned(), |run| code(run));
    let _ = writeln!(out, "- owns run: {}{}", or_none(&family.own_run_id), original_remark(family.own_run_id.as_deref(), role));
    let _ = writeln!(out, "- stands on: {}", or_none(&family.stands_on_run_id));
    if !family.base_model_ids.is_empty() {
        let bases: Vec<String> = family.base_model_ids.iter().map(|id| code(id)).collect();
        let _ = writeln!(out, "- names bases: {}", bases.join(", "));
    }
    if let Some(parent) = &family.parent_run_id {
        let _ = writeln!(out, "- started from: {}", code(parent));
    }
    if let (Some(members), Some(rule)) = (family.member_count.filter(|n| *n > 1), &family.group_rule) {
        let _ = writeln!(out, "- carried by: {} repositories (rule: {})", count(members.unsigned_abs()), code(rule));
    }
    for run in &family.upstream_run_ids {
        let _ = writeln!(out, "- upstream: {}", code(run));
    }
    if let Some(text) = lineage_text(family) {
        let _ = writeln!(out, "- emissions: {text}");
    }
    if family.relative_count > 0 {
        let others = if family.relative_count == 1 { "repository rests" } else { "repositories rest" };
        let shown: Vec<String> = family.relatives.iter().map(|relative| code(&relative.model_id)).collect();
        let first = if shown.len() < family.relative_count { ", the most downloaded of them" } else { "" };
        let _ = writeln!(
            out,
            "- {} other {others} on the same pre-training{first}: {}",
            count(family.relative_count as u64),
            shown.join(", ")
        );
    }
}

fn evidence(out: &mut String, rows: &[Evidence]) {
    out.push_str("\n## Evidence\n\n");
    if rows.is_empty() {
        out.push_str("None.\n");
        return;
    }
    out.push_str("| field | value | read from | words | verdict |\n| --- | --- | --- | --- | --- |\n");
    for row in rows {
        let verdict = match (&row.reject_reason, &row.passed_over) {
            (Some(why), _) => format!("refused: {}", code(why)),
            (None, Some(taken)) => format!("accepted, not used: {}", code(taken)),
            (None, None) => "accepted".to_owned(),
        };
        let place = code(&format!("{}, {}", row.source, row.locator));
        let place =
            row.source_url.as_deref().and_then(address::web).map_or_else(|| place.clone(), |url| format!("[{place}](<{url}>)"));
        let _ = writeln!(
            out,
            "| {} | {} | {place} | {} | {verdict} |",
            row.field,
            code(&evidence_value(row)),
            code(&quoted(&row.quote))
        );
    }
}

fn tier(out: &mut String, part: &TierPart, made: &str) {
    let headline = if part.is_headline { " (headline)" } else { "" };
    let _ = writeln!(out, "\n## Tier {}, {}{headline}\n\n```text", part.tier, part.tier_name);
    for step in &part.steps {
        let _ = writeln!(out, "{}", step.replace("```", "'''"));
    }
    let _ = writeln!(out, "```\n\n| {made} | p05 | median | p95 | mean |\n| --- | ---: | ---: | ---: | ---: |");
    for row in figure_rows(&part.figures) {
        let _ = writeln!(out, "| {} |", row.join(" | "));
    }
    for remark in &part.remarks {
        let _ = writeln!(out, "\n{remark}");
    }
    if let Some(around) = part.around_electricity.as_ref().filter(|_| part.is_headline) {
        let _ = writeln!(out, "\n{}", around.words());
    }
    if part.flags.iter().any(|flag| flag.is_taken) {
        out.push_str("\nAssumed:\n\n");
        for flag in part.flags.iter().filter(|flag| flag.is_taken) {
            let _ = writeln!(out, "- {}: {}", flag.flag, flag.meaning);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_card_says_cannot_become_markup() {
        assert_eq!(code("<script>alert(1)</script>"), "`<script>alert(1)</script>`");
        assert_eq!(code("a ` b"), "``a ` b``");
        assert_eq!(code("`x`"), "`` `x` ``");
        assert_eq!(code("one\n# two | three"), "`one # two \\| three`");
    }
}
