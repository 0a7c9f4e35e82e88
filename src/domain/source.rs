//! Where an index comes from, and which download count cuts the cohort out of it.

use super::closed_set;

closed_set! {
    /// Kinds of source this version reads.
    enum SourceKind {
        /// Files on this machine.
        File = "file",
        /// The listing API of the Hub, crawled and recorded.
        HubListing = "hub-listing",
        /// A file of a dataset repository, at a commit.
        HubDataset = "hub-dataset",
    }
}

closed_set! {
    /// Download counts a cohort can be cut by.
    enum CohortMetric {
        /// Since the repository exists.
        DownloadsAllTime = "downloads_all_time",
        /// In the last 30 days.
        Downloads30d = "downloads_30d",
    }
}

impl CohortMetric {
    /// Name of the cohort of the models with more downloads than `min`.
    #[must_use]
    pub fn cohort(self, min: i64) -> String {
        format!("{}_gt_{min}", self.name())
    }
}

closed_set! {
    /// Units in which tools write an instant as a number.
    enum EpochUnit {
        /// Since 1970, as Unix counts.
        Seconds = "seconds",
        /// As pandas and JavaScript write.
        Milliseconds = "milliseconds",
        /// As Spark and DuckDB count.
        Microseconds = "microseconds",
        /// As numpy counts.
        Nanoseconds = "nanoseconds",
    }
}
