//! Candidate figures: what a place of the card states, with what that place says against it.

use super::clusters::ClusterParts;
use super::prose::stages::StagesTold;
use super::prose::topic::Topic;
use super::recipe::notes::RecipeNotes;
use super::repository::Repository;
use super::unclaimed::Unclaimed;
use crate::domain::Field;
use crate::evidence::MAX_QUOTE_CHARS;
use crate::evidence::card::about::CardTables;
use crate::evidence::card::parse::block::{Block, BlockKind};
use crate::evidence::quantity::digits::DecimalSign;
use crate::evidence::quantity::numbers::Quantity;
use std::borrow::Cow;

/// Where a value stands and what its place takes away from it.
#[derive(Clone, Copy)]
pub struct Spot<'b> {
    /// Block.
    pub block: &'b Block,
    /// Bytes of the card to quote.
    pub quote: (usize, usize),
    /// Standing: smaller is better.
    pub rank: u8,
    /// Why no value here can be accepted.
    pub reason: Option<&'static str>,
}

impl Spot<'_> {
    /// The same with a reason, unless there is one.
    #[must_use]
    pub fn refused(self, reason: Option<&'static str>) -> Self {
        Self { reason: self.reason.or(reason), ..self }
    }

    /// The same with a lower standing.
    #[must_use]
    pub fn after(self, by: u8) -> Self {
        // A sum of stages stands before them, however it is told.
        let by = if self.rank == RANK_SUM { 0 } else { by };
        Self { rank: self.rank.saturating_add(by), ..self }
    }
}

/// Standing of the sum of the stages of a training: before those of its stages, wherever they stand.
pub const RANK_SUM: u8 = 2;
/// Standing of front matter, table rows, keys with values, code and prose.
pub const RANK_FRONT_MATTER: u8 = 1;
/// See [`RANK_FRONT_MATTER`].
pub const RANK_TABLE: u8 = 3;
/// See [`RANK_FRONT_MATTER`].
pub const RANK_PAIR: u8 = 4;
/// See [`RANK_FRONT_MATTER`].
pub const RANK_CODE: u8 = 8;
/// See [`RANK_FRONT_MATTER`].
pub const RANK_PROSE: u8 = 20;
/// Standing of what no rule claimed: behind all that one accepts.
pub const RANK_UNCLAIMED: u8 = 90;
/// Candidates kept of one card.
const MAX_CANDIDATES: usize = 1000;

/// A figure or a fact that a card states.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// What it is.
    pub field: Field,
    /// Value in canonical unit; none for textual facts.
    pub value: Option<f64>,
    /// As the card writes it.
    pub written: String,
    /// Kind of the block it stands in.
    pub kind: BlockKind,
    /// Number of the table it stands in; 0 outside tables.
    pub table: usize,
    /// Place in the card.
    pub locator: String,
    /// Extractor, where it is not the one of the kind of block.
    pub extractor: Option<&'static str>,
    /// Bytes of the card to quote.
    pub quote: (usize, usize),
    /// Standing: smaller is better.
    pub rank: u8,
    /// What its place says against it.
    pub reason: Option<Cow<'static, str>>,
}

/// The card while it is read.
pub struct Card<'a> {
    /// Reference tables.
    pub tables: CardTables<'a>,
    /// The repository.
    pub own: Repository,
    /// Whether CO2 is what the model is about.
    pub co2_subject: bool,
    /// Whether the sentence before spoke of training.
    pub trained_before: bool,
    /// Whether the part of the sentence that is read is said to be this model's.
    pub part_is_mine: bool,
    /// Whether the sentence before told of several models: "Each ran for 15 hours" goes on with it.
    pub several_before: bool,
    /// Whether the text that is read stands behind a key of a recipe, on the same line.
    pub beside_recipe: bool,
    /// What the text told of last.
    pub topic: Topic,
    /// Clauses that tell stages of the training.
    pub stages: StagesTold,
    /// The headings, by their address, under which a sentence last spoke of training.
    pub trained_section: Option<usize>,
    /// Whether the sentence that is read stands there.
    pub in_trained_section: bool,
    /// Whether the text that is read stands right behind code that trained this model.
    pub follows_training: bool,
    /// Whether a machine that the text names may be where something stands, and not what was used.
    pub is_place_of_machine: bool,
    /// What stands before the decimals in the language of the card.
    pub sign: DecimalSign,
    /// Bases that the text names without an id, in Chinese, Japanese or Korean.
    pub eastern_bases: Vec<String>,
    /// Whether the card is of SetFit, whose iterations count pairs of examples.
    pub is_setfit: bool,
    /// Candidates so far.
    pub candidates: Vec<Candidate>,
    /// Figures that no rule has claimed, for the second reading.
    pub unclaimed: Vec<Unclaimed>,
    /// Measurement tools named, with the place: they count when a figure does.
    pub tools: Vec<Candidate>,
    /// What the recipe says against a product of steps and batch, and examples of one pass.
    pub recipe: RecipeNotes,
    /// Nodes and the devices of one, as lists state them.
    pub(super) cluster: ClusterParts,
    /// Texts about hardware read so far.
    pub(super) hardware_texts: usize,
}

/// Hours of a year.
pub const HOURS_PER_YEAR: f64 = 8760.0;

impl<'a> Card<'a> {
    /// Before reading.
    #[must_use]
    pub fn new(tables: CardTables<'a>, own: Repository, co2_subject: bool) -> Self {
        Self {
            tables,
            own,
            co2_subject,
            trained_before: false,
            part_is_mine: false,
            several_before: false,
            beside_recipe: false,
            topic: Topic::default(),
            stages: StagesTold::default(),
            trained_section: None,
            in_trained_section: false,
            follows_training: false,
            is_place_of_machine: false,
            sign: DecimalSign::Unknown,
            eastern_bases: Vec::new(),
            is_setfit: false,
            candidates: Vec::new(),
            unclaimed: Vec::new(),
            tools: Vec::new(),
            recipe: RecipeNotes::default(),
            cluster: ClusterParts::default(),
            hardware_texts: 0,
        }
    }

    /// Adds a candidate.
    pub fn add(&mut self, spot: &Spot<'_>, field: Field, value: Option<f64>, written: &str, reason: Option<&'static str>) {
        // No training lasts years by the clock: such hours are those of its devices.
        let of_devices = field == Field::WallHours && value.is_some_and(|hours| hours > HOURS_PER_YEAR);
        let field = if of_devices { Field::AcceleratorHours } else { field };
        if self.candidates.len() < MAX_CANDIDATES {
            self.candidates.push(candidate(spot, field, value, written, reason));
        }
    }

    /// Adds a number read from tokens of a text.
    pub fn add_quantity(&mut self, spot: &Spot<'_>, field: Field, value: f64, written: &str, q: &Quantity) {
        self.add(spot, field, Some(value), written, q.refusal());
    }
}

/// A candidate at a spot.
#[must_use]
pub fn candidate(spot: &Spot<'_>, field: Field, value: Option<f64>, written: &str, reason: Option<&'static str>) -> Candidate {
    Candidate {
        field,
        value,
        written: written.trim().chars().take(MAX_QUOTE_CHARS).collect(),
        kind: spot.block.kind,
        table: spot.block.table,
        locator: locator(spot.block, field),
        extractor: None,
        quote: spot.quote,
        rank: spot.rank,
        reason: spot.reason.or(reason).map(Cow::Borrowed),
    }
}

fn locator(b: &Block, field: Field) -> String {
    let section =
        || b.headings.last().map(|h| format!("section '{}', ", h.chars().take(60).collect::<String>())).unwrap_or_default();
    match b.kind {
        BlockKind::FrontMatter => format!("front matter: {}", front_matter_key(field)),
        BlockKind::Code => format!("{}code, line {}", section(), b.line),
        BlockKind::TableRow => format!("{}table, line {}", section(), b.line),
        BlockKind::Heading | BlockKind::Paragraph | BlockKind::ListItem | BlockKind::Html => {
            format!("{}line {}", section(), b.line)
        }
    }
}

/// The key of the front matter that holds a field.
fn front_matter_key(field: Field) -> &'static str {
    match field {
        Field::EmissionsKgco2e => "co2_eq_emissions",
        Field::EnergyKwh => "co2_eq_emissions.energy_consumed",
        Field::Accelerator | Field::AcceleratorCount => "hardware_used",
        Field::WallHours | Field::AcceleratorHours => "hours_used",
        Field::Country | Field::CloudRegion => "geographical_location",
        Field::CloudProvider => "on_cloud",
        Field::MeasurementTool => "source",
        Field::TrainFlop
        | Field::TrainTokens
        | Field::TrainSteps
        | Field::BatchSize
        | Field::Epochs
        | Field::TrainSamples
        | Field::SequenceLength
        | Field::ImageSize
        | Field::ForwardFlop
        | Field::TotalParams
        | Field::ActiveParams
        | Field::Mfu
        | Field::Precision
        | Field::TrainedOn
        | Field::Role
        | Field::BaseModel => field.name(),
    }
}
