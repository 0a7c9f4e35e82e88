//! The user's token: a value that cannot be printed, and the rule for where it may go.

use crate::error::{Error, Result};
use reqwest::header::HeaderValue;
use url::Url;

/// A Hub token. It has no way to text except `Token::expose`, which stays inside this crate: neither `{}` nor `{:?}` nor a
/// serializer shows it.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// Takes a token read from `place` (a variable or a file).
    ///
    /// # Errors
    /// The text has characters that a header cannot carry. The message names the place and not the text.
    pub fn new(text: &str, place: &str) -> Result<Self> {
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(Error::Config(format!(
                "the token in {place} has characters that no token has\n  way out: paste it again, or remove it to go without"
            )));
        }
        Ok(Self(text.to_owned()))
    }

    /// The secret itself, for the two places that send it: our own header and hf-hub's builder.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// `Bearer <token>`, marked so that HTTP libraries do not log it and do not index it in header compression.
    ///
    /// # Errors
    /// None in practice: the characters were checked when the token was read.
    pub fn header(&self) -> Result<HeaderValue> {
        let mut value = HeaderValue::from_str(&format!("Bearer {}", self.0))
            .map_err(|_| Error::Internal("a checked token does not fit a header".into()))?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[secret]")
    }
}

impl std::fmt::Display for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[secret]")
    }
}

/// Whether two URLs have the same scheme, host and port: only then does a token travel, and only then is a listing believed.
#[must_use]
pub fn same_origin(a: &Url, b: &Url) -> bool {
    a.scheme() == b.scheme() && a.host() == b.host() && a.port_or_known_default() == b.port_or_known_default()
}

/// Where a redirect from `from` leads.
///
/// # Errors
/// The reason, as a phrase, why it is not followed: no URL, not http(s), from https down to http, or a password in it.
pub fn redirect_target(from: &Url, location: &str) -> Result<Url, &'static str> {
    let target = from.join(location).map_err(|_| "a redirect to something that is not a URL")?;
    if !["http", "https"].contains(&target.scheme()) {
        return Err("a redirect that leaves http and https");
    }
    if from.scheme() == "https" && target.scheme() != "https" {
        return Err("a redirect from https down to http");
    }
    if !target.username().is_empty() || target.password().is_some() {
        return Err("a redirect with a password in it");
    }
    Ok(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_no_text() {
        let token = Token::new("hf_verysecret", "HF_TOKEN").unwrap();
        let shown = format!("{token} {token:?} {:?} {:?}", Some(&token), token.header().unwrap());
        assert!(!shown.contains("verysecret"), "{shown}");
        assert!(token.header().unwrap().is_sensitive());
        let message = Token::new("hf_very\nsecret", "HF_TOKEN").unwrap_err().to_string();
        assert!(message.contains("HF_TOKEN") && !message.contains("secret"), "{message}");
    }

    #[test]
    fn origins_and_redirects() {
        let url = |s: &str| Url::parse(s).unwrap();
        assert!(same_origin(&url("https://hub/a"), &url("https://hub:443/b")));
        for other in ["http://hub/", "https://hub:444/", "https://cdn.hub/", "https://hub.evil/"] {
            assert!(!same_origin(&url("https://hub/"), &url(other)), "{other}");
        }
        let from = url("https://hub/a/b");
        assert_eq!(redirect_target(&from, "/c").unwrap().as_str(), "https://hub/c");
        assert_eq!(redirect_target(&from, "//cdn/c").unwrap().as_str(), "https://cdn/c");
        for bad in ["http://hub/c", "file:///etc/passwd", "https://u:p@hub/", "https://"] {
            assert!(redirect_target(&from, bad).is_err(), "{bad}");
        }
    }
}
