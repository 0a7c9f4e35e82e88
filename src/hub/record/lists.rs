//! Texts and lists of texts, whichever of the two a store made of the other: tags above all.

use super::ids::normalize_base_id;
use super::printed::parse_printed;
use super::reader::RecordReader;
use super::values::{clipped, one_shallow_value};
use serde_json::Value;
use sonic_rs::{JsonType, JsonValueTrait, LazyValue, to_array_iter};

/// Keys under which an item that is an object has its text.
const ITEM_KEYS: [&str; 5] = ["id", "name", "tag", "label", "value"];

/// What tools write for a value that is none.
const NOTHING: &[&str] = &["nan", "NaN", "None", "null", "NULL", "<NA>", "NaT", "\\N"];

/// Whether a text says that there is no value.
pub(in crate::hub) fn is_nothing(text: &str) -> bool {
    let text = text.trim();
    text.is_empty() || NOTHING.contains(&text)
}

/// A list or an object as JSON or as a language prints it, if a text is one.
pub(super) fn written_value(text: &str) -> Option<Value> {
    let text = text.trim();
    if !text.starts_with(['[', '(', '{']) || one_shallow_value(text).is_err() {
        return None;
    }
    serde_json::from_str(text).ok().or_else(|| parse_printed(text))
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

/// The texts that a text lists: as JSON, as a language prints them, in the braces of Postgres, or with signs between them. None if it
/// begins as a list and is none.
pub(super) fn listed(text: &str) -> Option<Vec<String>> {
    let text = text.trim();
    if is_nothing(text) {
        return Some(Vec::new());
    }
    // What Postgres writes for a list: its tags, `region:us`, are no pairs.
    if let Some(inside) = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).filter(|_| !is_json(text)) {
        return Some(inside.split(',').filter_map(|item| clipped(item.trim().trim_matches(['"', '\'']))).collect());
    }
    if let Some(list) = written_value(text) {
        return texts_of(&list);
    }
    // `array(['a', 'b'], dtype='<U9')`, as numpy and pandas print one.
    if let Some(inside) = called_list(text) {
        return texts_of(&written_value(inside)?);
    }
    if text.starts_with(['[', '(', '{']) {
        return None;
    }
    // No tag of the Hub has one of these signs inside; blanks do stand in tags.
    let sign = [',', '|', ';', '\n'].into_iter().find(|sign| text.contains(*sign));
    if let Some(sign) = sign {
        return Some(text.split(sign).filter_map(clipped).collect());
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_spaced_list =
        words.len() > 1 && words.iter().any(|word| word.split_once(':').is_some_and(|(a, b)| !a.is_empty() && !b.is_empty()));
    Some(if is_spaced_list { words.into_iter().filter_map(clipped).collect() } else { clipped(text).into_iter().collect() })
}

/// The list that a printed call begins with; nothing for anything but a name, a bracket and a list.
fn called_list(text: &str) -> Option<&str> {
    let (name, arguments) = text.strip_suffix(')')?.split_once('(')?;
    let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'_');
    let arguments = arguments.trim_start();
    if !is_name || !arguments.starts_with(['[', '(', '{']) {
        return None;
    }
    let end = arguments.rfind([']', ')', '}'])?;
    Some(&arguments[..=end])
}

/// The texts of a list, or of an object of them; none if no text is in something that holds anything.
fn texts_of(value: &Value) -> Option<Vec<String>> {
    let (mut texts, mut others) = (Vec::new(), Vec::new());
    gather(value, &mut texts, &mut others);
    // A number among texts is a text that lost its quotes.
    let all = others.is_empty() || !texts.is_empty();
    texts.extend(others);
    all.then_some(texts)
}

fn gather(value: &Value, texts: &mut Vec<String>, others: &mut Vec<String>) {
    match value {
        Value::Null => {}
        Value::String(text) => texts.extend(clipped(text)),
        Value::Bool(_) | Value::Number(_) => others.push(value.to_string()),
        Value::Array(items) => items.iter().for_each(|item| gather(item, texts, others)),
        Value::Object(object) => match ITEM_KEYS.iter().find_map(|key| object.get(*key)) {
            Some(item) => gather(item, texts, others),
            None => object.values().for_each(|item| gather(item, texts, others)),
        },
    }
}

/// The items of a list of nothing but texts, which nearly every record has.
fn plain_texts(raw: &str) -> Option<Vec<String>> {
    let mut texts = Vec::new();
    for item in to_array_iter(raw) {
        let item = item.ok().filter(|item| item.get_type() == JsonType::String)?;
        texts.extend(item.as_str().and_then(clipped));
    }
    Some(texts)
}

/// Whether a text that is one part of a list may be an id: owner and name, or an old name with a digit in it; a mere word is none.
fn is_listed_id(id: &str) -> bool {
    id.contains('/') || id.bytes().any(|byte| byte.is_ascii_digit())
}

/// The ids that a text names: one, or several as [`listed`] or with blanks between them; and whether that is all it says where it is a list.
pub(super) fn listed_ids(text: &str) -> (Vec<String>, bool) {
    if is_nothing(text) {
        return (Vec::new(), true);
    }
    if let Some(id) = normalize_base_id(text) {
        return (vec![id], true);
    }
    let summed: Vec<String> = text.split(" + ").filter_map(normalize_base_id).filter(|id| id.contains('/')).collect();
    if summed.len() > 1 && summed.len() == text.split(" + ").count() {
        return (summed, true);
    }
    let Some(mut parts) = listed(text) else { return (Vec::new(), false) };
    if let [one] = parts.as_slice() {
        let words: Vec<String> = one.split_whitespace().map(str::to_owned).collect();
        if words.iter().all(|word| word.contains('/') && normalize_base_id(word).is_some()) {
            parts = words;
        }
    }
    let ids: Vec<String> = parts.iter().filter_map(|part| normalize_base_id(part)).filter(|id| is_listed_id(id)).collect();
    // A text alone that is no id is a path of its author's machine or a name in words, and no list.
    let is_whole = ids.len() == parts.len() || parts.len() < 2;
    (ids, is_whole)
}

impl RecordReader {
    /// The ids of bases that texts name; a list that holds anything else is noted.
    pub(super) fn ids_of_bases(&mut self, key: &str, texts: &[String]) -> Vec<String> {
        let mut all = Vec::new();
        for text in texts {
            let (ids, is_whole) = listed_ids(text);
            all.extend(ids);
            if !is_whole {
                self.problem(key, "a list of bases with something in it that is no id", text.as_str());
            }
        }
        all
    }

    /// The texts of a value in JSON; one that holds anything else is noted.
    pub(super) fn texts_value(&mut self, key: &str, value: &LazyValue<'_>) -> Vec<String> {
        let raw = value.as_raw_str();
        let found = match value.get_type() {
            JsonType::Null => Some(Vec::new()),
            JsonType::String => listed(value.as_str().unwrap_or_default()),
            JsonType::Array => plain_texts(raw).or_else(|| texts_of(&serde_json::from_str(raw).ok()?)),
            _ => serde_json::from_str(raw).ok().and_then(|value| texts_of(&value)),
        };
        found.unwrap_or_else(|| {
            self.problem(key, "no list of texts", raw);
            Vec::new()
        })
    }

    /// The texts that a text lists.
    pub(super) fn texts_text(&mut self, key: &str, text: &str) -> Vec<String> {
        listed(text).unwrap_or_else(|| {
            self.problem(key, "no list of texts", text);
            Vec::new()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_in_every_writing() {
        let tags = ["peft", "text generation", "base_model:a/b"];
        for text in [
            r#"["peft","text generation","base_model:a/b"]"#,
            "['peft', 'text generation', 'base_model:a/b']",
            "['peft' 'text generation' 'base_model:a/b']",
            "('peft', 'text generation', 'base_model:a/b')",
            r#"{peft,"text generation",base_model:a/b}"#,
            "{'peft', 'text generation', 'base_model:a/b'}",
            "peft,text generation,base_model:a/b",
            "peft | text generation | base_model:a/b",
            "peft;text generation;base_model:a/b",
            "peft\ntext generation\nbase_model:a/b\n",
            "array(['peft', 'text generation', 'base_model:a/b'], dtype='<U15')",
            "array(['peft', 'text generation', 'base_model:a/b'],\n      dtype=object)",
            "Index(['peft', 'text generation', 'base_model:a/b'], dtype='object')",
            r#"[["peft","text generation"],["base_model:a/b"]]"#,
            r#"[{"id":"peft"},{"id":"text generation","x":1},{"id":"base_model:a/b"}]"#,
        ] {
            assert_eq!(listed(text).as_deref(), Some(&tags.map(str::to_owned)[..]), "{text}");
        }
        assert_eq!(listed("peft base_model:a/b").map(|tags| tags.len()), Some(2));
        assert_eq!(listed("text generation"), Some(vec!["text generation".to_owned()]));
        assert_eq!(listed("{region:us}"), Some(vec!["region:us".to_owned()]));
        assert_eq!(listed("nan"), Some(Vec::new()));
        for text in ["[1, 2]", "[broken", "['a', 3", "{\"x\": true}"] {
            assert_eq!(listed(text), None, "{text}");
        }
    }

    /// Regression: bases joined to one text were dropped without a word, but for those between commas in one of the columns.
    #[test]
    fn bases_in_every_writing() {
        let (a, b) = ("mistralai/Mistral-7B-v0.1".to_owned(), "meta-llama/Llama-2-7b-hf".to_owned());
        for joint in [", ", ",", ";", " | ", "\n", " ", " + "] {
            assert_eq!(listed_ids(&format!("{a}{joint}{b}")), (vec![a.clone(), b.clone()], true), "{joint:?}");
        }
        for text in [format!("{{{a},{b}}}"), format!("{{'{a}', '{b}'}}"), format!("['{a}', '{b}']"), format!("[\"{a}\",\"{b}\"]")] {
            assert_eq!(listed_ids(&text), (vec![a.clone(), b.clone()], true), "{text}");
        }
        assert_eq!(listed_ids("gpt2, https://huggingface.co/a/b"), (vec!["gpt2".to_owned(), "a/b".to_owned()], true));
        assert_eq!(listed_ids("a/b, and more of it"), (vec!["a/b".to_owned()], false));
        // One text that is no id: a path, a name in words.
        for text in ["/workspace/llama", "./out/x", "Llama 2 chat", "nan", ""] {
            assert_eq!(listed_ids(text), (Vec::new(), true), "{text}");
        }
        assert_eq!(listed_ids("german, tuned"), (Vec::new(), false));
    }
}
