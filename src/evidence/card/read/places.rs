//! Where a training ran.

use super::candidate::{Card, Spot};
use crate::domain::Field;
use crate::evidence::hardware::Context;
use crate::evidence::place::read_place;

impl Card<'_> {
    /// A cloud region, or a plain place.
    pub fn add_place(&mut self, spot: &Spot<'_>, value: &str) {
        let written: String = value.trim().chars().take(80).collect();
        let place = read_place(self.tables.places, &written, Context::Field);
        let is_plain = place.cloud_region.is_none() && place.settled().is_some();
        self.add(spot, if is_plain { Field::Country } else { Field::CloudRegion }, None, &written, None);
    }
}
