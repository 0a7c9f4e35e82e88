//! Market-based emissions as developers report them (data/reference/market_based.csv): what is left after contracts and certificates.
//! They are shown beside the location-based headline, never counted into it and never estimated.

use serde::Deserialize;

/// A row of market_based.csv.
#[derive(Clone, Debug, Deserialize)]
pub struct MarketBased {
    /// Hub id.
    pub model_id: String,
    /// Reported market-based emissions in kg CO2e.
    pub kgco2e: f64,
    /// Location-based emissions in kg CO2e that the same source reports.
    pub location_based_kgco2e: Option<f64>,
    /// The words.
    pub quote: String,
    /// Source.
    pub source: String,
    /// Edition of the source.
    pub vintage: String,
}
