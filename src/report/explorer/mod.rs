//! The explorer: one page that opens from disk, holds the models of the cohort, and lets a reader find, filter, sort and open them.
//!
//! The data lie in a block that no browser executes. The script is our own, stands at the end of the page, and is the only one that the
//! page's policy lets run, by its digest; it writes text, never markup.

mod book;
mod changes;
mod held;

use super::charts::patterns;
use super::page::head;
use super::text::plain;
use super::{About, Beside, words};
use crate::error::{Error, Result};
use crate::store::sha256_base64;
use book::Book;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use std::path::Path;

/// The script.
const SCRIPT: &str = include_str!("explorer.js");
/// Style of this page, behind that of the report.
const OWN_STYLE: &str = include_str!("explorer.css");

/// The page `explorer.html` of the tables in a directory; with a change, also why the total changed. The series is the report's.
///
/// # Errors
/// A table is missing, damaged or of another schema.
pub fn explorer_page(tables: &Path, about: &About, beside: &Beside) -> Result<String> {
    let book = Book::from_tables(tables, about, beside.change.as_ref())?;
    let json = serde_json::to_string(&book).map_err(|e| Error::Internal(format!("explorer: {e}")))?;
    Ok(page(about, &inert(&json)).into_string() + "\n")
}

/// JSON that cannot end the block it stands in, or begin a comment: what markup is made of is written as codes.
fn inert(json: &str) -> String {
    let mut out = String::with_capacity(json.len() + json.len() / 50);
    for c in json.chars() {
        match c {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            c => out.push(c),
        }
    }
    out
}

fn page(about: &About, json: &str) -> Markup {
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
        sha256_base64(SCRIPT.as_bytes())
    );
    html! {
        (DOCTYPE)
        html lang="en" {
            (head(&format!("Hugging Carbon explorer, index of {}", plain(&about.index_date)), &policy, &[OWN_STYLE]))
            body {
                a .skip href="#content" { "Skip to the models" }
                (patterns())
                header .top {
                    p .brand { "Hugging Carbon " span .range { "explorer, index of " (plain(&about.index_date)) } }
                }
                main #content tabindex="-1" {
                    h1 #title tabindex="-1" { "What did training this model emit?" }
                    p #notice role="status" hidden {}
                    noscript { p { "This page needs its script. The file report.html beside it does without." } }
                    (list(about))
                    div #model hidden {}
                }
                footer {
                    p {
                        "Edition " code { (about.edition) } ", method " (about.method_version) ". Figures: CC BY 4.0; sources in README.md. "
                        a href="report.html" { "Report" } ": totals, tests and limits."
                    }
                }
                script type="application/json" id="book" { (PreEscaped(json)) }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
}

/// Search, filters and the table, empty until the script fills it.
fn list(about: &About) -> Markup {
    let filter = |id: &str, name: &str| {
        html! { div .field { label for=(id) { (name) } select id=(id) { option value="" { "all" } } } }
    };
    let downloads = if words::is_cut_by_30_days(&about.cohort) { "Downloads in 30 days" } else { "Downloads, all time" };
    html! {
        section #list aria-label="Models" {
            p #since hidden {}
            search #filters {
                div .field .wide { label for="query" { "Search a model" }
                    input #query type="search" autocomplete="off" spellcheck="false" placeholder="for example llama 3.1 405b"; }
                (filter("owner", "Owner")) (filter("country", "Country of the owner")) (filter("task", "Task"))
                (filter("tier", "Known by")) (filter("year", "Year of training"))
                div .field .buttons { button #reset type="button" { "Clear" } button #csv type="button" { "CSV of this list" } }
            }
            p #count role="status" {}
            p .note {
                "Listed by the mean, as in the report, because means add up; a model's page has the median, which is what to expect of one \
                 training. Line: 90 % interval; point: mean, hollow where the figure is imputed."
            }
            div .scroll tabindex="0" role="group" aria-label="Models found" {
                table #models {
                    caption .hidden { "Models found" }
                    thead { tr {
                        (column("id", "Model", false)) (column("year", "Trained", true)) (column("params", "Parameters", true))
                        (column("kg", "Own training, mean", true)) th scope="col" { span .hidden { "90 % interval, drawn" } }
                        (column("lineage", "With everything upstream, mean", true)) (column("tier", "Known by", false))
                        (column("downloads", downloads, true))
                    } }
                    tbody {}
                }
            }
            p { button #more type="button" hidden { "Show more" } }
        }
    }
}

fn column(key: &str, name: &str, is_number: bool) -> Markup {
    html! { th scope="col" class=[is_number.then_some("number")] { button type="button" data-sort=(key) { (name) } } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_the_block_of_data() {
        let inert = inert(r#"{"a":"</script><!--<script>&\u2028"}"#);
        assert!(!inert.contains(['<', '>', '&']));
        let value: serde_json::Value = serde_json::from_str(&inert).unwrap();
        assert_eq!(value["a"], "</script><!--<script>&\u{2028}");
    }
}
