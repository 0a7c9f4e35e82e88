//! Where a row of evidence can be read again.

use super::text::{card_url, repository_url};
use crate::domain::EvidenceSource;
use crate::tables::EvidenceRow;

/// Page to open for a row of evidence, where there is one.
pub(super) fn link_of(row: &EvidenceRow) -> Option<String> {
    match row.source {
        EvidenceSource::CardYaml | EvidenceSource::CardText => Some(card_url(&row.model_id)),
        EvidenceSource::HubIndex | EvidenceSource::Config | EvidenceSource::Name => Some(repository_url(&row.model_id)),
        EvidenceSource::Registry => registry_url(&row.quote),
        EvidenceSource::RepositoryFacts | EvidenceSource::Arithmetic | EvidenceSource::RoleModel | EvidenceSource::Correction => {
            None
        }
    }
}

/// Page of the source that the table of published runs names. The words are the project's own: cards cannot reach this.
fn registry_url(quote: &str) -> Option<String> {
    if let Some(at) = quote.find("github:") {
        let words: String = quote[at + 7..].chars().take_while(|c| !c.is_whitespace() && !";,".contains(*c)).collect();
        let (repository, rest) = words.split_once('@')?;
        let (commit, path) = rest.split_once(':').unwrap_or((rest, ""));
        let is_plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "-._/".contains(c)) && !text.contains("..");
        if !is_plain(repository) || !is_plain(commit) || !is_plain(path) {
            return None;
        }
        // A quote is cut at 200 characters: a path that ends there may lack its end, and the tree of the commit is the place to look.
        let is_whole = quote.len() > at + 7 + words.len();
        let path = if is_whole && !path.is_empty() { format!("blob/{commit}/{path}") } else { format!("tree/{commit}") };
        return Some(format!("https://github.com/{repository}/{path}"));
    }
    quote.contains("Epoch AI").then(|| "https://epoch.ai/data/ai-models".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_of_the_registry_are_found() {
        let cut = "Llama: 4.2e5; Epoch AI, CC BY 4.0; reported_emissions: github:meta-llama/llama-models@a9c89c4:models/MODEL_CAR";
        assert_eq!(registry_url(cut).as_deref(), Some("https://github.com/meta-llama/llama-models/tree/a9c89c4"));
        let listed = "github:meta-llama/llama-models@a9c89c4:models/CARD.md, 2026-07-19";
        assert_eq!(registry_url(listed).as_deref(), Some("https://github.com/meta-llama/llama-models/blob/a9c89c4/models/CARD.md"));
        let whole = "github:meta-llama/llama-models@a9c89c4:models/CARD.md; seen";
        assert_eq!(registry_url(whole).as_deref(), Some("https://github.com/meta-llama/llama-models/blob/a9c89c4/models/CARD.md"));
        assert_eq!(registry_url("x; Epoch AI, all models").as_deref(), Some("https://epoch.ai/data/ai-models"));
        assert_eq!(registry_url("github:a/b@c:\"><script>; x"), None);
        assert_eq!(registry_url("from memory"), None);
    }
}
