//! Patterns of names in reference tables: letters and `*`, which stands for any letters or none.

/// One pattern of a name, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    parts: Vec<String>,
}

impl Pattern {
    pub(super) fn new(text: &str) -> Self {
        Self { parts: text.trim().to_lowercase().split('*').map(str::to_owned).collect() }
    }

    /// The patterns of a cell, which joins them by `|`.
    pub(super) fn of_cell(cell: Option<&str>) -> Vec<Self> {
        cell.unwrap_or_default().split('|').filter(|text| !text.trim().is_empty()).map(Self::new).collect()
    }

    /// Letters that a name must have: of two patterns that fit, the one with more says more.
    pub(super) fn letters(&self) -> usize {
        self.parts.iter().map(String::len).sum()
    }

    /// Whether a name, in lower case, fits.
    pub(super) fn fits(&self, name: &str) -> bool {
        let [first, middle @ .., last] = self.parts.as_slice() else {
            return self.parts.first().is_some_and(|only| only == name);
        };
        let Some(mut rest) = name.strip_prefix(first.as_str()) else { return false };
        for part in middle {
            let Some(at) = rest.find(part.as_str()) else { return false };
            rest = &rest[at + part.len()..];
        }
        rest.ends_with(last.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_letters_or_none() {
        let fits = |pattern: &str, name: &str| Pattern::new(pattern).fits(name);
        for (pattern, name) in [
            ("resnet50", "resnet50"),
            ("convnext_*", "convnext_tiny"),
            ("*", "anything"),
            ("facebook/*-224", "facebook/convnext-tiny-224"),
            ("vit_*_patch*_224", "vit_base_patch16_224"),
        ] {
            assert!(fits(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in
            [("resnet50", "resnet50d"), ("convnext_*", "convnextv2_tiny"), ("a*a", "a"), ("vit_*_384", "vit_base_patch16_224")]
        {
            assert!(!fits(pattern, name), "{pattern} {name}");
        }
        assert_eq!(Pattern::of_cell(Some("a|b_*")).len(), 2);
        assert!(Pattern::of_cell(None).is_empty());
    }
}
