//! The listing `GET /api/models`: what is asked for.

use crate::error::Result;
use crate::hub::live::environment::Environment;
use crate::hub::record::fields::{HubField, Listed};
use url::Url;

/// Order of the listing. The Hub's default, trendingScore, moves while it is read and is not offered here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// Newest first; does not move while it is read.
    CreatedAt,
    /// Changed last first.
    LastModified,
}

impl Sort {
    /// The query value, as the official Python client spells it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CreatedAt => "createdAt",
            Self::LastModified => "lastModified",
        }
    }
}

/// A listing to crawl.
#[derive(Clone, Debug)]
pub struct Listing {
    /// Order.
    pub sort: Sort,
    /// Records per page asked for; the Hub may give fewer.
    pub limit: u32,
    /// Properties to expand; with `expand` the Hub gives only those, and `_id` and `id`.
    pub expand: Vec<String>,
    /// Stop after the first page on which every record was last modified at or before this time (milliseconds since 1970).
    pub until_ms: Option<i64>,
    /// Most pages, against a Hub that never ends.
    pub max_pages: u64,
}

impl Listing {
    /// Everything about every model.
    #[must_use]
    pub fn full(with_siblings: bool) -> Self {
        let expand = expanded(|listed| match listed {
            Listed::Volatile | Listed::Content => true,
            Listed::OnRequest => with_siblings,
            Listed::Always | Listed::Never => false,
        });
        Self { sort: Sort::CreatedAt, limit: 1_000, expand, until_ms: None, max_pages: 50_000 }
    }

    /// What changes without a commit, about every model.
    #[must_use]
    pub fn light() -> Self {
        Self { expand: expanded(|listed| listed == Listed::Volatile), ..Self::full(false) }
    }

    /// Everything about the models modified after a time.
    #[must_use]
    pub fn changed_since(until_ms: i64, with_siblings: bool) -> Self {
        Self { sort: Sort::LastModified, until_ms: Some(until_ms), ..Self::full(with_siblings) }
    }

    /// What the listing is, whatever the page size: the journal of a crawl pins it.
    #[must_use]
    pub fn query(&self) -> String {
        let until = self.until_ms.map(|ms| format!("&until={ms}")).unwrap_or_default();
        format!("sort={}&direction=-1&expand={}{until}", self.sort.name(), self.expand.join(","))
    }

    /// URL of the first page.
    ///
    /// # Errors
    /// None in practice; see [`Environment::url`].
    pub fn url(&self, environment: &Environment) -> Result<Url> {
        let mut url = environment.url(&["api", "models"])?;
        url.query_pairs_mut()
            .append_pair("limit", &self.limit.to_string())
            .append_pair("sort", self.sort.name())
            .append_pair("direction", "-1");
        append_expand(&mut url, &self.expand);
        Ok(url)
    }
}

/// The properties to expand, in the order of the alphabet: the journal of a crawl pins the list.
fn expanded(is_wanted: impl Fn(Listed) -> bool) -> Vec<String> {
    let mut keys: Vec<String> =
        HubField::ALL.iter().filter(|field| is_wanted(field.listed())).map(|field| field.key().to_owned()).collect();
    keys.sort();
    keys
}

/// Adds `expand[]=...` for each property.
pub fn append_expand(url: &mut Url, expand: &[String]) {
    let mut pairs = url.query_pairs_mut();
    for property in expand {
        pairs.append_pair("expand[]", property);
    }
}

/// The same page with another page size.
#[must_use]
pub fn with_limit(url: &Url, limit: u32) -> Url {
    let others: Vec<(String, String)> =
        url.query_pairs().filter(|(k, _)| k != "limit").map(|(k, v)| (k.into_owned(), v.into_owned())).collect();
    let mut url = url.clone();
    url.query_pairs_mut().clear().append_pair("limit", &limit.to_string()).extend_pairs(others);
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_is_what_the_hub_documents() {
        let environment = Environment::from_lookup(|_| None, std::path::Path::new("/nowhere")).unwrap();
        let url = Listing::full(false).url(&environment).unwrap();
        assert_eq!(url.path(), "/api/models");
        let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        assert_eq!(
            pairs[..3],
            [("limit".into(), "1000".into()), ("sort".into(), "createdAt".into()), ("direction".into(), "-1".into())]
        );
        assert!(pairs[3..].iter().all(|(k, _)| k == "expand[]"));
        assert_eq!(pairs.len(), 3 + 18);
        // Refused by the Hub in listings.
        for bad in ["baseModels", "childrenModelCount", "usedStorage"] {
            assert!(!pairs.iter().any(|(_, v)| v == bad));
        }
        assert_eq!(with_limit(&url, 7).query_pairs().filter(|(k, v)| k == "limit" && v == "7").count(), 1);
        assert_eq!(with_limit(&with_limit(&url, 7), 1_000), url);
    }

    #[test]
    fn light_and_content_make_the_whole() {
        let content = expanded(|listed| listed == Listed::Content);
        let full = Listing::full(true).expand;
        let light = Listing::light().expand;
        assert!(light.iter().all(|p| full.contains(p) && !content.contains(p)));
        assert_eq!(full.len(), light.len() + content.len() + 1);
    }

    /// Journals of crawls that were made before pin these words: another list, and nothing could be resumed or updated.
    #[test]
    fn the_queries_are_those_that_journals_pin() {
        const LIGHT: &str = "author,createdAt,disabled,downloads,downloadsAllTime,gated,lastModified,library_name,likes,pipeline_tag,\
                             private,sha,tags,trendingScore";
        const FULL: &str = "author,cardData,config,createdAt,disabled,downloads,downloadsAllTime,gated,gguf,lastModified,library_name,\
                            likes,pipeline_tag,private,safetensors,sha,tags,trendingScore";
        assert_eq!(Listing::light().query(), format!("sort=createdAt&direction=-1&expand={LIGHT}"));
        assert_eq!(Listing::full(false).query(), format!("sort=createdAt&direction=-1&expand={FULL}"));
        assert!(Listing::full(true).query().contains("sha,siblings,tags"));
    }
}
