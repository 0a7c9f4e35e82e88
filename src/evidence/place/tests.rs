//! Real places of cards, papers and registries, read by hand.

use super::*;
use crate::reference::Reference;
use std::sync::LazyLock;

static REFERENCE: LazyLock<Reference> = LazyLock::new(|| Reference::load().unwrap());

fn tables() -> PlaceTables<'static> {
    PlaceTables { places: &REFERENCE.places, regions: &REFERENCE.regions, operators: &REFERENCE.operators }
}

fn keys(text: &str) -> Vec<String> {
    read_place(tables(), text, Context::Field).grid_places
}

#[test]
fn real_places() {
    for (text, expected) in [
        ("Orsay, France", "FRA"),
        ("Leiden, The Netherlands", "NLD"),
        ("Jean Zay cluster, France (~40 gCO2eq/kWh)", "FRA"),
        ("Fredericia, Denmark", "DNK"),
        ("Eemshaven, Netherlands, Europe", "NLD"),
        ("Moscow, Russia. Selectel ru-7a", "RUS"),
        ("United States of America", "USA"),
        ("Oregon, USA", "US-OR"),
        ("NY", "US-NY"),
        ("Brooklyn, NY, USA", "US-NY"),
        ("Cambridge, MA, USA", "US-MA"),
        ("Cambridge, UK", "GBR"),
        ("Quebec", "CA-QC"),
        ("Beijing, China", "CN-BJ"),
        ("Singapore", "SGP"),
    ] {
        assert_eq!(keys(text), [expected], "{text}");
    }
}

#[test]
fn cloud_regions_know_their_grid_and_operator() {
    let iowa = read_place(tables(), "GCP us-central1", Context::Field);
    assert_eq!(iowa.cloud_region.as_deref(), Some("gcp:us-central1"));
    assert_eq!((iowa.settled(), iowa.operator.as_deref()), (Some("gcp:us-central1"), Some("google")));
    let paris = read_place(tables(), "AWS eu-west-3", Context::Field);
    assert_eq!((paris.settled(), paris.operator.as_deref()), (Some("FRA"), Some("aws")));
    let zay = read_place(tables(), "Jean Zay", Context::Field);
    assert_eq!((zay.settled(), zay.operator.as_deref()), (Some("FRA"), Some("jean-zay")));
}

#[test]
fn what_names_no_place_or_several() {
    for text in ["", "NA", "More information needed", "unknown", "on the moon base"] {
        assert!(keys(text).is_empty(), "{text}: {:?}", keys(text));
    }
    // The country and the state agree with nothing else in the text.
    assert_eq!(keys("Georgia"), ["GEO", "US-GA"]);
    assert_eq!(keys("Georgia, USA"), ["US-GA"]);
    assert!(read_place(tables(), "** unavailable, assumed East US for calculations", Context::Field).is_assumed);
    // Two-letter words of the language are no states.
    for text in ["trained in me and or hi", "in"] {
        assert!(keys(text).is_empty(), "{text}");
    }
}

/// Regression: two letters that are a country and a state were the state, and codes that are no state were nothing.
#[test]
fn two_letters_are_a_country_or_a_state() {
    for (text, expected) in [
        ("FR", &["FRA"][..]),
        ("SG", &["SGP"]),
        ("DE", &["DEU", "US-DE"]),
        ("DE, Google Cloud", &["DEU", "US-DE"]),
        ("Berlin, DE", &["DEU"]),
        ("DE, USA", &["US-DE"]),
        ("US-DE", &["US-DE"]),
        ("Cambridge, MA, USA", &["US-MA"]),
        ("Indianapolis, IN", &["US-IN"]),
        ("Delhi, IN", &["IND"]),
        // Answers and letters that stand there by chance.
        ("NA", &[]),
        ("NO", &[]),
        ("AI cluster in Paris, France", &["FRA"]),
    ] {
        assert_eq!(keys(text), expected, "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_without_panic(text in ".{0,60}") {
        let _ = read_place(tables(), &text, Context::Field);
    }
}
