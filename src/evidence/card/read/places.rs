//! Where, when and by whose cloud a training ran.

use crate::evidence::card::decide::sections::name_tokens;
use crate::evidence::card::read::candidate::{Card, Spot};
use crate::evidence::hardware::Context;
use crate::evidence::place;
use crate::evidence::quantity::tokens::{Kind, Token, text_at};

const PROVIDERS: &[(&str, &[&str])] = &[
    ("AWS", &["aws", "amazon", "sagemaker", "ec2"]),
    ("Google Cloud", &["gcp", "google cloud", "google", "vertex", "colab"]),
    ("Azure", &["azure", "microsoft"]),
    ("Lambda", &["lambda labs", "lambdalabs", "lambda gpu", "lambda"]),
    ("vast.ai", &["vast ai", "vast.ai", "vastai", "vast"]),
    ("RunPod", &["runpod"]),
    ("OVHcloud", &["ovh", "ovhcloud"]),
    ("CoreWeave", &["coreweave"]),
    ("Paperspace", &["paperspace"]),
    ("Jarvislabs", &["jarvislabs"]),
    ("Scaleway", &["scaleway"]),
    ("Oracle", &["oracle", "oci"]),
    ("Kaggle", &["kaggle"]),
    ("Alibaba Cloud", &["alibaba"]),
    ("Genesis Cloud", &["genesis cloud"]),
    ("Together", &["together"]),
];
/// Names that are companies or words as often as clouds: they count in a field for clouds only.
const FIELD_ONLY: &[&str] = &["google", "microsoft", "amazon", "lambda", "oracle", "together", "vast", "colab", "kaggle", "vertex"];

/// The cloud provider that a text names.
#[must_use]
pub fn provider_in(text: &str, in_prose: bool) -> Option<&'static str> {
    let short: String = text.chars().take(2000).collect();
    let joined = format!(" {} ", name_tokens(&short).join(" "));
    let names = |name: &str| !(in_prose && FIELD_ONLY.contains(&name)) && joined.contains(&format!(" {name} "));
    PROVIDERS.iter().find(|(_, spellings)| spellings.iter().any(|s| names(s))).map(|(provider, _)| *provider)
}

/// Words that may mean a cloud: the trigger for a closer look.
pub const CLOUD_WORDS: &[&str] = &[
    "aws",
    "gcp",
    "azure",
    "sagemaker",
    "lambda",
    "cloud",
    "vast",
    "runpod",
    "ovhcloud",
    "ovh",
    "coreweave",
    "paperspace",
    "scaleway",
    "jarvislabs",
];

/// Number of a month by its name.
#[must_use]
pub fn month(word: &str) -> Option<u32> {
    Some(match word {
        "january" | "jan" => 1,
        "february" | "feb" => 2,
        "march" | "mar" => 3,
        "april" | "apr" => 4,
        "may" => 5,
        "june" | "jun" => 6,
        "july" | "jul" => 7,
        "august" | "aug" => 8,
        "september" | "sep" | "sept" => 9,
        "october" | "oct" => 10,
        "november" | "nov" => 11,
        "december" | "dec" => 12,
        _ => return None,
    })
}

/// Years in which models on the Hub were trained.
const YEARS: std::ops::RangeInclusive<f64> = 2015.0..=2030.0;

/// Year and month of the first date: `March 2023`, `2023-03`.
#[must_use]
pub fn date_in(ts: &[Token<'_>]) -> Option<String> {
    let year = |i: usize| {
        let t = ts.get(i).filter(|t| t.kind == Kind::Number && t.text.len() == 4)?;
        t.value.filter(|v| YEARS.contains(v)).map(|_| t.text.as_ref())
    };
    (0..ts.len()).find_map(|i| {
        let t = ts.get(i)?;
        if t.kind == Kind::Word && t.upper {
            let month = month(t.text.as_ref())?;
            return (i + 1..i + 5).find_map(year).map(|y| format!("{y}-{month:02}"));
        }
        let y = year(i)?;
        let sign = ts.get(i + 1).filter(|s| s.is_any(&["-", "/"]))?;
        let m = ts.get(i + 2).filter(|m| m.text.len() == 2)?.value.filter(|m| (1.0..=12.0).contains(m))?;
        (text_at(ts, i + 3) == sign.text.as_ref()).then(|| format!("{y}-{m:02}"))
    })
}

impl Card<'_> {
    /// A cloud region, or a plain place.
    pub fn add_place(&mut self, spot: &Spot<'_>, value: &str) {
        let written: String = value.trim().chars().take(80).collect();
        let tables = place::PlaceTables { places: &self.reference.places, grid: &self.reference.grid, pue: &self.reference.pue };
        let place = place::read_place(tables, &written, Context::Field);
        let is_plain = place.cloud_region.is_none() && place.settled().is_some();
        self.add(spot, if is_plain { "country" } else { "cloud_region" }, None, &written, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::quantity::tokens::lex;

    #[test]
    fn clouds_and_dates() {
        assert_eq!(provider_in("AWS SageMaker, on 384 A100 40GB GPUs", true), Some("AWS"));
        assert_eq!(provider_in("Google", false), Some("Google Cloud"));
        assert_eq!(provider_in("trained by Google", true), None);
        assert_eq!(provider_in("`RTX 3090` on [vast.ai](vast.ai)", true), Some("vast.ai"));
        assert_eq!(date_in(&lex("happened in early March 2023")), Some("2023-03".into()));
        assert_eq!(date_in(&lex("between May and June 2024")), Some("2024-05".into()));
        assert_eq!(date_in(&lex("2022-12-31")), Some("2022-12".into()));
        assert_eq!(date_in(&lex("we may see 2048 tokens")), None);
    }
}
