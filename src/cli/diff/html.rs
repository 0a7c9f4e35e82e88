//! What changed, as a page that needs nothing else.

use super::Change;
use crate::cli::text::{count, number};
use std::fmt::Write as _;

/// Rows shown of every cause; `--format json` has all.
const SHOWN: usize = 100;
const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}\
table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem}th,td{padding:.2rem .6rem;text-align:left;border-bottom:1px solid #8884}\
.n{text-align:right;font-variant-numeric:tabular-nums}td:first-child{overflow-wrap:anywhere}";

/// The page. Writing to a String cannot fail.
pub fn page(change: &Change) -> String {
    let (old, new) = (&change.old, &change.new);
    let tonnes = |kg: f64| number(kg / 1e3);
    let title = format!("{} to {}", escaped(&old.snapshot), escaped(&new.snapshot));
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>What changed: {title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>What changed</h1>\n<p>{title}. Cohort {}: from {} t \
         CO2e in {} runs to {} t in {} runs (means), a change of {} t. The causes below add up to it.</p>\n",
        escaped(&new.cohort),
        tonnes(old.emissions_kgco2e),
        old.runs,
        tonnes(new.emissions_kgco2e),
        new.runs,
        tonnes(change.change_kgco2e),
    );
    out.push_str("<table>\n<caption>By cause, t CO2e</caption>\n");
    out.push_str("<tr><th>cause</th><th>what it means</th><th class=\"n\">runs</th><th class=\"n\">change</th></tr>\n");
    for c in &change.causes {
        let (name, runs, kg) = (c.cause.name(), count(c.runs as u64), tonnes(c.change_kgco2e));
        let _ = writeln!(
            out,
            "<tr><td><a href=\"#{name}\">{name}</a></td><td>{}</td><td class=\"n\">{runs}</td><td class=\"n\">{kg}</td></tr>",
            escaped(c.meaning)
        );
    }
    out.push_str("</table>\n");
    for c in &change.causes {
        let name = c.cause.name();
        let _ = writeln!(out, "<h2 id=\"{name}\">{name}</h2>\n<table>");
        out.push_str(
            "<tr><th>run</th><th>from what to what</th><th class=\"n\">old, t</th><th class=\"n\">new, t</th><th class=\"n\">change, t</th></tr>\n",
        );
        for row in change.rows.iter().filter(|row| row.cause == c.cause).take(SHOWN) {
            let kg = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), tonnes);
            let _ = writeln!(
                out,
                "<tr><td>{}</td><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
                escaped(&row.run_id),
                escaped(&row.note),
                kg(row.old_kgco2e),
                kg(row.new_kgco2e),
                tonnes(row.change_kgco2e)
            );
        }
        out.push_str("</table>\n");
        if c.runs > SHOWN {
            let _ = writeln!(out, "<p>And {} more.</p>", c.runs - SHOWN);
        }
    }
    out.push_str("</body>\n</html>\n");
    out
}

/// Names and quotes come from strangers: nothing of them becomes markup.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_become_markup() {
        assert_eq!(escaped("<img src=x onerror='a'>&\""), "&lt;img src=x onerror=&#39;a&#39;&gt;&amp;&quot;");
    }
}
