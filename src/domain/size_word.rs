//! Words of names that stand for a size.

use super::closed_set;

closed_set! {
    /// What a name says of the size of a model without a number (data/vocabulary/index.toml).
    enum SizeWord {
        /// tiny, nano, micro ...
        Tiny = "tiny",
        /// mini, small, flash, lite ...
        Small = "small",
        /// base, medium.
        Base = "base",
        /// large, pro, max ...
        Large = "large",
        /// xl, huge, giant ...
        Huge = "huge",
        /// The name of a family of encoders (bert, roberta, t5 ...) without a word of size.
        Encoder = "encoder",
        /// The same, with tiny or small.
        SmallEncoder = "small_encoder",
        /// The same, with base.
        BaseEncoder = "base_encoder",
        /// The same, with large.
        LargeEncoder = "large_encoder",
        /// The same, with xl, xxl or huge.
        HugeEncoder = "huge_encoder",
    }
}

impl SizeWord {
    /// Whether it is the name of a family of encoders or of small networks.
    #[must_use]
    pub const fn is_encoder(self) -> bool {
        match self {
            Self::Encoder | Self::SmallEncoder | Self::BaseEncoder | Self::LargeEncoder | Self::HugeEncoder => true,
            Self::Tiny | Self::Small | Self::Base | Self::Large | Self::Huge => false,
        }
    }

    /// The word as regressions read it: of huge encoders there are too few for a term of their own.
    #[must_use]
    pub const fn in_regressions(self) -> Self {
        match self {
            Self::HugeEncoder => Self::LargeEncoder,
            Self::Tiny | Self::Small | Self::Base | Self::Large | Self::Huge => self,
            Self::Encoder | Self::SmallEncoder | Self::BaseEncoder | Self::LargeEncoder => self,
        }
    }

    /// What the word means in the name of an encoder: its sizes are a hundredth of those of language models.
    #[must_use]
    pub const fn of_an_encoder(word: Option<Self>) -> Self {
        match word {
            Some(Self::Tiny | Self::Small | Self::SmallEncoder) => Self::SmallEncoder,
            Some(Self::Base | Self::BaseEncoder) => Self::BaseEncoder,
            Some(Self::Large | Self::LargeEncoder) => Self::LargeEncoder,
            Some(Self::Huge | Self::HugeEncoder) => Self::HugeEncoder,
            Some(Self::Encoder) | None => Self::Encoder,
        }
    }
}
