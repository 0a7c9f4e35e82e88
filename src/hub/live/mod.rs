//! The live Hub as a source: crawl it, or take a pinned file, and survive what it does.
//!
//! Requests: [`environment`] and [`token`] say which Hub and who asks; [`client`] sends one request, [`fetch`] keeps asking at the pace
//! that [`rate_limit`] allows, on a [`clock`].
//!
//! Crawls: [`crawl`] takes a [`listing`] page by page into the [`store`] and notes each as a [`mod@line`] of a [`journal`]; [`replay`] reads it
//! back without the network; [`incremental`] brings an older crawl up to date with the records on its [`shelf`]; [`head`] says which
//! record is which.
//!
//! Files: [`cards`] fetches READMEs; [`dataset`] takes a pinned file and [`upload`] uploads a snapshot, both through the hf-hub crate
//! ([`remote`]); [`published`] looks at what a repository holds. What is fetched when is decided by `stages::fetch`.

pub mod cards;
pub mod client;
pub mod clock;
pub mod crawl;
pub mod dataset;
pub mod environment;
pub mod fetch;
pub mod head;
pub mod incremental;
pub mod journal;
pub mod line;
pub mod listing;
pub mod published;
pub mod rate_limit;
pub mod remote;
pub mod replay;
pub mod shelf;
pub mod store;
pub mod token;
pub mod upload;
