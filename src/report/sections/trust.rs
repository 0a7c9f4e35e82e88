//! What rests on averages, and the back-test.

use crate::domain::{RunKind, Tier};
use crate::report::charts::{Figure, Mark, Row, Scale, axis_rows, bins, table};
use crate::report::data::{Data, FACTORS};
use crate::report::numbers::{counted, factor, figure, percent, significant, tonnes};
use crate::report::text::{name, named};
use crate::report::words;
use crate::tables::{BacktestRow, BacktestRunRow};
use maud::{Markup, html};

/// Fewest comparisons of a histogram.
const FEWEST: i64 = 10;
/// Worst misses listed.
const WORST: usize = 6;
/// Bins of a histogram on each side of the middle one, and their width in dex.
const SIDE_BINS: usize = 8;
/// Width of a bin in dex.
const BIN_DEX: f64 = 0.25;

pub(super) fn fallbacks(data: &Data) -> Markup {
    let share = |kg: f64| if data.emissions_kgco2e > 0.0 { kg / data.emissions_kgco2e } else { 0.0 };
    let told = || FACTORS.iter().zip(&data.fallbacks);
    let rows: Vec<Row> = told()
        .map(|(factor, f)| Row {
            label: format!("{}: {}", factor.name, factor.stand_in),
            value: percent(share(f.emissions_kgco2e)),
            more: format!("{} of {} runs", crate::report::numbers::count(f.runs), crate::report::numbers::count(data.runs)),
            mark: Mark::Parts { parts: [0.0, share(f.emissions_kgco2e)], interval: None },
        })
        .collect();
    let body: Vec<Vec<Markup>> = told()
        .map(|(factor, f)| {
            vec![
                html! { (factor.name) },
                html! { (factor.stand_in) },
                counted(f.runs),
                counted(data.runs),
                figure(f.emissions_kgco2e, tonnes(f.emissions_kgco2e)),
                figure(share(f.emissions_kgco2e), percent(share(f.emissions_kgco2e))),
            ]
        })
        .collect();
    let said: Vec<String> = told().map(|(factor, f)| format!("{} {}", factor.name, percent(share(f.emissions_kgco2e)))).collect();
    Figure {
        id: "stand-ins",
        title: "Share of emissions whose factors are averages",
        name: format!("Share of the cohort's mean emissions. {}.", said.join(", ")),
        reading: "Where nothing states a factor, an average stands in, and its spread is drawn into the interval. Counted are emissions that \
                  are a product of the factor: reported ones are of none, and reported electricity takes the grid alone.",
        source: "table estimates, columns ending in _is_fallback, and grid_is_owner_country, where the tier takes the factor",
        caveat: "A run may rest on several at once, so the shares do not add up.",
        chart: axis_rows(&rows, &Scale::Linear { max: 1.0, step: 0.25 }, None, percent),
        table: table(
            "Factors that stand in",
            &["factor", "what stands in", "runs", "of", "t CO₂e, mean", "share of emissions"],
            2,
            &body,
        ),
    }
    .markup()
}

pub(super) fn backtest(data: &Data) -> Markup {
    html! {
        p .lead {
            "For runs of which much is known, the better evidence is hidden and the run is estimated from what is left, by regressions that \
             saw nothing of its owner. Then the estimate is held against what was hidden."
        }
        (scores(data))
        (histograms(data))
        (worst(data))
        (left_out(data))
    }
}

/// Heads of the columns of a score behind the first ones.
const SCORE_HEAD: [&str; 8] =
    ["n", "owners", "typical error", "tends to be", "within 2 ×", "within 10 ×", "runs in the 90 % interval", "left out"];

fn scores(data: &Data) -> Markup {
    let whole: Vec<Vec<Markup>> = data.backtest.iter().filter(|row| row.kind == "all").map(|row| score_line(row, false)).collect();
    let parts: Vec<Vec<Markup>> = data.backtest.iter().filter(|row| row.kind != "all").map(|row| score_line(row, true)).collect();
    let head = |first: &[&'static str]| -> Vec<&str> { first.iter().chain(&SCORE_HEAD).copied().collect() };
    html! {
        div .table-block id="scores" {
            h3 { "Scores" }
            p .reading {
                "Typical error: half of the estimates are off by less than this factor, up or down. In the 90 % interval: how often the \
                 truth lies inside it, which should be nine times in ten; of whole estimates of these runs, where the section on regressions has \
                 the share of single predictions on its own rows. Left out: figures that are not independent of the estimate."
            }
            (table("Back-test, all kinds of runs", &head(&["estimated from, against"]), 1, &whole))
            p .note { "Source: table backtest. Where n is small, a share says little: below ten comparisons it is for completeness." }
            details #score-parts {
                summary { "The same by kind of run and class of owner" }
                (table("Back-test by kind of run and class of owner", &head(&["estimated from, against", "kind of run"]), 2, &parts))
            }
        }
    }
}

/// What is estimated from what, and held against what.
fn title(row: &BacktestRow) -> String {
    format!("From {}, against {}", words::estimated_from(row.tier.0), words::comparison(row.against))
}

fn score_line(row: &BacktestRow, with_kind: bool) -> Vec<Markup> {
    let tends = match row.bias_dex {
        b if b.abs() < 0.02 => "right".to_owned(),
        b if b > 0.0 => format!("high, {}", factor(b)),
        b => format!("low, {}", factor(-b)),
    };
    let mut cells = vec![html! { (title(row)) }];
    if with_kind {
        let (kind, rest) = row.kind.split_at(row.kind.find(' ').unwrap_or(row.kind.len()));
        cells.push(html! { (name(&format!("{}{rest}", words::kind_of_id(kind)))) });
    }
    cells.extend([
        counted(row.n),
        counted(row.owners),
        figure(row.median_abs_error_dex, factor(row.median_abs_error_dex)),
        figure(row.bias_dex, tends),
        figure(row.share_within_2x, percent(row.share_within_2x)),
        figure(row.share_within_10x, percent(row.share_within_10x)),
        row.coverage_90.map_or_else(|| html! { "–" }, |c| figure(c, percent(c))),
        counted(row.left_out_circular),
    ]);
    cells
}

/// Counts of log10 ratios by bin; the ends hold what lies beyond.
fn binned<'a>(runs: impl Iterator<Item = &'a BacktestRunRow>) -> [usize; 2 * SIDE_BINS + 1] {
    let mut counts = [0; 2 * SIDE_BINS + 1];
    for run in runs {
        let at = (run.log10_ratio / BIN_DEX).round() + SIDE_BINS as f64;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Clamped to the bins.
        let at = at.clamp(0.0, 2.0 * SIDE_BINS as f64) as usize;
        counts[at] += 1;
    }
    counts
}

/// Place of a factor of the truth along the histogram, in percent.
fn place(dex: f64) -> f64 {
    50.0 + dex / BIN_DEX / (2 * SIDE_BINS + 1) as f64 * 100.0
}

fn histograms(data: &Data) -> Markup {
    let whole = data.backtest.iter().filter(|row| row.kind == "all" && row.n >= FEWEST);
    let shown: Vec<(&BacktestRow, [usize; 2 * SIDE_BINS + 1])> = whole
        .map(|row| {
            let of = |run: &&BacktestRunRow| run.tier == row.tier && run.against == row.against && run.left_out.is_none();
            (row, binned(data.backtest_runs.iter().filter(of)))
        })
        .collect();
    let labels = [(place(-2.0), "÷ 100"), (place(-1.0), "÷ 10"), (50.0, "right"), (place(1.0), "× 10"), (place(2.0), "× 100")];
    let title =
        |row: &BacktestRow| format!("From {}, against {}", words::estimated_from(row.tier.0), words::comparison(row.against));
    let chart = html! {
        div .small-multiples {
            @for (row, counts) in &shown {
                div { p .label { (title(row)) " " span .more { "n\u{a0}=\u{a0}" (row.n) } }
                    (bins(counts, &labels, [place(-std::f64::consts::LOG10_2), place(std::f64::consts::LOG10_2)])) }
            }
        }
    };
    let body: Vec<Vec<Markup>> = shown
        .iter()
        .map(|(row, counts)| std::iter::once(html! { (title(row)) }).chain(counts.iter().map(|n| counted(*n as i64))).collect())
        .collect();
    let names: Vec<String> = (0..=2 * SIDE_BINS)
        .map(|at| {
            let dex = (at as f64 - SIDE_BINS as f64) * BIN_DEX;
            match at {
                SIDE_BINS => "right".to_owned(),
                at if at < SIDE_BINS => format!("÷ {}", significant(libm::pow(10.0, -dex))),
                _ => format!("× {}", significant(libm::pow(10.0, dex))),
            }
        })
        .collect();
    let head: Vec<&str> = std::iter::once("comparison").chain(names.iter().map(String::as_str)).collect();
    let said: Vec<String> =
        shown.iter().map(|(row, _)| format!("{}: half within {}", title(row), factor(row.median_abs_error_dex))).collect();
    Figure {
        id: "errors",
        title: "How far the estimates are off",
        name: said.join(". "),
        reading: "Estimate over truth, one histogram for each kind of evidence. Shaded: within a factor of 2. The outermost bars hold \
                  everything beyond.",
        source: "table backtest_runs, without the rows left out",
        caveat: "Runs with published figures are larger and better documented than most; how well the method does on others can only be \
                 seen in the classes of the scores above.",
        chart,
        table: table("Comparisons by estimate over truth", &head, 1, &body),
    }
    .markup()
}

fn worst(data: &Data) -> Markup {
    let mut runs: Vec<&BacktestRunRow> =
        data.backtest_runs.iter().filter(|run| run.left_out.is_none() && run.tier.0 <= Tier::Parameters).collect();
    let off = |run: &BacktestRunRow| run.log10_ratio.abs();
    runs.sort_by(|a, b| off(b).total_cmp(&off(a)).then_with(|| (a.tier.0, a.against, &a.run).cmp(&(b.tier.0, b.against, &b.run))));
    let of = |is_wanted: &dyn Fn(RunKind) -> bool| -> Vec<Vec<Markup>> {
        runs.iter().filter(|run| is_wanted(run.kind)).take(WORST).map(|run| miss(run)).collect()
    };
    let head = ["run", "estimated from, against", "estimate", "90 % interval", "truth", "over truth"];
    html! {
        div .table-block id="worst" {
            h3 { "The worst misses" }
            p .reading { "The largest errors where at least the size is known." }
            (table("Of pre-trainings", &head, 2, &of(&|kind| kind == RunKind::Pretraining)))
            (table("Of fine-tunes and other runs", &head, 2, &of(&|kind| kind != RunKind::Pretraining)))
            p .note { "Source: table backtest_runs." }
        }
    }
}

fn miss(run: &BacktestRunRow) -> Vec<Markup> {
    let unit = words::unit(run.against);
    let interval = match (run.estimate_p05, run.estimate_p95) {
        (Some(low), Some(high)) => html! { (figure(low, significant(low))) " to " (figure(high, significant(high))) },
        _ => html! { "–" },
    };
    let over = figure(
        run.log10_ratio,
        if run.log10_ratio > 0.0 {
            factor(run.log10_ratio)
        } else {
            format!("1 / {}", factor(-run.log10_ratio).trim_end_matches(" ×"))
        },
    );
    vec![
        named(&run.run),
        html! { (words::estimated_from(run.tier.0)) ", " (words::comparison(run.against)) },
        html! { (figure(run.estimate, significant(run.estimate))) " " (unit) },
        interval,
        html! { (figure(run.truth, significant(run.truth))) " " (unit) },
        over,
    ]
}

fn left_out(data: &Data) -> Markup {
    let mut reasons = std::collections::BTreeMap::<&str, i64>::new();
    for run in &data.backtest_runs {
        if let Some(why) = &run.left_out {
            *reasons.entry(why).or_default() += 1;
        }
    }
    let body: Vec<Vec<Markup>> = reasons.iter().map(|(why, n)| vec![named(why), counted(*n)]).collect();
    html! {
        details #left-out {
            summary { "What was left out of the scores, and why" }
            (table("Comparisons left out", &["reason", "comparisons"], 1, &body))
        }
    }
}
