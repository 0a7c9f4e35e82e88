//! One GET: sent with care for the token, read with caps on size and time, and classified by what can be done about it.

use crate::error::{Error, Result};
use crate::hub::live::clock::Clock;
use crate::hub::live::environment::Environment;
use crate::hub::live::rate_limit::RateHeaders;
use crate::hub::live::token::{Token, redirect_target, same_origin};
use reqwest::blocking::Response;
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, LINK, LOCATION, RETRY_AFTER,
};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;
use std::time::{Duration, Instant};
use url::Url;

/// Caps on one answer.
#[derive(Clone, Copy, Debug)]
pub struct Caps {
    /// Longest time to connect.
    pub connect: Duration,
    /// Longest silence while waiting for headers or for the next bytes.
    pub idle: Duration,
    /// Longest time for the whole answer, however steadily it drips.
    pub total: Duration,
    /// Largest body in bytes, both as sent and unpacked.
    pub max_body: u64,
    /// Most redirects followed.
    pub redirects: usize,
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(15),
            idle: Duration::from_secs(30),
            total: Duration::from_secs(180),
            max_body: 10 << 20,
            redirects: 5,
        }
    }
}

/// What the body must be. JSON is only believed from the endpoint's own origin; bytes may come from a file host it points at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// A JSON array.
    List,
    /// A JSON object.
    Object,
    /// Anything.
    Bytes,
}

/// A good answer.
#[derive(Debug)]
pub struct Answer {
    /// The body, unpacked.
    pub body: Vec<u8>,
    /// Target of the `Link` header with `rel="next"`, as sent.
    pub next: Option<String>,
    /// Every URL a redirect led to, the last of which gave the body.
    pub redirects: Vec<Url>,
}

/// What came of a GET.
#[derive(Debug)]
pub enum Outcome {
    /// The body, complete and of the wanted kind.
    Answer(Answer),
    /// The body is over the cap. `next` is known, because headers come first.
    TooLarge {
        /// As in [`Answer::next`].
        next: Option<String>,
        /// As in [`Answer::redirects`].
        redirects: Vec<Url>,
    },
    /// 429.
    RateLimited {
        /// How long the Hub asks to wait.
        wait: Option<Duration>,
    },
    /// Worth another try: 5xx, reset, timeout, truncated, not what was wanted.
    Retry {
        /// What happened.
        reason: String,
        /// How long the Hub asks to wait.
        wait: Option<Duration>,
    },
    /// Another try would give the same.
    Refused(Refusal),
}

/// An answer that will not change by asking again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status; none for a redirect or certificate that is not accepted.
    pub status: Option<u16>,
    /// The Hub's `X-Error-Code`, such as `GatedRepo`.
    pub code: Option<String>,
    /// What happened.
    pub reason: String,
}

impl Refusal {
    /// Whether the Hub says that there is no such repository, revision or file. Without a token it answers 401 for what is not
    /// there; a bare 401 is about the token.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        matches!(self.status, Some(404 | 410 | 451)) || (self.status == Some(401) && self.code.as_deref() == Some("RepoNotFound"))
    }

    /// Whether the Hub says that this needs a permission that was not given; `with_token` says whether a token was sent.
    #[must_use]
    pub fn is_gated(&self, with_token: bool) -> bool {
        self.code.as_deref() == Some("GatedRepo") || self.status == Some(403) || (self.status == Some(401) && !with_token)
    }

    /// The refusal of `url` as an error with a way out. `with_token` says whether a token was sent.
    #[must_use]
    pub fn into_error(self, url: &Url, with_token: bool) -> Error {
        let remedy = match (self.status, with_token) {
            (None, _) if self.reason.contains("certificate") => {
                "check HF_ENDPOINT; behind a proxy that signs TLS itself, set SSL_CERT_FILE to a file with its certificate"
            }
            (Some(401), true) => "the token is not accepted: make a new one, or unset HF_TOKEN to go without",
            (Some(401), false) => "set HF_TOKEN to a token that may read this",
            (Some(403), _) => "ask for access on the Hub's page of it, with the account of the token in HF_TOKEN",
            (Some(404), _) => "check the name, and HF_ENDPOINT",
            (Some(400), _) => {
                "the Hub does not understand this query; a cursor may have expired: move the crawl's journal away to start anew"
            }
            _ => "check HF_ENDPOINT and the proxy settings (HTTPS_PROXY, NO_PROXY)",
        };
        Error::network(self.reason, shown(url), remedy)
    }
}

/// A URL as messages show it: without the query, which is long and the same for every page.
#[must_use]
pub fn shown(url: &Url) -> String {
    url.as_str().split('?').next().unwrap_or_default().to_owned()
}

/// A client for one Hub.
pub struct Client {
    http: reqwest::blocking::Client,
    endpoint: Url,
    token: Option<Token>,
    caps: Caps,
    clock: Arc<dyn Clock>,
}

impl Client {
    /// A client for the Hub of `environment`. Proxies are read from the process environment by reqwest; TLS is always verified.
    ///
    /// # Errors
    /// `HF_HUB_OFFLINE` is set, or the TLS library does not start.
    pub fn new(environment: &Environment, caps: Caps, clock: Arc<dyn Clock>) -> Result<Self> {
        if environment.offline {
            return Err(Error::input(
                "HF_HUB_OFFLINE is set, and this needs the network",
                environment.endpoint_text(),
                "unset HF_HUB_OFFLINE, or use source.kind = \"file\" or a dataset that is already in the cache",
            ));
        }
        let http = reqwest::blocking::Client::builder()
            .user_agent(concat!("hugging-carbon/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(caps.connect)
            // In the blocking client this bounds each wait, for headers and for every read, not the whole answer.
            .timeout(caps.idle)
            .referer(false)
            .no_gzip()
            .no_brotli()
            .no_deflate()
            .no_zstd()
            .build()
            .map_err(|e| {
                Error::network(
                    format!("cannot start the HTTP client: {}", reason(&e)),
                    &environment.endpoint,
                    "check the system's certificates and proxy settings",
                )
            })?;
        Ok(Self { http, endpoint: environment.endpoint.clone(), token: environment.token.clone(), caps, clock })
    }

    /// The endpoint.
    #[must_use]
    pub fn endpoint(&self) -> &Url {
        &self.endpoint
    }

    /// The clock all waiting goes through.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// Whether a token is sent to the endpoint.
    #[must_use]
    pub fn has_token(&self) -> bool {
        self.token.is_some()
    }

    /// Sends one GET and reads the answer. Redirects are followed here, so that the token leaves only for the endpoint's own
    /// origin.
    ///
    /// # Errors
    /// Only internal ones: whatever the network does is an [`Outcome`].
    pub fn get(&self, url: &Url, want: Want) -> Result<(Outcome, RateHeaders)> {
        let started = Instant::now();
        let mut url = url.clone();
        let mut redirects = Vec::new();
        let mut rate = RateHeaders::default();
        loop {
            let response = match self.send(&url)? {
                Ok(response) => response,
                Err(outcome) => return Ok((outcome, rate)),
            };
            if same_origin(&url, &self.endpoint) {
                rate = self.rate_headers(response.headers());
            }
            if !response.status().is_redirection() {
                return Ok((self.read(response, want, redirects, started, &rate), rate));
            }
            if redirects.len() >= self.caps.redirects {
                return Ok((refused(None, format!("more than {} redirects", self.caps.redirects)), rate));
            }
            let location = text(response.headers(), LOCATION.as_str()).unwrap_or_default();
            match redirect_target(&url, &location) {
                Ok(target) if want != Want::Bytes && !same_origin(&target, &self.endpoint) => {
                    // Records from another host would be published as the Hub's.
                    let reason = format!("redirected to another host ({})", target.host_str().unwrap_or("?"));
                    return Ok((Outcome::Retry { reason, wait: None }, rate));
                }
                Ok(target) => url = target,
                Err(why) => return Ok((refused(None, why.to_owned()), rate)),
            }
            redirects.push(url.clone());
        }
    }

    fn send(&self, url: &Url) -> Result<Result<Response, Outcome>> {
        let mut request = self.http.get(url.clone()).header(ACCEPT_ENCODING, "gzip").header(ACCEPT, "application/json, */*;q=0.5");
        if let Some(token) = self.token.as_ref().filter(|_| same_origin(url, &self.endpoint)) {
            request = request.header(AUTHORIZATION, token.header()?);
        }
        Ok(request.send().map_err(|e| {
            let reason = reason(&e);
            // A certificate does not become good by waiting for it.
            if reason.contains("certificate") { refused(None, reason) } else { Outcome::Retry { reason, wait: None } }
        }))
    }

    fn rate_headers(&self, headers: &HeaderMap) -> RateHeaders {
        let get = |name| text(headers, name);
        let (limit, policy, retry) = (get("ratelimit"), get("ratelimit-policy"), get(RETRY_AFTER.as_str()));
        RateHeaders::parse(limit.as_deref(), policy.as_deref(), retry.as_deref(), self.clock.calendar())
    }

    fn read(&self, response: Response, want: Want, redirects: Vec<Url>, started: Instant, rate: &RateHeaders) -> Outcome {
        let status = response.status().as_u16();
        match status {
            200 => {}
            429 => return Outcome::RateLimited { wait: rate.wait_after_429() },
            408 | 425 | 500..=599 => {
                return Outcome::Retry { reason: format!("HTTP status {status}"), wait: rate.retry_after };
            }
            _ => {
                let code = text(response.headers(), "x-error-code").filter(|c| c.bytes().all(|b| b.is_ascii_alphanumeric()));
                let reason = format!("HTTP status {status}{}", code.as_ref().map(|c| format!(" ({c})")).unwrap_or_default());
                return Outcome::Refused(Refusal { status: Some(status), code, reason });
            }
        }
        let retry = |reason: String| Outcome::Retry { reason, wait: None };
        let kind = text(response.headers(), CONTENT_TYPE.as_str()).unwrap_or_default();
        if want != Want::Bytes && !kind.trim_start().to_ascii_lowercase().starts_with("application/json") {
            return retry(format!("content type '{}' instead of JSON", kind.escape_default().take(60).collect::<String>()));
        }
        let next = text(response.headers(), LINK.as_str()).and_then(|link| next_link(&link));
        let packed = match text(response.headers(), CONTENT_ENCODING.as_str()).as_deref().map(str::trim) {
            None | Some("" | "identity") => false,
            Some("gzip" | "x-gzip") => true,
            Some(_) => return retry("a content encoding that was not asked for".into()),
        };
        let announced = response.content_length();
        if announced.is_some_and(|n| n > self.caps.max_body) {
            return Outcome::TooLarge { next, redirects };
        }
        let body = match read_capped(response, self.caps, started) {
            Ok(Some(body)) if packed => unpack(&body, self.caps.max_body),
            other => other,
        };
        match body {
            Err(reason) => retry(reason),
            Ok(None) => Outcome::TooLarge { next, redirects },
            Ok(Some(body)) if is_wanted(&body, want) => Outcome::Answer(Answer { body, next, redirects }),
            Ok(Some(_)) => retry("the body is not the JSON it should be".into()),
        }
    }
}

fn refused(status: Option<u16>, reason: String) -> Outcome {
    Outcome::Refused(Refusal { status, code: None, reason })
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(ToOwned::to_owned)
}

/// The innermost cause in the library's words; never the URL or a header.
fn reason(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    match () {
        () if error.is_timeout() => "timed out".to_owned(),
        () if error.is_connect() => format!("cannot connect: {cause}"),
        () if error.is_builder() => "a request that cannot be built".to_owned(),
        () => cause.to_string(),
    }
}

/// `Ok(None)` when the body is over the cap.
fn read_capped(mut response: Response, caps: Caps, started: Instant) -> Result<Option<Vec<u8>>, String> {
    let mut body = Vec::new();
    let mut buffer = vec![0_u8; 64 << 10];
    loop {
        let n = response.read(&mut buffer).map_err(|e| {
            let mut cause: &dyn std::error::Error = &e;
            while let Some(inner) = cause.source() {
                cause = inner;
            }
            format!("the answer broke off: {cause}")
        })?;
        if n == 0 {
            return Ok(Some(body));
        }
        body.extend_from_slice(&buffer[..n]);
        if body.len() as u64 > caps.max_body {
            return Ok(None);
        }
        if started.elapsed() > caps.total {
            return Err(format!("the answer took more than {} s", caps.total.as_secs_f64()));
        }
    }
}

/// Unpacks gzip. A stream without its end is an error, which is why this is not left to the HTTP library.
fn unpack(packed: &[u8], cap: u64) -> Result<Option<Vec<u8>>, String> {
    let mut body = Vec::new();
    let mut reader = flate2::read::MultiGzDecoder::new(packed).take(cap + 1);
    reader.read_to_end(&mut body).map_err(|e| format!("truncated or damaged gzip: {e}"))?;
    Ok((body.len() as u64 <= cap).then_some(body))
}

fn is_wanted(body: &[u8], want: Want) -> bool {
    match want {
        Want::List => serde_json::from_slice::<Vec<&RawValue>>(body).is_ok(),
        Want::Object => serde_json::from_slice::<BTreeMap<String, &RawValue>>(body).is_ok(),
        Want::Bytes => true,
    }
}

/// The target of `rel="next"` in a `Link` header.
fn next_link(header: &str) -> Option<String> {
    let mut rest = header;
    while let Some(start) = rest.find('<') {
        let (target, after) = rest[start + 1..].split_once('>')?;
        let end = after.find('<').unwrap_or(after.len());
        let parameters = &after[..end];
        let is_next = parameters.split([';', ',']).filter_map(|p| p.split_once('=')).any(|(key, value)| {
            key.trim().eq_ignore_ascii_case("rel") && value.trim().trim_matches('"').split(' ').any(|rel| rel == "next")
        });
        if is_next {
            return Some(target.to_owned());
        }
        rest = &after[end..];
    }
    None
}

#[cfg(test)]
mod tests;
