//! What the environment says about the Hub, read the way the official clients read it.

use crate::error::{Error, Result};
use crate::hub::live::token::Token;
use std::path::{Path, PathBuf};
use url::Url;

/// The Hub, unless `HF_ENDPOINT` says otherwise.
pub const DEFAULT_ENDPOINT: &str = "https://huggingface.co";

/// Everything the environment decides. Proxies (`HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`) are read by reqwest itself.
#[derive(Clone, Debug)]
pub struct Environment {
    /// Base URL of the Hub, without a trailing slash (`HF_ENDPOINT`).
    pub endpoint: Url,
    /// The user's token, if there is one (`HF_TOKEN`, else the file `HF_TOKEN_PATH`, else `$HF_HOME/token`).
    pub token: Option<Token>,
    /// Cache of downloaded files (`HF_HUB_CACHE`, else `$HF_HOME/hub`, else `huggingface/hub` below the data directory's `hub`).
    pub hub_cache: PathBuf,
    /// Whether the network must not be touched (`HF_HUB_OFFLINE`).
    pub offline: bool,
}

impl Environment {
    /// Reads the environment through `lookup`. An empty variable counts as unset. Without any home (a service, an empty environment) the
    /// cache is in `without_home`, never in the working directory.
    ///
    /// # Errors
    /// `HF_ENDPOINT` is not an http(s) URL or carries a password; a token file exists but cannot be read; a token that cannot
    /// be sent in a header.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>, without_home: &Path) -> Result<Self> {
        let get = |name: &str| lookup(name).map(|v| v.trim().to_owned()).filter(|v| !v.is_empty());
        let user_home = get("HOME").map(PathBuf::from);
        let expand = |path: String| match (path.strip_prefix("~/"), &user_home) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => PathBuf::from(path),
        };
        let home = match (get("HF_HOME"), get("XDG_CACHE_HOME"), &user_home) {
            (Some(home), _, _) => expand(home),
            (None, Some(cache), _) => expand(cache).join("huggingface"),
            (None, None, Some(home)) => home.join(".cache/huggingface"),
            (None, None, None) => without_home.join("huggingface"),
        };
        let hub_cache = get("HF_HUB_CACHE").map_or_else(|| home.join("hub"), expand);
        let offline = get("HF_HUB_OFFLINE").is_some_and(|v| ["1", "ON", "YES", "TRUE"].contains(&v.to_ascii_uppercase().as_str()));
        let endpoint = parse_endpoint(&get("HF_ENDPOINT").unwrap_or_else(|| DEFAULT_ENDPOINT.to_owned()))?;
        let token = match get("HF_TOKEN") {
            Some(text) => Some(Token::new(&text, "HF_TOKEN")?),
            None => {
                let named = get("HF_TOKEN_PATH").map(expand).map_or(Ok(None), |path| token_file(&path))?;
                match named {
                    Some(token) => Some(token),
                    None => token_file(&home.join("token"))?,
                }
            }
        };
        Ok(Self { endpoint, token, hub_cache, offline })
    }

    /// Reads the environment of this process.
    ///
    /// # Errors
    /// As [`Environment::from_lookup`].
    pub fn from_process(without_home: &Path) -> Result<Self> {
        Self::from_lookup(|name| std::env::var(name).ok(), without_home)
    }

    /// The endpoint as text, without a trailing slash.
    #[must_use]
    pub fn endpoint_text(&self) -> &str {
        self.endpoint.as_str().trim_end_matches('/')
    }

    /// A URL below the endpoint from path segments, each of which is encoded.
    ///
    /// # Errors
    /// None in practice: an endpoint that cannot have a path was refused when it was read.
    pub fn url(&self, segments: &[&str]) -> Result<Url> {
        let mut url = self.endpoint.clone();
        url.path_segments_mut()
            .map_err(|()| Error::Internal(format!("endpoint {} cannot have a path", self.endpoint)))?
            .pop_if_empty()
            .extend(segments.iter().flat_map(|s| s.split('/')));
        Ok(url)
    }
}

fn parse_endpoint(text: &str) -> Result<Url> {
    // What is wrong is said without repeating the value: it may hold a password.
    let refuse =
        |rule: &str| Err(Error::Config(format!("HF_ENDPOINT {rule}\n  way out: unset it, or use a form like {DEFAULT_ENDPOINT}")));
    let Ok(url) = Url::parse(text.trim_end_matches('/')) else { return refuse("is not a URL") };
    if !["http", "https"].contains(&url.scheme()) || url.host_str().is_none() {
        return refuse("is not an http or https URL");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("must not carry a user name or password");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return refuse("must not have a query or fragment");
    }
    Ok(url)
}

fn token_file(path: &Path) -> Result<Option<Token>> {
    // The path is told once, by the message.
    match std::fs::read_to_string(path) {
        Ok(text) if text.trim().is_empty() => Ok(None),
        Ok(text) => Token::new(text.trim(), &path.display().to_string()).map(Some),
        // A home that is no directory holds no token.
        Err(e) if matches!(e.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => Ok(None),
        Err(e) => Err(Error::input(
            format!("cannot read the token file: {}", e),
            path.display(),
            "give this user permission on it, name another with HF_TOKEN_PATH, or remove it to go without a token",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn read(pairs: &[(&str, &str)]) -> Result<Environment> {
        let map: BTreeMap<String, String> = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Environment::from_lookup(|name| map.get(name).cloned(), Path::new("/data/hub"))
    }

    #[test]
    fn defaults_follow_the_official_clients() {
        let e = read(&[("HOME", "/nobody")]).unwrap();
        assert_eq!(e.endpoint_text(), DEFAULT_ENDPOINT);
        assert_eq!(e.hub_cache, Path::new("/nobody/.cache/huggingface/hub"));
        assert!(e.token.is_none() && !e.offline);
        assert_eq!(read(&[("XDG_CACHE_HOME", "/x"), ("HOME", "/h")]).unwrap().hub_cache, Path::new("/x/huggingface/hub"));
        assert_eq!(read(&[("HF_HOME", "~/hf"), ("HOME", "/h")]).unwrap().hub_cache, Path::new("/h/hf/hub"));
        assert_eq!(read(&[("HF_HUB_CACHE", "/c"), ("HF_HOME", "/y")]).unwrap().hub_cache, Path::new("/c"));
        // Regression: a service without HOME got a `.cache` in its working directory.
        assert_eq!(read(&[]).unwrap().hub_cache, Path::new("/data/hub/huggingface/hub"));
        assert!(read(&[("HOME", "/dev/null")]).unwrap().token.is_none());
    }

    #[test]
    fn endpoint_loses_its_slash_and_its_paths_are_encoded() {
        let e = read(&[("HF_ENDPOINT", "http://127.0.0.1:9/hub/")]).unwrap();
        assert_eq!(e.endpoint_text(), "http://127.0.0.1:9/hub");
        assert_eq!(e.url(&["a/b c", "resolve"]).unwrap().as_str(), "http://127.0.0.1:9/hub/a/b%20c/resolve");
        let e = read(&[("HF_ENDPOINT", "https://hub.example/")]).unwrap();
        assert_eq!(e.endpoint_text(), "https://hub.example");
        assert_eq!(e.url(&["api", "models"]).unwrap().as_str(), "https://hub.example/api/models");
    }

    #[test]
    fn a_bad_endpoint_is_refused_without_showing_it() {
        for bad in ["ftp://x", "not a url", "https://user:hunter2@hub", "https://h/?q=hunter2"] {
            let message = read(&[("HF_ENDPOINT", bad)]).unwrap_err().to_string();
            assert!(message.contains("HF_ENDPOINT") && !message.contains("hunter2"), "{message}");
        }
    }

    #[test]
    fn offline_in_its_four_spellings() {
        for yes in ["1", "on", "ON", "yes", "True"] {
            assert!(read(&[("HF_HUB_OFFLINE", yes)]).unwrap().offline, "{yes}");
        }
        for no in ["0", "", "off", "2"] {
            assert!(!read(&[("HF_HUB_OFFLINE", no)]).unwrap().offline, "{no}");
        }
    }

    #[test]
    fn token_order() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().to_string_lossy().into_owned();
        let named = dir.path().join("named").to_string_lossy().into_owned();
        std::fs::write(dir.path().join("token"), "hf_home\n").unwrap();
        let token = |pairs: &[(&str, &str)]| read(pairs).unwrap().token.map(|t| t.expose().to_owned());
        assert_eq!(token(&[("HF_HOME", &home)]).as_deref(), Some("hf_home"));
        // A named file that does not exist leaves the default one.
        assert_eq!(token(&[("HF_HOME", &home), ("HF_TOKEN_PATH", &named)]).as_deref(), Some("hf_home"));
        std::fs::write(&named, " hf_named ").unwrap();
        assert_eq!(token(&[("HF_HOME", &home), ("HF_TOKEN_PATH", &named)]).as_deref(), Some("hf_named"));
        let all = [("HF_HOME", home.as_str()), ("HF_TOKEN_PATH", &named), ("HF_TOKEN", "hf_env")];
        assert_eq!(token(&all).as_deref(), Some("hf_env"));
        assert_eq!(token(&[("HF_HOME", &home), ("HF_TOKEN", " ")]).as_deref(), Some("hf_home"));
    }
}
