//! The listing, single models and READMEs.

use super::State;
use super::faults::Fault;
use super::http::{Reply, Request};
use super::index::{Card, DEFAULT_PROPERTIES, EXPANDABLE, FULL_PROPERTIES, Index, hex};

/// `GET /api/models`
pub fn listing(state: &State, request: &Request, fault: Option<&Fault>) -> Reply {
    let properties = match properties(request) {
        Ok(properties) => properties,
        Err(reply) => return reply,
    };
    let mut index = state.index.lock().unwrap();
    let page_number = state.requests.load(std::sync::atomic::Ordering::SeqCst);
    if let Some(hook) = state.before_page.lock().unwrap().as_mut() {
        hook(&mut index, page_number);
    }
    let limit = request.get("limit").and_then(|l| l.parse().ok()).unwrap_or(1_000_usize).clamp(1, 1_000);
    let sort = request.get("sort").unwrap_or("trendingScore");
    let order = index.order(sort);
    let after = match request.get("cursor").map(decode_cursor) {
        None => None,
        Some(Some(key)) => Some(key),
        Some(None) => return Reply::json(400, r#"{"error":"Invalid cursor"}"#),
    };
    // Everything that sorts after the cursor, whatever has come or gone since it was made.
    let start = after.as_ref().map_or(0, |key| order.partition_point(|(k, _)| k >= key));
    if matches!(fault, Some(Fault::EmptyPage)) {
        let noise = state.requests.load(std::sync::atomic::Ordering::SeqCst);
        let key = after.unwrap_or_else(|| "~".to_owned());
        return Reply::json(200, "[]").with("Link", &link(request, &format!("{}-{noise}", hex(key.as_bytes()))));
    }
    let end = (start + limit).min(order.len());
    let again = if let Some(Fault::Duplicates(n)) = fault { start.saturating_sub(*n) } else { start };
    let mut body = String::from("[");
    for (i, (_, record)) in order[again..end].iter().enumerate() {
        if i > 0 {
            body.push(',');
        }
        index.records[*record as usize].render(&properties, &mut body);
    }
    body.push(']');
    let reply = Reply::json(200, &body);
    match fault {
        Some(Fault::LinkElsewhere) => reply.with("Link", "<http://hub.invalid/api/models?cursor=aa>; rel=\"next\""),
        Some(Fault::LinkLoop) => {
            reply.with("Link", &format!("<http://{}{}>; rel=\"next\"", request.header("host").unwrap(), request.target))
        }
        _ if end < order.len() => reply.with("Link", &link(request, &hex(order[end - 1].0.as_bytes()))),
        _ => reply,
    }
}

fn link(request: &Request, cursor: &str) -> String {
    let mut url = url::Url::parse(&format!("http://{}{}", request.header("host").unwrap(), request.path)).unwrap();
    let others = request.query.iter().filter(|(k, _)| k != "cursor");
    url.query_pairs_mut().extend_pairs(others).append_pair("cursor", cursor);
    format!("<{url}>; rel=\"next\"")
}

fn decode_cursor(text: &str) -> Option<String> {
    let digits = text.split('-').next()?;
    let bytes: Option<Vec<u8>> =
        (0..digits.len() / 2).map(|i| u8::from_str_radix(digits.get(2 * i..2 * i + 2)?, 16).ok()).collect();
    String::from_utf8(bytes?).ok().filter(|s| !s.is_empty())
}

fn properties(request: &Request) -> Result<Vec<String>, Reply> {
    let flag = |name: &str| request.get(name).is_some_and(|v| v.eq_ignore_ascii_case("true") || v == "1");
    let expand: Vec<String> =
        request.query.iter().filter(|(k, _)| k == "expand[]" || k == "expand").map(|(_, v)| v.clone()).collect();
    if expand.is_empty() {
        let full = if flag("full") { FULL_PROPERTIES } else { &[] };
        return Ok(DEFAULT_PROPERTIES.iter().chain(full).map(|p| (*p).to_owned()).collect());
    }
    let is_listing = request.path == "/api/models";
    let known =
        |p: &String| EXPANDABLE.contains(&p.as_str()) || (!is_listing && ["baseModels", "usedStorage"].contains(&p.as_str()));
    if let Some(bad) = expand.iter().find(|p| !known(p)) {
        return Err(Reply::json(400, &format!(r#"{{"error":"expand: invalid value {}"}}"#, bad.escape_default())));
    }
    if ["full", "cardData", "config"].iter().any(|name| flag(name)) {
        return Err(Reply::json(400, r#"{"error":"expand excludes full, cardData and config"}"#));
    }
    Ok(expand)
}

/// `GET /api/models/{id}`
pub fn model(state: &State, request: &Request, id: &str) -> Reply {
    let properties = match properties(request) {
        Ok(properties) => properties,
        Err(reply) => return reply,
    };
    let index = state.index.lock().unwrap();
    if let Some(Card::MovedTo(new)) = index.cards.get(id) {
        let query = request.target.split_once('?').map(|(_, q)| format!("?{q}")).unwrap_or_default();
        return Reply::new(307, "text/plain", Vec::new()).with("Location", &format!("/api/models/{new}{query}"));
    }
    match index.find(id) {
        Some(i) => {
            let mut body = String::new();
            index.records[i].render(&properties, &mut body);
            Reply::json(200, &body)
        }
        // Without a token the Hub does not say whether a repository is private or was never there.
        None if request.header("authorization").is_none() => Reply::error(401, "RepoNotFound"),
        None => Reply::error(404, "RepoNotFound"),
    }
}

/// `GET /{id}/resolve/{revision}/README.md`
pub fn resolve(state: &State, request: &Request) -> Reply {
    let Some((id, rest)) = request.path.trim_start_matches('/').split_once("/resolve/") else {
        return Reply::error(404, "RepoNotFound");
    };
    let Some((revision, file)) = rest.split_once('/') else { return Reply::error(404, "EntryNotFound") };
    let index = state.index.lock().unwrap();
    let card = index.cards.get(id);
    if let Some(Card::MovedTo(new)) = card {
        return Reply::new(307, "text/plain", Vec::new()).with("Location", &format!("/{new}/resolve/{revision}/{file}"));
    }
    if revision != "main" && !has_revision(&index, id, revision) {
        return Reply::error(404, "RevisionNotFound");
    }
    match card {
        _ if file != "README.md" => Reply::error(404, "EntryNotFound"),
        Some(Card::Text(text)) => Reply::new(200, "text/plain; charset=utf-8", text.clone())
            .with("X-Repo-Commit", revision)
            .with("ETag", &format!("\"{}\"", hex(&text[..text.len().min(20)]))),
        Some(Card::Gated) => Reply::error(403, "GatedRepo"),
        Some(Card::Elsewhere) => {
            let target = format!("{}/cdn/readme", state.elsewhere.lock().unwrap());
            Reply::new(302, "text/plain", Vec::new()).with("Location", &target)
        }
        Some(Card::Removed) if request.header("authorization").is_none() => Reply::error(401, "RepoNotFound"),
        Some(Card::Removed) => Reply::error(404, "RepoNotFound"),
        None => Reply::error(404, "EntryNotFound"),
        Some(Card::MovedTo(_)) => unreachable!(),
    }
}

fn has_revision(index: &Index, id: &str, revision: &str) -> bool {
    index.find(id).is_none_or(|i| index.records[i].text("sha") == revision)
}
