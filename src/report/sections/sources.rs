//! What the snapshot is made from, and how to check it.

use crate::report::About;
use crate::report::charts::table;
use crate::report::numbers::{count, counted};
use crate::report::text::named;
use maud::{Markup, html};

pub(super) fn body(about: &About) -> Markup {
    let files: Vec<Vec<Markup>> = about
        .inputs
        .iter()
        .map(|file| {
            let records = i64::try_from(file.records).unwrap_or(i64::MAX);
            vec![named(&file.name), html! { code .digest { (named(&file.sha256)) } }, counted(records)]
        })
        .collect();
    let draws = count(i64::try_from(about.draws).unwrap_or(i64::MAX));
    html! {
        (table("Source files", &["file", "SHA-256", "records"], 2, &files))
        h3 { "How a figure is made" }
        p {
            "Every run is estimated from the best that is known of it: reported emissions; energy times the emissions of the grid; chips and \
             hours times power and facility overhead; or compute over the rate of the chips. What is not stated is drawn from the spread of \
             published runs, " (draws) " times per run, and what runs share is drawn once for all. Sums are taken draw by draw."
        }
        h3 { "How to check it" }
        ul {
            li { "The tables beside this page hold every figure: " code { "aggregates.parquet" } ", " code { "estimates.parquet" } ", "
                code { "evidence.parquet" } " and the others that README.md describes." }
            li { code { "hugging-carbon explain OWNER/NAME" } " shows one model from its evidence to the result, step by step." }
            li { code { "hugging-carbon audit SNAPSHOT" } " rebuilds everything from the same inputs and compares every byte, this page \
                included." }
            li { code { "hugging-carbon report --since previous -o FILE" } " writes this page with a section on what changed since the \
                snapshot published before, and why; " code { "--since DIR" } " since any other. The page inside a snapshot follows from its own \
                inputs alone, so that anybody can make it again." }
            li { "A developer's own figures go before any estimate: state emissions, energy, chips and hours in the model card." }
        }
        p .note {
            "Sources of facts: the Hugging Face Hub; Epoch AI (CC BY 4.0); Our World in Data from Ember and the Energy Institute (CC BY 4.0); \
             operators' and vendors' reports. README.md has the whole list with licences. Every row of evidence names its own."
        }
    }
}
