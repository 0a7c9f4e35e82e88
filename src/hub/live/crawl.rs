//! Crawling a listing: page after page into the store and the journal, so that a kill costs the page in flight.

use crate::error::{Error, Result};
use crate::hub::live::client::{Answer, Want, shown};
use crate::hub::live::clock::rfc3339;
use crate::hub::live::environment::Environment;
use crate::hub::live::fetch::{Fetched, Fetcher};
use crate::hub::live::head::Head;
use crate::hub::live::journal::Journal;
use crate::hub::live::line::{FORMAT, Line, RecordCounts};
use crate::hub::live::listing::{Listing, with_limit};
use crate::hub::live::rate_limit::RESUME;
use crate::hub::live::replay::{Tally, records};
use crate::hub::live::store::Store;
use crate::hub::live::token::same_origin;
use std::collections::HashSet;
use std::path::Path;
use url::Url;

/// A crawl that is complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// When it began, RFC 3339.
    pub started_at: String,
    /// Pages.
    pub pages: u64,
    /// Counts.
    pub counts: RecordCounts,
}

/// What just happened; told to the observer, who may stop the crawl by an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A page is about to be asked for.
    Asking,
    /// A page has come.
    Fetched,
    /// It is in the store.
    Stored,
    /// It is in the journal: now it survives a kill.
    Recorded {
        /// Pages so far.
        pages: u64,
        /// Records so far.
        records: u64,
    },
}

/// Told of every step.
pub type Observer<'o> = &'o mut dyn FnMut(Step) -> Result<()>;

/// Crawls `listing` into `store`, going on where `journal_path` ends. A crawl that is complete is not asked for again.
///
/// # Errors
/// The Hub refuses or the patience is over (exit status 4, with everything so far kept); a next link leads to another host or in
/// a circle; the journal is of another crawl; the disk is full.
pub fn crawl(
    fetcher: &mut Fetcher<'_>,
    environment: &Environment,
    store: &Store,
    journal_path: &Path,
    listing: &Listing,
    observer: Observer<'_>,
) -> Result<Summary> {
    let mut crawl = Crawl::open(fetcher, environment, store, journal_path, listing)?;
    if let Some(summary) = crawl.complete() {
        return Ok(summary);
    }
    while let Some(url) = crawl.next.take() {
        crawl.page(fetcher, store, url, observer)?;
    }
    crawl.finish(fetcher)
}

struct Crawl<'l> {
    listing: &'l Listing,
    endpoint: Url,
    journal: Journal,
    started_at: String,
    /// The page to ask for.
    next: Option<Url>,
    /// Records per page at the moment: less than wanted while pages are over the size cap.
    limit: u32,
    /// How far `limit` may grow again: halved by a page over the cap, raised slowly by good ones.
    ceiling: u32,
    seen: HashSet<String>,
    pages: u64,
    tally: Tally,
    skipped: u64,
    finished: bool,
}

impl<'l> Crawl<'l> {
    fn open(fetcher: &Fetcher<'_>, environment: &Environment, store: &Store, path: &Path, listing: &'l Listing) -> Result<Self> {
        let (mut journal, mut lines) = Journal::open::<Line>(path)?;
        let endpoint = environment.endpoint_text().to_owned();
        if lines.is_empty() {
            let started_at = rfc3339(fetcher.client().clock().calendar());
            let start = Line::Start { format: FORMAT, endpoint: endpoint.clone(), query: listing.query(), started_at };
            journal.append(&start)?;
            lines.push(start);
        }
        let started_at = match &lines[0] {
            Line::Start { format: FORMAT, endpoint: e, query, started_at } if *e == endpoint && *query == listing.query() => {
                started_at.clone()
            }
            _ => {
                return Err(Error::input(
                    "the journal is of another crawl, or of another version of this program",
                    path.display(),
                    "move it away to start a new crawl; pages in the store are kept",
                ));
            }
        };
        let first = listing.url(environment)?;
        let mut crawl = Self {
            listing,
            endpoint: environment.endpoint.clone(),
            journal,
            started_at,
            next: Some(first.clone()),
            limit: listing.limit,
            ceiling: listing.limit,
            seen: HashSet::from([with_limit(&first, 0).into()]),
            pages: 0,
            tally: Tally::default(),
            skipped: 0,
            finished: false,
        };
        crawl.replay(store, &lines)?;
        Ok(crawl)
    }

    /// Brings the state to where the journal ends. A page whose body is missing or damaged, and all after it, are fetched anew.
    fn replay(&mut self, store: &Store, lines: &[Line]) -> Result<()> {
        for (i, line) in lines.iter().enumerate().skip(1) {
            match line {
                Line::Page { sha256, next, .. } => match store.get(sha256) {
                    Ok(body) => {
                        let done = self.count_page(&body)?;
                        self.follow(next.as_deref().filter(|_| !done))?;
                    }
                    Err(error) => {
                        tracing::warn!(%error, page = self.pages, "fetching again from this page");
                        return self.journal.truncate(i);
                    }
                },
                Line::Skipped { next, .. } => {
                    self.skip();
                    self.follow(next.as_deref())?;
                }
                Line::Finish { .. } => self.finished = true,
                Line::Start { .. } => {}
            }
        }
        Ok(())
    }

    fn complete(&self) -> Option<Summary> {
        self.finished.then(|| self.summary())
    }

    fn summary(&self) -> Summary {
        let counts = RecordCounts { skipped: self.skipped, ..self.tally.counts() };
        Summary { started_at: self.started_at.clone(), pages: self.pages, counts }
    }

    /// Counts the records of a page; says whether the listing need not be followed further.
    fn count_page(&mut self, body: &[u8]) -> Result<bool> {
        self.pages += 1;
        let mut newest = None;
        for record in records(body)? {
            let head = Head::parse(record.get());
            newest = newest.max(head.last_modified_ms());
            self.tally.first_seen(&head, record.get());
        }
        Ok(self.listing.until_ms.is_some_and(|until| newest.is_some_and(|newest| newest <= until)))
    }

    fn skip(&mut self) {
        self.pages += 1;
        self.skipped += 1;
    }

    /// Makes `next` the page to ask for.
    fn follow(&mut self, next: Option<&str>) -> Result<()> {
        self.next = None;
        let Some(next) = next else { return Ok(()) };
        let stop = |what: &str, remedy: &str| Err(Error::network(what, &self.endpoint, format!("{remedy}; {RESUME}")));
        let Ok(url) = self.endpoint.join(next) else { return stop("the next link is not a URL", "check HF_ENDPOINT") };
        if !same_origin(&url, &self.endpoint) || !url.username().is_empty() || url.password().is_some() {
            return stop(
                &format!("the next link leads to another host ({})", url.host_str().unwrap_or("?")),
                "a mirror must rewrite Link headers to itself; check HF_ENDPOINT",
            );
        }
        // The page size is ours and may differ between two visits of one cursor.
        if !self.seen.insert(with_limit(&url, 0).into()) {
            return stop("the cursor leads back to a page already seen", "report it to the Hub; a new crawl may get past it");
        }
        if self.pages >= self.listing.max_pages {
            return stop(&format!("{} pages and no end", self.pages), "raise the page limit if the Hub has grown that much");
        }
        self.next = Some(url);
        Ok(())
    }

    fn page(&mut self, fetcher: &mut Fetcher<'_>, store: &Store, url: Url, observer: Observer<'_>) -> Result<()> {
        let url = with_limit(&url, self.limit);
        observer(Step::Asking)?;
        let fetched = fetcher.fetch(&url, Want::List)?;
        observer(Step::Fetched)?;
        let fetched_at = rfc3339(fetcher.client().clock().calendar());
        let seq = self.pages;
        let (line, next) = match fetched {
            Fetched::Refused(refusal) => return Err(fetcher.refusal(refusal, &url)),
            Fetched::TooLarge { .. } if self.limit > 1 => {
                self.ceiling = (self.limit / 2).max(1);
                self.limit = (self.limit / 4).max(1);
                tracing::warn!(records_per_page = self.limit, "a page is over the size cap, asking for fewer records");
                self.next = Some(url);
                return Ok(());
            }
            Fetched::TooLarge { next, .. } => {
                tracing::warn!(url = url.as_str(), "a single record is over the size cap and passed by");
                self.skip();
                // It was this record, not the general size of records.
                self.ceiling = self.listing.limit;
                (Line::Skipped { seq, url: url.into(), next: next.clone(), fetched_at }, next)
            }
            Fetched::Answer(answer) => {
                let sha256 = store.put(&answer.body)?;
                observer(Step::Stored)?;
                let rows = records(&answer.body)?.len() as u64;
                if answer.next.is_none() {
                    self.confirm_end(fetcher, &url, rows)?;
                }
                let done = self.count_page(&answer.body)?;
                let next = answer.next.filter(|_| !done);
                let bytes = answer.body.len() as u64;
                (Line::Page { seq, url: url.into(), next: next.clone(), sha256, bytes, rows, fetched_at }, next)
            }
        };
        self.journal.append(&line)?;
        self.ceiling = (self.ceiling + self.ceiling / 8 + 1).min(self.listing.limit);
        self.limit = self.limit.saturating_mul(2).min(self.ceiling);
        observer(Step::Recorded { pages: self.pages, records: self.tally.counts().records })?;
        self.follow(next.as_deref())
    }

    /// Asks for half of what should be the last page: there must be a next link then. A proxy that strips `Link` headers would
    /// otherwise make one page of the whole Hub, and nobody would know.
    fn confirm_end(&self, fetcher: &mut Fetcher<'_>, url: &Url, rows: u64) -> Result<()> {
        if rows < 2 {
            return Ok(());
        }
        let half = with_limit(url, u32::try_from(rows / 2).unwrap_or(u32::MAX));
        match fetcher.fetch(&half, Want::List)? {
            Fetched::Answer(Answer { next: Some(_), .. }) | Fetched::TooLarge { next: Some(_), .. } => Ok(()),
            Fetched::Refused(refusal) => Err(fetcher.refusal(refusal, &half)),
            Fetched::Answer(_) | Fetched::TooLarge { .. } => Err(Error::network(
                format!("the listing ends after {rows} records, and half as many do not lead to the rest"),
                shown(url),
                format!("see whether a proxy or mirror strips the Link header (NO_PROXY, HF_ENDPOINT); {RESUME}"),
            )),
        }
    }

    fn finish(mut self, fetcher: &Fetcher<'_>) -> Result<Summary> {
        let summary = self.summary();
        let finished_at = rfc3339(fetcher.client().clock().calendar());
        self.journal.append(&Line::Finish { finished_at, pages: summary.pages, counts: summary.counts })?;
        Ok(summary)
    }
}
