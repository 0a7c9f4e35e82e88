//! The engine: runs declared stages in order, skips what is fresh, and gives a stage only what it declares. It knows no stage.

mod blocks;
mod fingerprint;
mod inputs;
mod interrupt;
mod lease;
mod lock;
mod memory;
mod outputs;
mod progress;
mod report;
mod run;
mod stage;
mod state;

pub use blocks::in_blocks;
pub use fingerprint::Freshness;
pub use inputs::{InputTable, Inputs};
pub use interrupt::undisturbed;
pub use lease::{Owner, at_work};
pub use lock::Lock;
pub use outputs::Outputs;
pub use progress::{Meter, Spinner};
pub use report::{Reports, StageReport, StageStatus};
pub use run::{Wanted, Workspace, recorded, run, status};
pub use stage::{Bound, Declared, Digests, Facts, Follows, Reads, Stage, Step, Writes};
pub use state::Record;

pub(crate) use stage::stage;
