//! Who trains.

use super::closed_set;

closed_set! {
    /// Who trains: what companies spend on a model of a size is another order than what universities and persons do.
    enum OwnerClass {
        /// A company, alone or with others.
        Industry = "industry",
        /// Universities, institutes and academies without a company.
        Academia = "academia",
        /// Nobody that owners.csv lists: a person, mostly.
        Unlisted = "unlisted",
    }
}
