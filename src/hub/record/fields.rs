//! Every key of a record, once: how it is spelled, how it is read and what it feeds, and how a listing brings it. The readers of JSON and
//! of Parquet and the lists that a crawl asks for are derived from it.

use super::spelling::same_key;
use crate::tables::{RawModelRow, TimestampMs};

/// How the value of a key is read, and which column of `raw_models` it feeds where it is one alone.
#[derive(Clone, Copy, Debug)]
pub enum Reading {
    /// Known, and says nothing that the other keys do not.
    NotNeeded,
    /// Which repository it is, whatever its name: 24 hexadecimal digits.
    ObjectId,
    /// The repository's name.
    Id,
    /// Its name under the older key, which counts where there is no other. In JSON records only.
    OldId,
    /// An instant.
    Instant(fn(&mut RawModelRow) -> &mut Option<TimestampMs>),
    /// A whole number.
    Count(fn(&mut RawModelRow) -> &mut Option<i64>),
    /// A text. It wins over what the card says, which is kept where this is empty.
    Text(fn(&mut RawModelRow) -> &mut Option<String>),
    /// True, false or a word.
    FlagOrWord(fn(&mut RawModelRow) -> &mut Option<String>),
    /// A text or several.
    Texts(fn(&mut RawModelRow) -> &mut Vec<String>),
    /// Whether the repository is private: such a record is refused.
    Private,
    /// The front matter of the card, as an object or as JSON in a string: licence, bases, relation, library, task, emissions.
    Card,
    /// Parameters by type of number, and in all.
    Safetensors,
    /// Parameters in all and architecture, as an object or as JSON in a string.
    Gguf,
    /// The bases as the Hub infers them, and the relation to them.
    BaseModels,
    /// Architecture and experts. In JSON records only.
    Config,
    /// The files, of which it is read whether there are weights. In JSON records only.
    Siblings,
}

/// How a listing brings a key, and whether its value changes without a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    /// In every record, whatever was asked for. It changes without a commit: a renamed repository keeps its `_id`.
    Always,
    /// Asked for. It changes without a commit: by downloads, votes, settings, a rename, or the Hub's own tagging.
    Volatile,
    /// Asked for. It follows from the files of a commit: it changes only with `sha`.
    Content,
    /// Asked for only where it is wanted, because it is large. It follows from the files of a commit.
    OnRequest,
    /// Not asked for: the Hub refuses it in listings, or does not need it.
    Never,
}

/// Declares the keys: an enum whose members carry the Hub's spelling, how the value is read, and how a listing brings it.
macro_rules! hub_fields {
    ($($(#[doc = $doc:literal])+ $member:ident = $key:literal, $reading:expr, $listed:ident;)+) => {
        /// A key of a record.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum HubField {
            $($(#[doc = $doc])+ $member,)+
        }

        impl HubField {
            /// Every key, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$member,)+];

            /// The Hub's spelling.
            #[must_use]
            pub const fn key(self) -> &'static str {
                match self {
                    $(Self::$member => $key,)+
                }
            }

            /// The field of a key, in whatever spelling; none for a key that this version does not know.
            #[must_use]
            pub fn parse(key: &str) -> Option<Self> {
                match key {
                    $($key => Some(Self::$member),)+
                    // The command line of the Hub writes `created_at`, Hive `createdat`, and databases upper case.
                    _ => Self::ALL.iter().copied().find(|field| same_key(field.key(), key)),
                }
            }

            /// How its value is read.
            #[must_use]
            pub const fn reading(self) -> Reading {
                match self {
                    $(Self::$member => $reading,)+
                }
            }

            /// How a listing brings it.
            #[must_use]
            pub const fn listed(self) -> Listed {
                match self {
                    $(Self::$member => Listed::$listed,)+
                }
            }
        }
    };
}

hub_fields! {
    /// Identity of a repository, which survives a renaming.
    ObjectId = "_id", Reading::ObjectId, Always;
    /// `owner/name`, or `name` for old repositories.
    Id = "id", Reading::Id, Always;
    /// The older key of `id`.
    ModelId = "modelId", Reading::OldId, Always;
    /// The owner, whom `id` names already.
    Author = "author", Reading::NotNeeded, Volatile;
    /// When the repository was made, not before a floor.
    CreatedAt = "createdAt", Reading::Instant(|row| &mut row.created_at), Volatile;
    /// When it changed last.
    LastModified = "lastModified", Reading::Instant(|row| &mut row.last_modified), Volatile;
    /// Downloads of the last 30 days.
    Downloads = "downloads", Reading::Count(|row| &mut row.downloads_30d), Volatile;
    /// Downloads since the repository exists.
    DownloadsAllTime = "downloadsAllTime", Reading::Count(|row| &mut row.downloads_all_time), Volatile;
    /// Likes.
    Likes = "likes", Reading::Count(|row| &mut row.likes), Volatile;
    /// The Hub's default order.
    TrendingScore = "trendingScore", Reading::NotNeeded, Volatile;
    /// Tags of the card and of the Hub.
    Tags = "tags", Reading::Texts(|row| &mut row.tags), Volatile;
    /// Front matter of the card.
    CardData = "cardData", Reading::Card, Content;
    /// What the headers of safetensors files say.
    Safetensors = "safetensors", Reading::Safetensors, Content;
    /// What the headers of GGUF files say.
    Gguf = "gguf", Reading::Gguf, Content;
    /// Bases, inferred by the Hub; not in listings.
    BaseModels = "baseModels", Reading::BaseModels, Never;
    /// The task.
    PipelineTag = "pipeline_tag", Reading::Text(|row| &mut row.pipeline_tag), Volatile;
    /// The library.
    LibraryName = "library_name", Reading::Text(|row| &mut row.library), Volatile;
    /// Whether files are behind a gate: false, auto or manual.
    Gated = "gated", Reading::FlagOrWord(|row| &mut row.gated), Volatile;
    /// Whether only its owner sees it.
    Private = "private", Reading::Private, Volatile;
    /// Whether the Hub has disabled it.
    Disabled = "disabled", Reading::NotNeeded, Volatile;
    /// The commit. A crawl goes by it, and links to cards name it.
    Sha = "sha", Reading::Text(|row| &mut row.commit), Volatile;
    /// Excerpt of config.json.
    Config = "config", Reading::Config, Content;
    /// The list of files.
    Siblings = "siblings", Reading::Siblings, OnRequest;
    /// State of the Hub's own inference.
    Inference = "inference", Reading::NotNeeded, Never;
    /// Demos that use the model.
    Spaces = "spaces", Reading::NotNeeded, Never;
    /// Results of evaluations.
    ModelIndex = "model-index", Reading::NotNeeded, Never;
    /// How transformers loads it.
    TransformersInfo = "transformersInfo", Reading::NotNeeded, Never;
    /// Examples for the page of the model.
    WidgetData = "widgetData", Reading::NotNeeded, Never;
    /// The mask of a fill-mask model.
    MaskToken = "mask_token", Reading::NotNeeded, Never;
    /// Bytes of the repository; not in listings.
    UsedStorage = "usedStorage", Reading::NotNeeded, Never;
}

/// Some of the keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FieldSet(u64);

impl FieldSet {
    /// Adds a key.
    pub const fn insert(&mut self, field: HubField) {
        self.0 |= 1 << field as u32;
    }

    /// Adds all keys of another set.
    pub const fn extend(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// Whether a key is in it.
    #[must_use]
    pub const fn contains(self, field: HubField) -> bool {
        self.0 & (1 << field as u32) != 0
    }
}

impl HubField {
    /// Whether its value changes without a commit, so that what is held of it goes stale while `sha` stays.
    #[must_use]
    pub const fn changes_without_commit(self) -> bool {
        match self.listed() {
            Listed::Always | Listed::Volatile => true,
            Listed::Content | Listed::OnRequest | Listed::Never => false,
        }
    }

    /// What an index loses with this key, for messages.
    #[must_use]
    pub const fn what_it_gives(self) -> &'static str {
        match self.reading() {
            _ if matches!(self, Self::Sha) => "commits: links lead to cards as they are today",
            Reading::NotNeeded => "nothing that other keys do not give",
            Reading::Config => "experts, and kinds of architecture",
            Reading::Siblings => "which repositories have no weights",
            Reading::ObjectId => "which records are one repository under two names",
            Reading::Id | Reading::OldId => "the models' names",
            Reading::Instant(_) => "dates: of trainings, and of the index",
            Reading::Count(_) => "who is in the cohort",
            Reading::Text(_) => "tasks and libraries: what kind of model it is",
            Reading::FlagOrWord(_) => "which models are gated",
            Reading::Texts(_) => {
                "bases, papers, tasks and formats that tags state: fine-tunes without another base look like pre-trainings"
            }
            Reading::Private => "which repositories are private and must not be published",
            Reading::Card => "licences, bases and emissions that cards state",
            Reading::Safetensors => "sizes: they come from GGUF files, the registry and names instead",
            Reading::Gguf => "sizes of repositories that have only GGUF files",
            Reading::BaseModels => "bases as the Hub knows them: fine-tunes without another base look like pre-trainings",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_are_unique_and_lead_back() {
        for field in HubField::ALL {
            assert_eq!(HubField::parse(field.key()), Some(*field));
        }
        assert_eq!(HubField::parse("createdAtFirst"), None);
    }

    #[test]
    fn a_set_has_what_was_added() {
        let mut set = FieldSet::default();
        for (at, field) in HubField::ALL.iter().enumerate() {
            assert!(!set.contains(*field));
            let mut one = FieldSet::default();
            one.insert(*field);
            set.extend(one);
            assert_eq!(HubField::ALL.iter().filter(|field| set.contains(**field)).count(), at + 1);
        }
    }

    /// Regression: what the Hub's own command line, Hive and databases write was unknown, and every date and count was null.
    #[test]
    fn a_key_is_known_in_whatever_spelling() {
        for field in HubField::ALL {
            for spelling in [field.key().to_lowercase(), field.key().to_uppercase(), snake_case(field.key())] {
                assert_eq!(HubField::parse(&spelling), Some(*field), "{spelling}");
            }
        }
        assert_eq!(HubField::parse("downloads_all_time"), Some(HubField::DownloadsAllTime));
        assert_eq!(HubField::parse("PIPELINETAG"), Some(HubField::PipelineTag));
        assert_eq!((HubField::parse("id"), HubField::parse("_ID")), (Some(HubField::Id), Some(HubField::ObjectId)));
    }

    fn snake_case(key: &str) -> String {
        key.chars().flat_map(|c| c.is_uppercase().then_some('_').into_iter().chain(c.to_lowercase())).collect()
    }
}
