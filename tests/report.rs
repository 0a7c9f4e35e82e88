//! The report: its figures are those of the tables, its bytes are the same every time, and nothing that others wrote becomes markup.
#![allow(clippy::unwrap_used, clippy::panic)] // A test that cannot set up its stage has failed.

mod common;

use common::pages::{HIDDEN, Sample, hostile_beside, keep_hostile, tags};
use common::{Workspace, table};
use hugging_carbon::domain::{Field, GroupBy, Tier};
use hugging_carbon::reference::Reference;
use hugging_carbon::report::{About, Beside, report_page};
use hugging_carbon::tables::{
    AggregateRow, BacktestRow, EstimateRow, EvidenceRow, ModelRow, RegressionRow, SensitivityRow, TrendMonthRow, TrendRow,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

/// A snapshot of the sample with its report.
fn sample() -> &'static Sample {
    static SAMPLE: OnceLock<Sample> = OnceLock::new();
    SAMPLE.get_or_init(|| Sample::with_page(report_page))
}

/// What lies between the element with an id and its end.
fn block<'p>(page: &'p str, tag: &str, id: &str) -> &'p str {
    let from = page
        .find(&format!("<{tag} id=\"{id}\""))
        .or_else(|| page.find(&format!(" id=\"{id}\"")))
        .unwrap_or_else(|| panic!("no {id}"));
    let rest = &page[from..];
    &rest[..rest.find(&format!("</{tag}>")).unwrap()]
}

/// Rows of the first table of a block: the text of the first cell, and the values of every `data` element behind it.
fn rows_of(block: &str) -> Vec<(String, Vec<f64>)> {
    let body = block.split("<tbody>").nth(1).unwrap().split("</tbody>").next().unwrap();
    body.split("<tr>")
        .skip(1)
        .map(|row| {
            let first = row.split("</th>").next().unwrap();
            let values = row.split("<data value=\"").skip(1).map(|v| v.split('"').next().unwrap().parse().unwrap()).collect();
            (text_of(first), values)
        })
        .collect()
}

/// The text of some markup.
fn text_of(markup: &str) -> String {
    let mut text = String::new();
    let mut is_tag = false;
    for c in markup.chars() {
        match c {
            '<' => is_tag = true,
            '>' => is_tag = false,
            c if !is_tag => text.push(c),
            _ => {}
        }
    }
    text.replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"")
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
}

fn agree(found: &[f64], right: &[f64], what: &str) {
    assert_eq!(found.len(), right.len(), "{what}: {found:?} {right:?}");
    assert!(found.iter().zip(right).all(|(a, b)| close(*a, *b)), "{what}: {found:?} is not {right:?}");
}

#[test]
fn sections_figures_and_tables_are_there_in_order() {
    let page = &sample().page;
    let sections = [
        "headline",
        "years",
        "trend",
        "who",
        "what",
        "runs",
        "fallbacks",
        "backtest",
        "regressions",
        "roles",
        "sensitivity",
        "around",
        "coverage",
        "sources",
    ];
    let found: Vec<&str> = page.split("<section id=\"").skip(1).map(|s| s.split('"').next().unwrap()).collect();
    assert_eq!(found, sections);
    for id in sections {
        assert!(page.contains(&format!("href=\"#{id}\"")), "the contents name {id}");
    }
    let figures: Vec<&str> = page.split("<figure id=\"").skip(1).map(|s| s.split("</figure>").next().unwrap()).collect();
    let ids: Vec<&str> = figures.iter().map(|f| f.split('"').next().unwrap()).collect();
    let named = [
        "parts",
        "by-year",
        "atci",
        "by-month",
        "owners",
        "countries",
        "tasks",
        "tiers",
        "largest",
        "stand-ins",
        "errors",
        "tornado",
        "water",
    ];
    assert_eq!(ids, named);
    for figure in figures {
        let name = figure.split("role=\"img\" aria-label=\"").nth(1).unwrap().split('"').next().unwrap();
        assert!(name.len() > 30, "{name}");
        for part in ["<figcaption><h3>", "<svg", "<p class=\"note\">Source: table", "<details><summary>Table: ", "<tbody><tr>"] {
            assert!(figure.contains(part), "{}: {part}", figure.split('"').next().unwrap());
        }
    }
    assert_eq!(page.matches("<h1").count(), 1);
    let ids: Vec<&str> = page.split(" id=\"").skip(1).map(|s| s.split('"').next().unwrap()).collect();
    assert_eq!(ids.len(), ids.iter().collect::<BTreeSet<_>>().len(), "ids are unique");
}

#[test]
fn the_headline_is_that_of_the_tables() {
    let Sample { snapshot, about, page, .. } = sample();
    let rows: Vec<AggregateRow> = table(snapshot).into_iter().filter(|r: &AggregateRow| r.cohort == about.cohort).collect();
    let right = |by: GroupBy, group: &str| {
        let row = rows.iter().find(|r| r.group_by == by && r.group == group).unwrap();
        #[allow(clippy::cast_precision_loss)]
        [&[row.models as f64, row.runs as f64], &row.emissions_kgco2e.values()[..]].concat()
    };
    let shown = rows_of(block(page, "figure", "parts"));
    agree(&shown[0].1, &right(GroupBy::All, "all"), "all");
    agree(&shown[1].1, &right(GroupBy::Basis, "documented"), "documented");
    agree(&shown[2].1, &right(GroupBy::Basis, "imputed"), "imputed");
    let big = page.split("class=\"big\"><data value=\"").nth(1).unwrap().split('"').next().unwrap();
    assert!(close(big.parse().unwrap(), shown[0].1[3]));
}

/// Mean emissions in kg, documented and imputed, by group.
type Sums = BTreeMap<String, [f64; 2]>;

/// Sums of means by group and basis, taken here from `models` and `estimates`.
fn sums(group: impl Fn(&ModelRow) -> String) -> Sums {
    let snapshot = &sample().snapshot;
    let models: BTreeMap<String, ModelRow> = table::<ModelRow>(snapshot).into_iter().map(|m| (m.model_id.clone(), m)).collect();
    let mut sums = Sums::new();
    for e in table::<EstimateRow>(snapshot) {
        let model = &models[&e.model_id];
        if model.in_cohort && e.tier.0 != Tier::NoTraining {
            let is_documented = ["emissions", "energy", "hardware", "compute"].contains(&e.tier_name.name());
            sums.entry(group(model)).or_default()[usize::from(!is_documented)] += e.emissions_kgco2e.mean;
        }
    }
    sums
}

#[test]
fn groups_are_those_of_the_tables() {
    let Sample { snapshot, about, page, .. } = sample();
    let unknown = |v: &Option<String>| v.clone().unwrap_or_else(|| "unknown".to_owned());
    let year = |m: &ModelRow| m.trained_on.map_or_else(|| "unknown".to_owned(), |d| d.to_string()[..4].to_owned());
    let cases: [(&str, GroupBy, Sums); 4] = [
        ("by-year", GroupBy::TrainingYear, sums(year)),
        ("owners", GroupBy::Owner, sums(|m| unknown(&m.owner))),
        ("countries", GroupBy::Country, sums(|m| unknown(&m.owner_country))),
        ("tasks", GroupBy::Modality, sums(|m| m.modality.name().to_owned())),
    ];
    let aggregates: Vec<AggregateRow> = table(snapshot);
    for (id, by, sums) in cases {
        let mut rows: Vec<&AggregateRow> =
            aggregates.iter().filter(|r| r.cohort == about.cohort && r.group_by == by && r.runs > 0).collect();
        if by != GroupBy::TrainingYear {
            rows.sort_by(|a, b| b.emissions_kgco2e.mean.total_cmp(&a.emissions_kgco2e.mean));
        }
        let shown = rows_of(block(page, "figure", id));
        assert_eq!(shown.len(), rows.len().min(if by == GroupBy::TrainingYear { usize::MAX } else { 15 }), "{id}");
        for ((name, values), row) in shown.iter().zip(rows) {
            let kg = row.emissions_kgco2e;
            let [documented, imputed] = sums[&row.group];
            #[allow(clippy::cast_precision_loss)]
            let mut right =
                vec![row.models as f64, row.runs as f64, kg.p05, kg.p50, kg.p95, kg.mean, documented, imputed, row.share_of_total];
            right.extend(row.atci_gco2e_per_pflop.map(|a| a.p50));
            agree(values, &right, &format!("{id} {name}"));
            assert!(close(documented + imputed, kg.mean), "{id} {name}: the parts are the whole");
        }
    }
}

#[test]
fn the_largest_runs_are_those_of_the_tables_with_their_evidence() {
    let Sample { snapshot, page, .. } = sample();
    let cohort: BTreeSet<String> = table::<ModelRow>(snapshot).into_iter().filter(|m| m.in_cohort).map(|m| m.model_id).collect();
    let mut runs: Vec<EstimateRow> = table::<EstimateRow>(snapshot).into_iter().filter(|e| cohort.contains(&e.model_id)).collect();
    runs.sort_by(|a, b| b.emissions_kgco2e.mean.total_cmp(&a.emissions_kgco2e.mean));
    let shown = rows_of(block(page, "figure", "largest"));
    assert_eq!(shown.len(), 20);
    for ((name, values), run) in shown.iter().zip(&runs) {
        assert_eq!(*name, run.model_id);
        agree(values, &[&[run.train_flop.p50], &run.emissions_kgco2e.values()[..]].concat(), name);
    }
    let evidence: Vec<EvidenceRow> = table(snapshot);
    let list = block(page, "section", "runs");
    for (run, item) in runs.iter().zip(list.split("<li><details><summary>").skip(1)) {
        let told = text_of(item);
        for row in evidence.iter().filter(|row| run.evidence_ids.contains(&row.evidence_id)) {
            let quote: String = row.quote.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
            assert!(told.contains(&quote), "{}: {quote}", run.model_id);
            let leads = row.source_url.as_ref().is_none_or(|url| item.contains(&format!("href=\"{}\"", url.replace('&', "&amp;"))));
            assert!(leads, "{}: {:?}", run.model_id, row.source_url);
        }
        assert!(item.contains("href=\"https://huggingface.co/"), "{}", run.model_id);
    }
}

#[test]
fn fallbacks_scores_and_sensitivity_are_those_of_the_tables() {
    let Sample { snapshot, about, page, .. } = sample();
    let cohort: BTreeSet<String> = table::<ModelRow>(snapshot).into_iter().filter(|m| m.in_cohort).map(|m| m.model_id).collect();
    let runs: Vec<EstimateRow> = table::<EstimateRow>(snapshot)
        .into_iter()
        .filter(|e| cohort.contains(&e.model_id) && e.tier.0 != Tier::NoTraining)
        .collect();
    let whole: f64 = runs.iter().map(|e| e.emissions_kgco2e.mean).sum();
    let grid: Vec<f64> = runs
        .iter()
        .filter(|e| e.grid_is_fallback == Some(true) && e.tier.0 != Tier::Emissions)
        .map(|e| e.emissions_kgco2e.mean)
        .collect();
    let kg: f64 = grid.iter().sum();
    let shown = rows_of(block(page, "figure", "stand-ins"));
    #[allow(clippy::cast_precision_loss)]
    agree(&shown[0].1, &[grid.len() as f64, runs.len() as f64, kg, kg / whole], "country");
    let all: Vec<BacktestRow> = table(snapshot);
    let (scores, parts): (Vec<BacktestRow>, Vec<BacktestRow>) = all.into_iter().partition(|row| row.kind == "all");
    let mut shown = rows_of(block(page, "section", "backtest"));
    assert_eq!(shown.len(), scores.len());
    let more = rows_of(block(page, "details", "score-parts"));
    assert_eq!(more.len(), parts.len());
    shown.extend(more);
    let scores = [scores, parts].concat();
    for ((_, values), row) in shown.iter().zip(&scores) {
        #[allow(clippy::cast_precision_loss)]
        let mut right = vec![
            row.n as f64,
            row.owners as f64,
            row.median_abs_error_dex,
            row.bias_dex,
            row.share_within_2x,
            row.share_within_10x,
        ];
        right.extend(row.coverage_90);
        #[allow(clippy::cast_precision_loss)]
        right.push(row.left_out_circular as f64);
        agree(values, &right, &row.kind);
    }
    let settings: Vec<SensitivityRow> = table(snapshot).into_iter().filter(|r: &SensitivityRow| r.cohort == about.cohort).collect();
    let shown = rows_of(block(page, "figure", "tornado"));
    for ((_, values), row) in shown.iter().zip(&settings) {
        agree(values, &[row.emissions_kgco2e_p50, row.emissions_kgco2e_mean, row.ratio_to_headline], &row.factor);
    }
    assert_eq!(shown.len(), settings.len());
}

/// "Documented" was called stated, also where third parties estimated it: the share is that of the registry's grades.
#[test]
fn what_others_estimated_is_told_apart_from_what_makers_state() {
    let Sample { snapshot, page, .. } = sample();
    let registry = Reference::load().unwrap().registry;
    let cohort: BTreeSet<String> = table::<ModelRow>(snapshot).into_iter().filter(|m| m.in_cohort).map(|m| m.model_id).collect();
    let used: BTreeSet<String> = table::<EvidenceRow>(snapshot)
        .into_iter()
        .filter(|row| row.field == Field::TrainFlop && row.accepted && row.locator.starts_with("training_runs.csv"))
        .filter(|row| {
            let id = row.locator.trim_start_matches("training_runs.csv:");
            let run = registry.runs().iter().find(|run| run.registry_id == id).unwrap();
            ["hardware", "third_party", "benchmarks", "other"].contains(&run.flop_method.as_deref().unwrap_or_default())
        })
        .map(|row| row.evidence_id)
        .collect();
    let runs: Vec<EstimateRow> = table::<EstimateRow>(snapshot).into_iter().filter(|e| cohort.contains(&e.model_id)).collect();
    let whole: f64 = runs.iter().map(|e| e.emissions_kgco2e.mean).sum();
    let others: Vec<&EstimateRow> =
        runs.iter().filter(|e| e.tier.0 == Tier::Compute && e.evidence_ids.iter().any(|id| used.contains(id))).collect();
    assert!(!others.is_empty());
    let share = others.iter().map(|e| e.emissions_kgco2e.mean).sum::<f64>() / whole;
    let told = block(page, "p", "who-says");
    let values: Vec<f64> = told.split("<data value=\"").skip(1).map(|v| v.split('"').next().unwrap().parse().unwrap()).collect();
    let documented: f64 = runs.iter().filter(|e| (1..=4).contains(&e.tier.0.number())).map(|e| e.emissions_kgco2e.mean).sum();
    agree(&values, &[share, documented / whole - share], "shares");
    assert!(!text_of(page).contains("Compute stated"));
}

/// Medians and means stood beside each other without a word.
/// Regression: a fifth of an index stood beside the role "fine-tuned", nine tenths of it pre-trainings that fine-tunes carry because the index
/// lacks their originals.
#[test]
fn carried_pretrainings_are_told_apart_from_the_role_of_their_carrier() {
    let Sample { snapshot, page, .. } = sample();
    let models: BTreeMap<String, ModelRow> = table::<ModelRow>(snapshot).into_iter().map(|m| (m.model_id.clone(), m)).collect();
    let mut right: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for e in table::<EstimateRow>(snapshot) {
        let model = &models[&e.model_id];
        if model.in_cohort && e.run_id.ends_with("#pretraining") && model.role.to_string() != "pretrained" {
            let sum = right.entry(model.role.to_string()).or_default();
            *sum = (sum.0 + 1.0, sum.1 + e.emissions_kgco2e.mean);
        }
    }
    assert!(right.contains_key("finetuned"), "{right:?}");
    let list = block(page, "ul", "carried");
    let shown: Vec<(f64, f64)> = list
        .split("<li>")
        .skip(1)
        .map(|item| {
            let values: Vec<f64> =
                item.split("<data value=\"").skip(1).map(|v| v.split('"').next().unwrap().parse().unwrap()).collect();
            (values[0], values[1])
        })
        .collect();
    assert_eq!(shown.len(), right.len());
    for (runs, kg) in right.values() {
        assert!(shown.iter().any(|(n, value)| n == runs && close(*value, *kg)), "{runs} {kg}: {shown:?}");
    }
}

/// Regression: chip power, utilization and overhead stood below emissions that the maker reports, "Owner in United States", and the date of
/// publication as that of the training.
#[test]
fn a_run_names_the_factors_that_its_figure_takes() {
    let list = block(&sample().page, "section", "runs");
    let item = |id: &str| {
        let found = list.split("<li><details><summary>").find(|item| text_of(item).starts_with(id));
        text_of(found.unwrap_or_else(|| panic!("{id} is not among the largest")))
    };
    let reported = item("meta-llama/Llama-3.1-405B");
    for word in ["PUE", "Utilization ", "share of the host", "Facility overhead"] {
        assert!(!reported.contains(word), "{word}: {reported}");
    }
    for words in [
        "Owner in the United States",
        "Dated 2024-07-23, when it was published",
        "Grid of the United States or where else its like train, 2024",
    ] {
        assert!(reported.contains(words), "{words}: {reported}");
    }
    let computed = item("xai-org/grok-2");
    assert!(computed.contains("Utilization ") && computed.contains("PUE ") && computed.contains("share of the host"), "{computed}");
    assert!(!text_of(list).contains("mixture:"));
}

#[test]
fn medians_and_means_are_called_so() {
    let Sample { snapshot, about, page, .. } = sample();
    let headline = text_of(block(page, "section", "headline"));
    assert!(headline.contains("median; 90 % interval:") && headline.contains("means add up, medians do not"), "{headline}");
    let list = block(page, "section", "runs");
    assert_eq!(list.matches(" in the mean, ").count(), 20);
    assert!(text_of(list).contains("mean, by which the runs are ranked, here and in the explorer, because means add up"));
    // A regression that no estimate uses is a check, and is called so.
    let fits = text_of(block(page, "section", "regressions"));
    let checks: Vec<RegressionRow> = table::<RegressionRow>(snapshot).into_iter().filter(|r| !r.used).collect();
    assert!(!checks.is_empty());
    assert_eq!(fits.matches("as a check only").count(), checks.len());
    // In a cohort of recent downloads old months are too low as well.
    assert!(!page.contains("recent-downloads"));
    let recent = About { cohort: about.cohort.replace("downloads_all_time", "downloads_30d"), ..about.clone() };
    assert!(report_page(snapshot, &recent, &Beside::default()).unwrap().contains("id=\"recent-downloads\""));
}

/// Regression: the chart of months showed the sum alone, and nothing said that its interval takes months for independent.
#[test]
fn months_are_drawn_by_what_they_rest_on() {
    let Sample { snapshot, page, .. } = sample();
    let (months, figure): (Vec<TrendMonthRow>, _) = (table(snapshot), block(page, "figure", "by-month"));
    let begins = months.iter().find(|row| row.basis == "all" && row.is_fitted).map(|row| row.month.clone()).unwrap();
    for basis in ["documented", "imputed"] {
        let chart = figure.split(&format!("id=\"by-month-{basis}\"")).nth(1).unwrap().split("</div></div>").next().unwrap();
        let drawn =
            months.iter().filter(|row| row.basis == basis && row.month >= begins && row.emissions_kgco2e.mean > 0.0).count();
        assert_eq!(["<circle", "class=\"whisker\""].map(|mark| chart.matches(mark).count()), [drawn; 2], "{basis}");
    }
    let whole = table::<TrendRow>(snapshot).into_iter().rfind(|row| row.basis == "all" && row.bears_forecast.is_some()).unwrap();
    assert_eq!(page.contains("id=\"neighbours\""), whole.durbin_watson < 1.5, "{}", whole.durbin_watson);
}

/// On paper every table and all evidence stayed closed (`check.mjs` measures it in Chromium).
#[test]
fn paper_has_what_is_closed_on_the_screen() {
    let print = sample().page.split("@media print").nth(1).unwrap().split("</style>").next().unwrap();
    assert!(print.contains("details::details-content") && print.contains("content-visibility: visible"));
}

#[test]
fn the_command_writes_the_same_bytes_every_time() {
    let Sample { workspace, snapshot, about, page } = sample();
    workspace.ok(&["-q", "report", "-o", "a.html"]);
    workspace.ok(&["-q", "--threads", "1", "report", snapshot.to_str().unwrap(), "-o", "b.html"]);
    for file in ["a.html", "b.html"] {
        assert!(std::fs::read_to_string(workspace.path(file)).unwrap() == *page, "{file}");
    }
    assert!(report_page(snapshot, about, &Beside::default()).unwrap() == *page);
    let nowhere = Workspace::new().run(&["report", "-o", "a.html"]);
    assert_eq!(nowhere.status, 1);
    assert!(nowhere.stderr.contains("cannot read snapshot") && nowhere.stderr.contains("way out"), "{}", nowhere.stderr);
}

/// Addresses that the page may lead to, beside those that evidence names.
const SOURCES: [&str; 3] = ["https://huggingface.co/", "https://arxiv.org/abs/", "https://evil.example/%22%20onmouseover"];

/// What no page may have: scripts, files from elsewhere, links that are no sources.
fn check_that_nothing_comes_in(page: &str) {
    for tag in tags(page) {
        let mut words = tag.split_whitespace();
        let name = words.next().unwrap();
        assert!(!["script", "link", "img", "iframe", "object", "embed", "base", "form"].contains(&name), "{tag}");
        assert!(words.all(|word| !word.starts_with("src") && !word.starts_with("on") && !word.starts_with("style")), "{tag}");
    }
    let style = page.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
    assert!(!style.contains("@import") && !style.contains("http"));
    for url in style.split("url(").skip(1) {
        assert!(url.starts_with("#hatch)"), "{}", &url[..url.len().min(40)]);
    }
    let evidence: Vec<EvidenceRow> = table(&sample().snapshot);
    let named: BTreeSet<&str> = evidence.iter().filter_map(|row| row.source_url.as_deref()).collect();
    assert!(named.iter().all(|url| url.starts_with("https://") || url.starts_with("http://")));
    for href in page.split("href=\"").skip(1).map(|h| h.split('"').next().unwrap().replace("&amp;", "&")) {
        let is_source = named.contains(&*href) || SOURCES.iter().any(|source| href.starts_with(source));
        assert!(href.starts_with('#') || href == "explorer.html" || is_source, "{href}");
    }
    assert!(page.contains("default-src 'none'"));
}

#[test]
fn the_page_needs_nothing_else_and_leads_to_sources_only() {
    check_that_nothing_comes_in(&sample().page);
}

#[test]
fn hostile_names_and_quotes_stay_text() {
    let Sample { snapshot, page, .. } = sample();
    let (dir, about) = sample().hostile();
    let beside = report_page(dir.path(), &about, &hostile_beside(snapshot, dir.path())).unwrap();
    keep_hostile("report.html", &beside);
    check_that_nothing_comes_in(&beside);
    assert!(beside.contains("id=\"cause-new_runs\"") && !beside.contains(HIDDEN));
    let hostile = report_page(dir.path(), &about, &Beside::default()).unwrap();
    check_that_nothing_comes_in(&hostile);
    let new: Vec<String> = tags(&hostile).difference(&tags(page)).cloned().collect();
    assert!(new.is_empty(), "{new:?}");
    assert!(hostile.contains("&lt;script&gt;alert(1)") && !hostile.contains(HIDDEN));
}

/// How a colour of the screen looks without one kind of cones: severity 1.0 of Machado, Oliveira and Fernandes, "A physiologically-based
/// model for simulation of color vision deficiency", 2009, on linear RGB.
const VISION: [(&str, [[f64; 3]; 3]); 4] = [
    ("all cones", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
    ("protanopia", [[0.152_286, 1.052_583, -0.204_868], [0.114_503, 0.786_281, 0.099_216], [-0.003_882, -0.048_116, 1.051_998]]),
    ("deuteranopia", [[0.367_322, 0.860_646, -0.227_968], [0.280_085, 0.672_501, 0.047_413], [-0.011_820, 0.042_940, 0.968_881]]),
    ("tritanopia", [[1.255_528, -0.076_749, -0.178_779], [-0.078_411, 0.930_809, 0.147_602], [0.004_733, 0.691_367, 0.303_900]]),
];

/// CIE L*a*b* (D65) of `#rrggbb` as that vision has it (IEC 61966-2-1 and CIE 15).
fn lab(hex: &str, vision: &[[f64; 3]; 3]) -> [f64; 3] {
    let times = |m: &[[f64; 3]; 3], v: [f64; 3]| m.map(|row| row.iter().zip(v).map(|(a, b)| a * b).sum::<f64>());
    let linear = [1, 3, 5].map(|at| {
        let c = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
        if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    });
    let to_xyz =
        [[0.412_456_4, 0.357_576_1, 0.180_437_5], [0.212_672_9, 0.715_152_2, 0.072_175_0], [0.019_333_9, 0.119_192_0, 0.950_304_1]];
    let xyz = times(&to_xyz, times(vision, linear).map(|c| c.clamp(0.0, 1.0)));
    let f = |t: f64| if t > (6.0_f64 / 29.0).powi(3) { t.cbrt() } else { t * (29.0_f64 / 6.0).powi(2) / 3.0 + 4.0 / 29.0 };
    let [x, y, z] = [f(xyz[0] / 0.950_47), f(xyz[1]), f(xyz[2] / 1.088_83)];
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

/// What is documented, what is imputed and the intervals on them can be told apart by readers who lack a kind of cones: at least 20 of
/// CIE76, some ten times what is just seen, in light, dark and print.
#[test]
fn colours_stay_apart_for_colour_blind_readers() {
    let css = include_str!("../src/report/style.css");
    let values = |name: &str| -> Vec<String> {
        let sign = format!("--{name}: #");
        css.split(&sign).skip(1).map(|rest| format!("#{}", &rest[..6])).collect()
    };
    let parts = ["documented", "imputed", "surface", "interval"].map(values);
    assert_eq!(parts.each_ref().map(Vec::len), [3, 3, 3, 3], "light, dark and print");
    // White has nothing of a and b: a check of the formula.
    let white = lab("#ffffff", &VISION[0].1);
    assert!((white[0] - 100.0).abs() < 0.01 && white[1].abs() < 0.02 && white[2].abs() < 0.02, "{white:?}");
    for (theme, (vision, matrix)) in (0..3).flat_map(|theme| VISION.iter().map(move |vision| (theme, vision))) {
        let seen = parts.each_ref().map(|part| lab(&part[theme], matrix));
        for (a, b) in [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3)] {
            let apart = seen[a].iter().zip(seen[b]).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
            assert!(apart >= 20.0, "{vision}, theme {theme}: colours {a} and {b} are {apart:.0} apart");
        }
    }
}
