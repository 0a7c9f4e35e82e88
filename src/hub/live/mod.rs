//! The live Hub as a source: crawl it, or take a pinned file, and survive what it does.
//!
<<<<<<< HEAD
//! [`environment`] and [`token`] say which Hub and who asks; [`client`] sends one request, [`fetch`] keeps asking at the pace
//! [`rate`] allows; [`crawl`] takes a [`listing`] page by page into the [`store`], [`replay`] reads it back without the network,
//! [`incremental`] brings an older crawl up to date; [`cards`] fetches READMEs; [`dataset`] takes a pinned file and [`upload`]
//! uploads a snapshot, both through the hf-hub crate. What is fetched when is decided by `stages::fetch`.
=======
//! Requests: [`environment`] and [`token`] say which Hub and who asks; [`client`] sends one request, [`fetch`] keeps asking at the pace
//! that [`rate`] allows, on a [`clock`].
//!
//! Crawls: [`crawl`] takes a [`listing`] page by page into the [`store`] and notes each as a [`mod@line`] of a [`journal`]; [`replay`] reads it
//! back without the network; [`incremental`] brings an older crawl up to date with the records on its [`shelf`]; [`head`] says which
//! record is which.
//!
//! Files: [`cards`] fetches READMEs; [`dataset`] takes a pinned file and [`publish`] uploads a snapshot, both through the hf-hub crate
//! ([`remote`]). What is fetched when is decided by `stages::fetch`.
>>>>>>> hub

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
<<<<<<< HEAD
pub mod rate_limit;
pub mod record;
=======
pub mod publish;
pub mod rate;
>>>>>>> hub
pub mod remote;
pub mod replay;
pub mod shelf;
pub mod store;
pub mod token;
pub mod upload;
