//! From repositories to training runs (docs/method.md, section 2): what each repository's own training was, and which run its weights
//! come from. Pure functions over facts; the rule that decided is always part of the answer.
//!
//! Every file uses only files above it in this list:
//!
//! 1. `model.rs`: the types: facts of a repository, its placement, the graph of both;
//! 2. [`vocabulary`], `tags.rs`, [`names`], [`families`], [`family_years`]: what tags, names and the names of families say;
//! 3. [`roles`]: the role of a repository by its own facts;
//! 4. `passes`: the links between repositories, pass by pass;
//! 5. `runs.rs`: which run a repository owns and which it comes from, once the links are made;
//! 6. `resolve.rs`: all of it in order;
//! 7. [`signs`], [`role_model`]: how likely each role is where nothing certain decides;
//! 8. [`continuation`]: whether what was trained on another's weights is more pre-training or a fine-tune.

pub mod continuation;
pub mod families;
pub mod family_years;
mod model;
pub mod names;
mod passes;
mod resolve;
pub mod role_model;
pub mod roles;
mod runs;
pub mod signs;
pub mod tags;
pub mod vocabulary;

pub use crate::domain::LinkPass;
pub use model::{Placement, RepoFacts, Resolution, Words, no_training_id, run_id, shows_a_base_of_another};
pub use resolve::{assign_runs, resolve};
