//! What [`crate::hub::live::dataset`] and [`crate::hub::live::upload`] share: a client of the hf-hub crate, and its errors in our words.

use crate::error::{Error, Result};
use crate::hub::live::environment::Environment;
use hf_hub::{HFClient, HFClientSync, HFError, HFRepositorySync, RepoTypeDataset};

/// A dataset repository, `owner/name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepoId {
    /// The user or organization.
    pub owner: String,
    /// The name.
    pub name: String,
}

impl RepoId {
    /// Reads `owner/name`.
    ///
    /// # Errors
    /// It is not of that form.
    pub fn parse(text: &str) -> Result<Self> {
        let segment =
            |s: &str| !s.is_empty() && !s.starts_with('.') && s.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
        match text.split_once('/') {
            Some((owner, name)) if segment(owner) && segment(name) => Ok(Self { owner: owner.to_owned(), name: name.to_owned() }),
            _ => Err(Error::usage(format!("'{text}' is not a dataset repository"), "--repo or --inputs", "write it as owner/name")),
        }
    }
}

impl std::fmt::Display for RepoId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

/// The crate's client. Everything is passed explicitly, because version 1.1.0 reads none of the variables that 1.0.0 reads.
///
/// # Errors
/// Its HTTP library or its thread does not start.
pub fn client(environment: &Environment) -> Result<HFClientSync> {
    let mut builder = HFClient::builder()
        .endpoint(environment.endpoint_text())
        .cache_dir(&environment.hub_cache)
        .user_agent(concat!("hugging-carbon/", env!("CARGO_PKG_VERSION")));
    if let Some(token) = &environment.token {
        builder = builder.token(token.expose());
    }
    builder.build_sync().map_err(|e| error(&e, environment.endpoint_text()))
}

/// A handle on a dataset repository.
#[must_use]
pub fn repository(client: &HFClientSync, repo: &RepoId) -> HFRepositorySync<RepoTypeDataset> {
    client.dataset(&repo.owner, &repo.name)
}

/// An error of the crate at `place`. Built from kind and status: the crate's own text may quote a whole response.
#[must_use]
pub fn error(error: &HFError, place: impl ToString) -> Error {
    let (what, remedy) = match error {
        HFError::Http { context } => (format!("HTTP status {}", context.status.as_u16()), "try again later"),
        HFError::AuthRequired { .. } => ("the Hub asks for a token".to_owned(), "set HF_TOKEN to a token that may do this"),
        HFError::Forbidden { .. } => ("the Hub forbids this".to_owned(), "use a token with the rights for it, or ask for access"),
        HFError::RepoNotFound { .. } => ("there is no such repository".to_owned(), "check its name, and that the token may see it"),
        HFError::RevisionNotFound { .. } => ("there is no such revision".to_owned(), "check the branch, tag or commit"),
        HFError::EntryNotFound { .. } => ("there is no such file".to_owned(), "check its name and the revision"),
        HFError::Conflict { .. } => ("it conflicts with what is there".to_owned(), "look at the repository, then try again"),
        HFError::RateLimited { .. } => ("HTTP status 429 (rate limit)".to_owned(), "try again in five minutes"),
        HFError::LocalEntryNotFound { .. } => (
            "it is not in the cache, and HF_HUB_OFFLINE is set".to_owned(),
            "fetch it once with the network, or set HF_HUB_CACHE to where it is",
        ),
        HFError::CacheLockTimeout { .. } => ("another process holds the cache".to_owned(), "wait for it and try again"),
        HFError::Io(e) => (format!("cannot write the cache: {e}"), "see that HF_HUB_CACHE can be written and has space"),
        HFError::Request { source, .. } if source.is_timeout() => ("timed out".to_owned(), "try again later"),
        HFError::Request { source, .. } if source.is_connect() => {
            ("cannot connect".to_owned(), "check HF_ENDPOINT, the network and the proxy settings")
        }
        HFError::Request { .. } => ("the transfer broke off".to_owned(), "try again"),
        HFError::Xet { .. } => ("the transfer of a large file failed".to_owned(), "try again"),
        HFError::MalformedResponse { what, .. } => (format!("an answer without {what}"), "check HF_ENDPOINT"),
        _ => ("the Hub client failed".to_owned(), "try again with -v"),
    };
    Error::network(what, place, remedy)
}

/// An error of the crate about its cache, with the directory that was looked at.
#[must_use]
pub fn cache_error(hf_error: &HFError, environment: &Environment, place: impl ToString) -> Error {
    let cache = environment.hub_cache.display();
    match hf_error {
        HFError::LocalEntryNotFound { .. } => Error::network(
            format!("it is not in the cache {cache}, and HF_HUB_OFFLINE is set"),
            place,
            "fetch it once with the network, or set HF_HUB_CACHE or HF_HOME to where it is",
        ),
        HFError::Io(e) => Error::network(
            format!("cannot write the cache {cache}: {e}"),
            place,
            "see that it can be written and has space, or set HF_HUB_CACHE or HF_HOME to another directory",
        ),
        other => error(other, place),
    }
}

/// Whether trying again may help.
#[must_use]
pub fn is_transient(error: &HFError) -> bool {
    match error {
        HFError::Http { context } => context.status.is_server_error(),
        HFError::RateLimited { .. } | HFError::Request { .. } | HFError::Xet { .. } => true,
        _ => false,
    }
}
