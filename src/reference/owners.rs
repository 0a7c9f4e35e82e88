//! What is known of the owners of repositories: country, and whose data centres they train in.

use crate::domain::{OwnerClass, in_lower_case};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A row of owners.csv.
#[derive(Clone, Debug, Deserialize)]
pub struct OwnerRow {
    /// Namespace.
    pub owner: String,
    /// Organization behind it.
    pub organization: String,
    /// ISO 3166 alpha-3.
    pub country: String,
    /// Source.
    pub source: String,
    /// Operator slug.
    pub pue_operator: Option<String>,
}

/// Words of names of academic organizations.
const ACADEMIC: &[&str] = &[
    "univers",
    "institut",
    "academy",
    "college",
    "epfl",
    "eth z",
    "inria",
    "cnrs",
    "mila",
    "stanford",
    "mit ",
    "(mit)",
    "tsinghua",
    "berkeley",
    "caltech",
    "school",
    "supercomputing",
    "hospital",
    "laborator",
];
/// Companies whose names appear beside universities'.
const COMPANIES: &[&str] = &[
    "google",
    "deepmind",
    "meta ",
    "facebook",
    "microsoft",
    "nvidia",
    "alibaba",
    "tencent",
    "baidu",
    "bytedance",
    "openai",
    "apple",
    "amazon",
    "ibm",
    "salesforce",
    "huawei",
    "sensetime",
    "megvii",
    "adobe",
    // Not the beginning of "intelligence".
    "intel ",
    "samsung",
    "naver",
    "kakao",
    "hugging face",
    "together",
    "stability",
    "mosaic",
    "databricks",
    "cerebras",
    "snowflake",
    "qualcomm",
    "xiaomi",
    "technology innovation institute",
    // Institutes that are companies' own.
    "toyota research institute",
    "geely",
    "jd explore academy",
];

/// Class of an organization, from the names of those behind it, joined by commas.
#[must_use]
pub fn class_of_organization(organization: &str) -> OwnerClass {
    let name = format!("{} ", organization.to_lowercase().replace([',', '/'], " "));
    let has = |words: &[&str]| words.iter().any(|w| name.contains(w));
    if has(ACADEMIC) && !has(COMPANIES) { OwnerClass::Academia } else { OwnerClass::Industry }
}

/// Organizations that the registry names in several ways: a beginning of the name, and the house it is.
const ALIASES: &[(&str, &str)] = &[
    ("facebook", "Meta"),
    ("meta ", "Meta"),
    ("deepmind", "Google"),
    ("google", "Google"),
    ("microsoft", "Microsoft"),
    ("ibm", "IBM"),
    ("mit-ibm", "IBM"),
    ("salesforce", "Salesforce"),
    ("alibaba", "Alibaba"),
];

/// The first of the organizations of a run, under one name.
#[must_use]
pub fn first_organization(organizations: &str) -> Option<&str> {
    let first = organizations.split(',').next().map(str::trim).filter(|first| !first.is_empty())?;
    let lower = format!("{} ", first.to_lowercase());
    Some(ALIASES.iter().find(|(beginning, _)| lower.starts_with(beginning)).map_or(first, |(_, name)| name))
}

/// Whether an organization teaches: its groups train apart. Other institutes train as companies do.
fn is_university(organization: &str) -> bool {
    let name = organization.to_lowercase();
    let teaches = ["univers", "institute of technology", "college", "school", "(mit)", "epfl", "eth z"];
    class_of_organization(organization) == OwnerClass::Academia && teaches.iter().any(|word| name.contains(word))
}

/// The owners.
#[derive(Debug)]
pub struct Owners {
    rows: BTreeMap<String, OwnerRow>,
    /// Companies and institutes with several namespaces, by namespace.
    houses: BTreeMap<String, Arc<str>>,
    /// Companies with a namespace.
    companies: BTreeSet<String>,
}

impl Owners {
    pub(super) fn new(rows: Vec<OwnerRow>) -> Self {
        let mut namespaces: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for row in rows.iter().filter(|row| !is_university(&row.organization)) {
            namespaces.entry(&row.organization).or_default().push(&row.owner);
        }
        let several = namespaces.iter().filter(|(_, owners)| owners.len() > 1);
        let house = |(organization, owners): (&&str, &Vec<&str>)| {
            let house: Arc<str> = Arc::from(*organization);
            owners.iter().map(|owner| (owner.to_lowercase(), Arc::clone(&house))).collect::<Vec<_>>()
        };
        let houses = several.flat_map(house).collect();
        let is_company = |organization: &&&str| class_of_organization(organization) == OwnerClass::Industry;
        let companies = namespaces.keys().filter(is_company).map(|organization| (*organization).to_owned()).collect();
        Self { houses, companies, rows: rows.into_iter().map(|row| (row.owner.to_lowercase(), row)).collect() }
    }

    /// The company or institute behind a namespace that has others, too. A university is no house: its groups train apart.
    #[must_use]
    pub fn house(&self, owner: &str) -> Option<Arc<str>> {
        in_lower_case(owner, |owner| self.houses.get(owner).cloned())
    }

    /// Name under which the trainings of an owner stand in the registry: that of its organization, else its own.
    #[must_use]
    pub fn registered_as<'a>(&'a self, owner: &'a str) -> &'a str {
        self.row(owner).and_then(|row| first_organization(&row.organization)).unwrap_or(owner)
    }

    /// The organization behind a namespace.
    #[must_use]
    pub fn organization(&self, owner: &str) -> Option<&str> {
        self.row(owner).map(|row| row.organization.as_str())
    }

    /// Whether a company of this name has a namespace of its own.
    #[must_use]
    pub fn has_company(&self, organization: &str) -> bool {
        self.companies.contains(organization)
    }

    /// ISO alpha-3 country of an owner, with its source.
    #[must_use]
    pub fn country(&self, owner: &str) -> Option<(&str, &str)> {
        self.row(owner).map(|row| (row.country.as_str(), row.source.as_str()))
    }

    /// Class of an owner.
    #[must_use]
    pub fn class(&self, owner: Option<&str>) -> OwnerClass {
        let row = owner.and_then(|owner| self.row(owner));
        row.map_or(OwnerClass::Unlisted, |row| class_of_organization(&row.organization))
    }

    /// Data centre operator whose PUE an owner's runs are given.
    #[must_use]
    pub fn operator(&self, owner: &str) -> Option<&str> {
        self.row(owner)?.pue_operator.as_deref()
    }

    fn row(&self, owner: &str) -> Option<&OwnerRow> {
        in_lower_case(owner, |owner| self.rows.get(owner))
    }

    /// All owners, by namespace.
    pub fn rows(&self) -> impl Iterator<Item = &OwnerRow> {
        self.rows.values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Regression: `IFM/K2-Think-V2` carried a second pre-training of `LLM360/K2-V2`, of the same institute.
    #[test]
    fn an_institute_is_a_house_and_a_university_is_none() {
        for (name, is) in [
            ("Stanford University", true),
            ("Tokyo Institute of Technology", true),
            ("Massachusetts Institute of Technology (MIT)", true),
            ("Institute of Foundation Models (MBZUAI)", false),
            ("Barcelona Supercomputing Center", false),
            ("Alibaba", false),
        ] {
            assert_eq!(is_university(name), is, "{name}");
        }
    }

    #[test]
    fn companies_beside_universities_are_industry() {
        for (name, class) in [
            ("Alibaba,Huazhong University of Science and Technology", OwnerClass::Industry),
            ("Stanford University,University of Montreal", OwnerClass::Academia),
            ("Massachusetts Institute of Technology (MIT)", OwnerClass::Academia),
            // Regression: a company's institute was a university.
            ("Toyota Research Institute", OwnerClass::Industry),
            ("Toyota Technological Institute at Chicago", OwnerClass::Academia),
            ("Mistral AI", OwnerClass::Industry),
            ("Technology Innovation Institute", OwnerClass::Industry),
            // Regression: "intel" made a company of every university of artificial intelligence.
            ("Mohamed bin Zayed University of Artificial Intelligence (MBZUAI)", OwnerClass::Academia),
            ("Max Planck Institute for Intelligent Systems,University of Tübingen", OwnerClass::Academia),
            ("Intel,University of Washington", OwnerClass::Industry),
            ("Carnegie Mellon University,Intel", OwnerClass::Industry),
        ] {
            assert_eq!(class_of_organization(name), class, "{name}");
        }
    }
}
