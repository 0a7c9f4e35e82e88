//! Which repository a clone is of, by its git configuration.

use crate::hub::record::is_valid_id;
use fs_err as fs;
use std::path::Path;

/// Hosts whose paths are the Hub's: its own names, and the mirror that people behind a slow line use.
const HOSTS: [&str; 4] = ["huggingface.co", "www.huggingface.co", "hf.co", "hf-mirror.com"];
/// What begins the paths of other repositories of the Hub.
const OTHERS: [(&str, &str); 2] = [("datasets/", "a data set"), ("spaces/", "a Space")];

/// What a directory is a clone of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// A model of the Hub.
    Model(String),
    /// Something else of the Hub.
    Other(&'static str),
}

/// What a directory is a clone of; none if it is no clone, or one of somewhere else.
pub(super) fn origin(dir: &Path) -> Option<Origin> {
    let config = fs::read_to_string(dir.join(".git").join("config")).ok()?;
    of_address(&address(&config)?)
}

/// The address of the remote `origin`; where there is none of that name, that of the only remote.
fn address(config: &str) -> Option<String> {
    let mut remotes: Vec<(String, String)> = Vec::new();
    let mut section = String::new();
    for line in config.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[') {
            section = name.split(']').next().unwrap_or_default().trim().to_owned();
        } else if let Some((key, value)) = line.split_once('=')
            && key.trim().eq_ignore_ascii_case("url")
            && let Some((kind, name)) = section.split_once(char::is_whitespace)
            && kind.eq_ignore_ascii_case("remote")
        {
            remotes.push((name.trim().trim_matches('"').to_owned(), value.trim().trim_matches('"').to_owned()));
        }
    }
    let origin = remotes.iter().find(|(name, _)| name == "origin");
    origin.or_else(|| remotes.first().filter(|_| remotes.len() == 1)).map(|(_, address)| address.clone())
}

/// `https://user:token@huggingface.co/owner/name.git`, `git@hf.co:owner/name`, `ssh://git@hf.co/owner/name`.
fn of_address(address: &str) -> Option<Origin> {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let rest = rest.split_once('@').map_or(rest, |(_, rest)| rest);
    let (host, path) = rest.split_once(['/', ':'])?;
    if !HOSTS.iter().any(|known| host.eq_ignore_ascii_case(known)) {
        return None;
    }
    let path = path.trim_matches('/');
    if let Some((_, what)) = OTHERS.iter().find(|(begin, _)| path.starts_with(begin)) {
        return Some(Origin::Other(what));
    }
    let id = path.strip_suffix(".git").unwrap_or(path);
    is_valid_id(id).then(|| Origin::Model(id.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_remote_called_origin_counts() {
        let model = |id: &str| Some(Origin::Model(id.to_owned()));
        let origin_of = |config: &str| address(config).and_then(|address| of_address(&address));
        let two = "[remote \"upstream\"]\n\turl = https://huggingface.co/other/thing\n[remote \"origin\"]\n\turl = https://hf-mirror.com/lab/a.git\n";
        assert_eq!(origin_of(two), model("lab/a"));
        let forked = "[remote \"upstream\"]\n\turl = https://huggingface.co/other/thing\n[remote \"origin\"]\n\turl = https://github.com/lab/a\n";
        assert_eq!(origin_of(forked), None);
        let no_name = "[remote \"a\"]\nurl = https://hf.co/x/y\n[remote \"b\"]\nurl = https://hf.co/x/z\n";
        assert_eq!(origin_of(no_name), None);
        for (url, found) in [
            ("https://user:hf_x@huggingface.co/lab/a/", model("lab/a")),
            ("git@hf.co:lab/a.git", model("lab/a")),
            ("ssh://git@hf.co/solo-gpt", model("solo-gpt")),
            ("https://huggingface.co/datasets/lab/a", Some(Origin::Other("a data set"))),
            ("https://nothuggingface.co/lab/a", None),
            ("/srv/git/huggingface.co/lab/a", None),
        ] {
            assert_eq!(
                origin_of(&format!("[core]\n\tbare = false\n[remote \"hub\"]\n\tpushurl = x\n\turl = {url}\n")),
                found,
                "{url}"
            );
        }
    }
}
