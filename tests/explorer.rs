//! The explorer: what it holds is what the tables say, its bytes are the same every time, and nothing that others wrote becomes markup or
//! script.
#![allow(clippy::unwrap_used, clippy::panic)] // A test that cannot set up its stage has failed.

mod common;

use base64::Engine as _;
use common::pages::{HIDDEN, Sample, hostile_beside, keep_hostile, tags};
use common::table;
use hugging_carbon::domain::Flag;
use hugging_carbon::report::{About, Beside, explorer_page};
use hugging_carbon::tables::{EstimateRow, EvidenceRow, LineageRow, ModelRow};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// A snapshot of the sample with its explorer.
fn sample() -> &'static Sample {
    static SAMPLE: OnceLock<Sample> = OnceLock::new();
    SAMPLE.get_or_init(|| Sample::with_page(explorer_page))
}

/// The data of a page.
fn book(page: &str) -> Value {
    let block = page.split("<script type=\"application/json\" id=\"book\">").nth(1).unwrap().split("</script>").next().unwrap();
    let mut book: Value = serde_json::from_str(block).unwrap();
    let named = |names: &Value, values: &Value| -> Value {
        let names = names.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned());
        names
            .enumerate()
            .map(|(at, name)| (name, values.get(at).cloned().unwrap_or(Value::Null)))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    let mut models = Vec::new();
    for values in book["models"].as_array().unwrap() {
        let mut model = named(&book["model_cells"], values);
        if !model["run"].is_null() {
            model["run"] = named(&book["run_cells"], &model["run"]);
        }
        models.push(model);
    }
    book["models"] = models.into();
    book
}

/// The script of a page.
fn script(page: &str) -> &str {
    page.rsplit("<script>").next().unwrap().split("</script>").next().unwrap()
}

/// Numbers are published with six significant digits.
fn agree(shown: &Value, right: f64, what: &str) {
    let shown = shown.as_f64().unwrap();
    assert!((shown - right).abs() <= 5.001e-6 * right.abs(), "{what}: {shown} is not {right}");
}

#[test]
fn every_model_of_the_cohort_has_its_figures() {
    let Sample { snapshot, page, .. } = sample();
    let book = book(page);
    let shown: BTreeMap<&str, &Value> = book["models"].as_array().unwrap().iter().map(|m| (m["id"].as_str().unwrap(), m)).collect();
    let estimates: BTreeMap<String, EstimateRow> =
        table::<EstimateRow>(snapshot).into_iter().map(|e| (e.model_id.clone(), e)).collect();
    let lineage: BTreeMap<String, LineageRow> =
        table::<LineageRow>(snapshot).into_iter().map(|l| (l.model_id.clone(), l)).collect();
    let cohort: Vec<ModelRow> = table::<ModelRow>(snapshot).into_iter().filter(|m| m.in_cohort).collect();
    assert_eq!(shown.len(), cohort.len());
    assert_eq!(book["of_models"], cohort.len());
    for model in cohort {
        let (m, e) = (shown[model.model_id.as_str()], &estimates[&model.model_id]);
        assert_eq!(m["tier"], e.tier.0.number());
        assert_eq!(m["p"].is_null(), model.p.is_certain(), "{}", model.model_id);
        agree(&m["lineage"], lineage[&model.model_id].lineage_emissions_kgco2e_mean, &model.model_id);
        if e.tier.0.number() == 0 {
            assert!(m["run"].is_null(), "{}", model.model_id);
            continue;
        }
        for (at, value) in e.emissions_kgco2e.values().into_iter().enumerate() {
            agree(&m["run"]["kg"][at], value, &model.model_id);
        }
        agree(&m["run"]["kwh"][1], e.energy_kwh.p50, &model.model_id);
        agree(&m["run"]["flop"][1], e.train_flop.p50, &model.model_id);
        let beside = [Flag::ComputeImpliedByTheChain, Flag::EnergyIsStated, Flag::AcceleratorHoursAreStated];
        let number: usize = beside.iter().enumerate().map(|(bit, flag)| usize::from(e.flags.contains(flag)) << bit).sum();
        assert_eq!(m["run"]["beside"], number, "{}", model.model_id);
        assert_eq!(
            m["run"]["stands_in"][4],
            e.grid_is_fallback == Some(true) || e.grid_is_owner_country == Some(true),
            "{}",
            model.model_id
        );
    }
}

#[test]
fn evidence_is_quoted_and_linked() {
    let Sample { snapshot, page, .. } = sample();
    let book = book(page);
    let text = |place: &Value| book["texts"][usize::try_from(place.as_u64().unwrap()).unwrap()].as_str().unwrap().to_owned();
    let llama = book["models"].as_array().unwrap().iter().find(|m| m["id"] == "meta-llama/Llama-3.1-405B").unwrap();
    let lines = llama["evidence"].as_array().unwrap();
    let quotes: Vec<String> = lines.iter().map(|line| text(&line[5])).collect();
    for row in table::<EvidenceRow>(snapshot).into_iter().filter(|row| row.model_id == "meta-llama/Llama-3.1-405B") {
        let cut = row.quote.chars().count() >= 200;
        assert!(quotes.contains(&if cut { format!("{}…", row.quote) } else { row.quote.clone() }), "{}", row.quote);
    }
    assert!(lines[0][6].as_bool().unwrap(), "what the figure rests on goes first");
    let links: Vec<String> = lines.iter().filter(|line| !line[8].is_null()).map(|line| text(&line[8])).collect();
    assert!(links.iter().any(|link| link.starts_with("https://")), "{links:?}");
}

/// 512 tokens were shown as 510: what is quoted is held as it is.
#[test]
fn figures_of_evidence_are_not_rounded() {
    let Sample { snapshot, page, .. } = sample();
    let book = book(page);
    let of = |m: &Value| m["evidence"].as_array().into_iter().flatten().filter_map(|line| line[1].as_f64()).collect::<Vec<f64>>();
    let held: BTreeMap<&str, Vec<f64>> =
        book["models"].as_array().unwrap().iter().map(|m| (m["id"].as_str().unwrap(), of(m))).collect();
    let mut compared = 0;
    for (id, values) in held {
        let rows: Vec<f64> =
            table::<EvidenceRow>(snapshot).into_iter().filter(|row| row.model_id == id).filter_map(|row| row.value).collect();
        // The reader of JSON in this test may be one unit in the last place off.
        let is_held = |value: &f64| rows.iter().any(|row| (row - value).abs() <= 1e-14 * row.abs());
        assert!(values.iter().all(is_held), "{id}: {values:?}");
        compared += values.len();
        if compared > 400 {
            break;
        }
    }
    assert!(compared > 100);
}

/// A cohort of 30 days showed the downloads of all time, which most of its models lack.
#[test]
fn downloads_are_those_that_the_cohort_is_cut_by() {
    let Sample { snapshot, about, page, .. } = sample();
    assert_eq!(book(page)["cut_by"], "downloads");
    assert!(page.contains(">Downloads, all time</button>"));
    let recent = About { cohort: about.cohort.replace("downloads_all_time", "downloads_30d"), ..about.clone() };
    let recent = explorer_page(snapshot, &recent, &Beside::default()).unwrap();
    assert_eq!(book(&recent)["cut_by"], "downloads_30d");
    assert!(recent.contains(">Downloads in 30 days</button>"));
    let held = book(&recent);
    let cells = held["model_cells"].as_array().unwrap();
    assert!(cells.contains(&Value::from("downloads")) && cells.contains(&Value::from("downloads_30d")));
}

/// Reported emissions looked computed, and stated hours showed a utilization that they do not rest on.
#[test]
fn the_steps_of_a_model_are_those_of_its_tier() {
    let book = book(&sample().page);
    let named = |tier: usize, implied: usize| -> Vec<&str> {
        book["words"]["steps"][tier][implied].as_array().unwrap().iter().map(|step| step[0].as_str().unwrap()).collect()
    };
    assert!(named(0, 0).is_empty());
    assert_eq!(named(3, 0), ["compute", "hours", "power", "overhead", "energy", "grid", "emissions"]);
    for tier in 1..=6 {
        let until = named(tier, 1).iter().position(|step| *step == "emissions").unwrap();
        assert_eq!(named(tier, 1)[..until].contains(&"utilization"), tier >= 4, "tier {tier}");
    }
}

#[test]
fn the_command_writes_the_same_bytes_every_time() {
    let Sample { workspace, snapshot, about, page } = sample();
    workspace.ok(&["-q", "explorer", "-o", "a.html"]);
    assert!(std::fs::read_to_string(workspace.path("a.html")).unwrap() == *page);
    assert!(explorer_page(snapshot, about, &Beside::default()).unwrap() == *page);
}

/// The policy names the script by its digest, and the script has no way to make markup of a text, to run one, or to call out.
#[test]
fn only_the_own_script_runs_and_it_writes_text() {
    let page = &sample().page;
    let digest = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(script(page).as_bytes()));
    assert!(page.contains(&format!("default-src 'none'; script-src 'sha256-{digest}'; style-src")));
    assert_eq!(page.matches("<script").count(), 2);
    for way in [
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "Function(",
        "fetch(",
        "XMLHttpRequest",
        "import(",
    ] {
        assert!(!script(page).contains(way), "{way}");
    }
}

#[test]
fn hostile_names_and_quotes_stay_text() {
    let Sample { snapshot, page, .. } = sample();
    let (dir, about) = sample().hostile();
    let hostile = explorer_page(dir.path(), &about, &hostile_beside(snapshot, dir.path())).unwrap();
    keep_hostile("explorer.html", &hostile);
    assert!(hostile.contains("\"change\":{\"old\":"));
    let new: Vec<String> = tags(&hostile).difference(&tags(page)).cloned().collect();
    assert!(new.is_empty(), "{new:?}");
    assert_eq!(hostile.matches("<script").count(), 2);
    assert_eq!(script(&hostile), script(page));
    let book = book(&hostile);
    assert_eq!(book["models"].as_array().unwrap().len(), self::book(page)["models"].as_array().unwrap().len());
    assert!(book["models"].as_array().unwrap().iter().any(|m| m["id"].as_str().unwrap().contains("<script>alert(1)</script>")));
    let held = hostile.split("id=\"book\">").nth(1).unwrap().split("</script>").next().unwrap();
    assert!(!hostile.contains(HIDDEN) && !held.contains("\\u202") && !held.contains("\\r"));
    // Links of evidence are pages of the web, or none.
    let at =
        |line: &Value| line[8].as_u64().map(|place| book["texts"][usize::try_from(place).unwrap()].as_str().unwrap().to_owned());
    let models = book["models"].as_array().unwrap().iter();
    let links: Vec<String> = models.flat_map(|m| m["evidence"].as_array().into_iter().flatten().filter_map(at)).collect();
    assert!(!links.is_empty() && links.iter().all(|link| link.starts_with("https://")), "{links:?}");
}
