//! Operators of clouds by name.

use super::repository::name_tokens;
use crate::evidence::vocabulary;

/// The cloud provider that a text names.
#[must_use]
pub fn provider_in(text: &str, in_prose: bool) -> Option<&'static str> {
    let clouds = &vocabulary::card().clouds;
    let short: String = text.chars().take(2000).collect();
    let joined = format!(" {} ", name_tokens(&short).join(" "));
    let names = |name: &str| !(in_prose && clouds.field_only.contains(&name)) && joined.contains(&format!(" {name} "));
    clouds.providers.iter().find(|provider| provider.spellings.iter().any(|s| names(s))).map(|provider| provider.name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clouds_by_name() {
        assert_eq!(provider_in("AWS SageMaker, on 384 A100 40GB GPUs", true), Some("AWS"));
        assert_eq!(provider_in("Google", false), Some("Google Cloud"));
        assert_eq!(provider_in("trained by Google", true), None);
        assert_eq!(provider_in("`RTX 3090` on [vast.ai](vast.ai)", true), Some("vast.ai"));
    }
}
