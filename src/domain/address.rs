//! Addresses of pages: of repositories, of their cards, of papers, and of what a source names.

/// A path with everything but letters, digits and `-._~/` as percent codes.
fn encoded(path: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    if path.bytes().all(is_plain) && !path.split('/').any(|part| part.bytes().all(|byte| byte == b'.')) {
        return path.to_owned();
    }
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if is_plain(byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    // A path of dots would leave the place it is put under.
    out.split('/')
        .map(|part| if part.chars().all(|c| c == '.') { part.replace('.', "%2E") } else { part.to_owned() })
        .collect::<Vec<_>>()
        .join("/")
}

/// Page of a repository.
#[must_use]
pub fn repository(model_id: &str) -> String {
    format!("https://huggingface.co/{}", encoded(model_id))
}

/// Card of a repository, at a commit (40 hexadecimal digits) where one is known, else as it is today.
#[must_use]
pub fn card(model_id: &str, commit: Option<&str>) -> String {
    let is_commit = |text: &&str| text.len() == 40 && text.bytes().all(|b| b.is_ascii_hexdigit());
    format!("https://huggingface.co/{}/blob/{}/README.md", encoded(model_id), commit.filter(is_commit).unwrap_or("main"))
}

/// Paper of an identifier, if it is one of those given since 2007.
#[must_use]
pub fn paper(arxiv_id: &str) -> Option<String> {
    let (month, number) = arxiv_id.split_once('.')?;
    let digits =
        |text: &str, least: usize, most: usize| (least..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    (digits(month, 4, 4) && digits(number, 4, 5)).then(|| format!("https://arxiv.org/abs/{arxiv_id}"))
}

/// An address of a page of the web that somebody gave, with everything that no address holds as percent codes; none for any other.
#[must_use]
pub fn web(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    if !["https", "http"].contains(&scheme) || !rest.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    let mut out = format!("{scheme}://");
    for byte in rest.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/:?#[]@!$&()*+,;=%".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    Some(out)
}

/// The page that words about a source name: a file on GitHub at a commit (`github:owner/name@commit:path`), else a paper
/// (`arXiv:2110.00476`). The words are the project's own: no card reaches this.
#[must_use]
pub fn stated(source: &str) -> Option<String> {
    github(source).or_else(|| {
        let after = source.split("arXiv").nth(1)?;
        let id = after.trim_start_matches([':', ' ']);
        paper(id[..id.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(id.len())].trim_end_matches('.'))
    })
}

fn github(source: &str) -> Option<String> {
    let (_, named) = source.split_once("github:")?;
    let words = &named[..named.find(|c: char| c.is_whitespace() || ";,".contains(c)).unwrap_or(named.len())];
    let (repository, rest) = words.split_once('@')?;
    let (commit, path) = rest.split_once(':').unwrap_or((rest, ""));
    let is_plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "-._/".contains(c)) && !text.contains("..");
    if commit.is_empty() || repository.split('/').count() != 2 || ![repository, commit, path].into_iter().all(is_plain) {
        return None;
    }
    let place = if path.is_empty() { format!("tree/{commit}") } else { format!("blob/{commit}/{path}") };
    Some(format!("https://github.com/{repository}/{place}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_the_hub() {
        assert_eq!(repository("../../evil"), "https://huggingface.co/%2E%2E/%2E%2E/evil");
        assert_eq!(repository("javascript:alert(1)"), "https://huggingface.co/javascript%3Aalert%281%29");
        let commit = "0123456789abcdef0123456789ABCDEF01234567";
        assert_eq!(card("a/b", Some(commit)), format!("https://huggingface.co/a/b/blob/{commit}/README.md"));
        for other in [None, Some("main/../.."), Some("0123"), Some("")] {
            assert_eq!(card("a/b c", other), "https://huggingface.co/a/b%20c/blob/main/README.md");
        }
    }

    /// Regression: quotes and marks of direction behind `https://` were kept in the address.
    #[test]
    fn addresses_that_others_gave_are_pages_of_the_web() {
        assert_eq!(
            web("https://arxiv.org/abs/2407.21783?x=1&y=%20#s").as_deref(),
            Some("https://arxiv.org/abs/2407.21783?x=1&y=%20#s")
        );
        assert_eq!(web("https://a.example/\u{202e}\"'<x> é").as_deref(), Some("https://a.example/%E2%80%AE%22%27%3Cx%3E%20%C3%A9"));
        for other in [
            "javascript:alert(1)//https://",
            " https://a",
            "//a.example",
            "https://\" onclick=\"x",
            "data:text/html,https://a",
            "https://",
            "ftp://a",
        ] {
            assert_eq!(web(other), None, "{other}");
        }
    }

    #[test]
    fn sources_name_their_pages() {
        assert_eq!(paper("2407.21783").as_deref(), Some("https://arxiv.org/abs/2407.21783"));
        assert_eq!((paper("2407.21783/../x"), paper("x"), paper("2407.1")), (None, None, None));
        for (source, page) in [
            (
                "Epoch AI, CC BY 4.0; reported_emissions: github:meta-llama/llama-models@a9c89c4:models/llama3_1/MODEL_CARD.md, seen",
                Some("https://github.com/meta-llama/llama-models/blob/a9c89c4/models/llama3_1/MODEL_CARD.md"),
            ),
            ("github:a/b@c0ffee (text of arXiv 2503.05804)", Some("https://github.com/a/b/tree/c0ffee")),
            ("facebookresearch/xcit, README.md; arXiv:2106.09681, table B.1", Some("https://arxiv.org/abs/2106.09681")),
            ("text of arXiv 2503.05804. Table 2", Some("https://arxiv.org/abs/2503.05804")),
            ("github:Cuuper22/gpu_stack-:experiments/x.py", None),
            ("github:a/b@c:\"><script>; x", None),
            ("github:a/b@c:../../x", None),
            ("from memory", None),
            ("arXiv", None),
        ] {
            assert_eq!(stated(source).as_deref(), page, "{source}");
        }
    }
}
