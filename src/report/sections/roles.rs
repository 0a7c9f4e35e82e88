//! How well the program tells what a repository's own training was.

use crate::domain::{ClosedSet, RoleMethod, Shown};
use crate::report::charts::table;
use crate::report::data::Data;
use crate::report::numbers::{counted, figure, percent};
use crate::report::words;
use crate::tables::RoleScoreRow;
use maud::{Markup, html};

pub(super) fn body(data: &Data) -> Markup {
    let scores = scores(data);
    let calibration: Vec<Vec<Markup>> = data
        .role_reliability
        .iter()
        .filter(|r| r.shown == Shown::AsItIs && r.n > 0)
        .map(|r| {
            vec![
                html! { (words::role(r.role)) },
                html! { (r.tenth * 10) " to " (r.tenth * 10 + 10) " %" },
                counted(r.n),
                figure(r.mean_probability, percent(r.mean_probability)),
                figure(r.observed_share, percent(r.observed_share)),
            ]
        })
        .collect();
    html! {
        p .lead {
            "Whether a repository was pre-trained, fine-tuned or merely copied decides more than any factor. Where nothing certain tells, \
             each role gets a probability, learnt from records that were looked up by hand, and the draws are dealt accordingly."
        }
        div .table-block id="role-scores" {
            h3 { "Scores on owners held out" }
            p .reading {
                "Log loss: 0 is perfect. Right: how often the likeliest role is the true one. With little: when only id, task and downloads \
                 are shown."
            }
            (table("Ways of telling roles", &["way", "records", "owners", "log loss", "right", "log loss, with little", "right, with little"],
                1, &scores))
            p .note { "Source: table role_scores." }
        }
        details #calibration {
            summary { "Are the probabilities right? Said and observed, role by role" }
            (table("Calibration", &["role", "probability said", "records", "mean probability", "observed"], 2, &calibration))
            p .note { "Source: table role_reliability. With few records an observed share may be far from the said one by chance." }
        }
    }
}

/// One line for each way, the one in use first.
fn scores(data: &Data) -> Vec<Vec<Markup>> {
    let of = |method: RoleMethod, shown: Shown| data.role_scores.iter().find(|s| s.method == method && s.shown == shown);
    let cells = |score: Option<&RoleScoreRow>| {
        [
            score.map_or_else(|| html! { "–" }, |s| figure(s.log_loss, format!("{:.2}", s.log_loss))),
            score.map_or_else(|| html! { "–" }, |s| figure(s.accuracy, percent(s.accuracy))),
        ]
    };
    RoleMethod::ALL
        .iter()
        .filter_map(|method| {
            let whole = of(*method, Shown::AsItIs)?;
            let mut line = vec![html! { (method.meaning().trim().trim_end_matches('.')) }, counted(whole.n), counted(whole.owners)];
            line.extend(cells(Some(whole)));
            line.extend(cells(of(*method, Shown::IdTaskDownloads)));
            Some(line)
        })
        .collect()
}
