//! One record of the index, tolerant of everything HUB.md lists: each field is read on its own, and a field that cannot be
//! used becomes null with a [`Problem`] rather than taking its record down.

use crate::tables::{RawModelRow, TimestampMs};
use sonic_rs::{JsonType, JsonValueTrait, LazyValue, to_array_iter, to_object_iter};

/// Longest id accepted: the Hub allows 96 characters on either side of the slash.
const MAX_ID_CHARS: usize = 193;
/// Longest string kept from a card field.
const MAX_TEXT_CHARS: usize = 2_000;
/// Longest `co2_eq_emissions` value kept, in bytes.
const MAX_CO2_BYTES: usize = 16_384;
/// Largest count believed (downloads, parameters): above it a number is an upload error.
const MAX_COUNT: f64 = 1e15;
/// Milliseconds of 2016-01-01 and 2036-01-01: the Hub's first repositories date from 2018, and an instant decades ahead would
/// date the whole snapshot.
const INSTANTS: std::ops::Range<i64> = 1_451_606_400_000..2_082_758_400_000;

/// Why a record or one of its fields could not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Field, or `record` when the whole record is refused.
    pub field: String,
    /// Why.
    pub reason: String,
    /// What was found, capped by the writer of the quarantine.
    pub raw: String,
}

/// A record after parsing.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// File and position.
    pub locator: String,
    /// The row, unless the record was refused.
    pub row: Option<RawModelRow>,
    /// What had to be put aside.
    pub problems: Vec<Problem>,
    /// Keys that this version does not know.
    pub unknown_keys: Vec<String>,
}

/// An empty row for `locator`, to be filled.
#[must_use]
pub fn empty_row(locator: &str) -> RawModelRow {
    RawModelRow {
        model_id: String::new(),
        locator: locator.to_owned(),
        created_at: None,
        last_modified: None,
        downloads_30d: None,
        downloads_all_time: None,
        likes: None,
        pipeline_tag: None,
        library: None,
        tags: Vec::new(),
        gated: None,
        has_weight_files: None,
        safetensors_dtypes: Vec::new(),
        safetensors_counts: Vec::new(),
        safetensors_total: None,
        gguf_total: None,
        architecture: None,
        config_experts: None,
        config_experts_per_token: None,
        card_license: None,
        card_base_models: Vec::new(),
        card_base_relation: None,
        hub_base_models: Vec::new(),
        hub_base_relation: None,
        co2_json: None,
    }
}

/// Collects the fields of one record.
pub struct RecordReader {
    row: RawModelRow,
    problems: Vec<Problem>,
    private: bool,
}

impl RecordReader {
    /// A reader for the record at `locator`.
    #[must_use]
    pub fn new(locator: &str) -> Self {
        Self { row: empty_row(locator), problems: Vec::new(), private: false }
    }

    /// The row under construction, for columnar sources that fill typed fields themselves.
    pub fn row_mut(&mut self) -> &mut RawModelRow {
        &mut self.row
    }

    /// Notes that `field` could not be used.
    pub fn problem(&mut self, field: &str, reason: impl Into<String>, raw: impl Into<String>) {
        self.problems.push(Problem { field: field.to_owned(), reason: reason.into(), raw: raw.into() });
    }

    /// Marks the repository as private: it is refused.
    pub fn set_private(&mut self) {
        self.private = true;
    }

    /// Takes the id; an unusable one refuses the record when it is finished.
    pub fn set_id(&mut self, id: &str) {
        self.row.model_id = id.trim().to_owned();
    }

    /// Takes a count (downloads, likes, parameters).
    pub fn count(&mut self, field: &str, value: f64, raw: &str) -> Option<i64> {
        if value.fract() == 0.0 && (0.0..=MAX_COUNT).contains(&value) {
            // In range and integral: the cast is exact.
            #[allow(clippy::cast_possible_truncation)]
            return Some(value as i64);
        }
        let reason = if value < 0.0 {
            "negative count"
        } else if value > MAX_COUNT {
            "count beyond 1e15"
        } else {
            "not a whole number"
        };
        self.problem(field, reason, raw);
        None
    }

    /// Takes an instant in milliseconds.
    pub fn instant(&mut self, field: &str, millis: i64) -> Option<TimestampMs> {
        if INSTANTS.contains(&millis) {
            return Some(TimestampMs(millis));
        }
        self.problem(field, "instant outside 2016 to 2035", millis.to_string());
        None
    }

    /// Takes an instant in ISO 8601.
    pub fn instant_text(&mut self, field: &str, text: &str) -> Option<TimestampMs> {
        match text.trim().parse::<jiff::Timestamp>() {
            Ok(t) => self.instant(field, t.as_millisecond()),
            // Without a zone the Hub means UTC; a date alone is its midnight.
            Err(e) => {
                let civil = text.trim().parse::<jiff::civil::DateTime>().ok();
                if let Some(t) = civil.and_then(|c| format!("{c}Z").parse::<jiff::Timestamp>().ok()) {
                    return self.instant(field, t.as_millisecond());
                }
                self.problem(field, format!("not an ISO 8601 instant: {e}"), text);
                None
            }
        }
    }

    /// Reads `cardData` given as JSON text.
    pub fn card(&mut self, json: &str) {
        let trimmed = json.trim();
        if trimmed.is_empty() || trimmed == "null" {
            return;
        }
        if let Err(why) = one_shallow_value(trimmed) {
            return self.problem("cardData", why, json);
        }
        for entry in to_object_iter(trimmed) {
            let (key, value) = match entry {
                Ok(entry) => entry,
                Err(e) => {
                    self.problem("cardData", format!("not a JSON object: {}", first_line(&e.to_string())), json);
                    return;
                }
            };
            match &*key {
                "license" => self.row.card_license = first_string(&value),
                "base_model" => {
                    let ids: Vec<String> = strings(&value).iter().filter_map(|s| normalize_base_id(s)).collect();
                    self.row.card_base_models = ids;
                }
                "base_model_relation" => self.row.card_base_relation = first_string(&value),
                "library_name" if self.row.library.is_none() => self.row.library = first_string(&value),
                "pipeline_tag" if self.row.pipeline_tag.is_none() => self.row.pipeline_tag = first_string(&value),
                "co2_eq_emissions" => self.co2(value.as_raw_str()),
                _ => {}
            }
        }
    }

    fn co2(&mut self, raw: &str) {
        if raw.len() > MAX_CO2_BYTES {
            self.problem("cardData.co2_eq_emissions", "longer than 16 KiB", raw);
            return;
        }
        match serde_json::from_str::<serde_json::Value>(raw) {
            Ok(serde_json::Value::Null) => {}
            Ok(value) => self.row.co2_json = Some(value.to_string()),
            Err(e) => self.problem("cardData.co2_eq_emissions", format!("invalid JSON: {e}"), raw),
        }
    }

    /// Reads `safetensors` given as JSON text.
    pub fn safetensors(&mut self, json: &str) {
        for entry in to_object_iter(json) {
            let Ok((key, value)) = entry else {
                self.problem("safetensors", "not a JSON object", json);
                return;
            };
            match &*key {
                "total" => self.row.safetensors_total = self.json_count("safetensors.total", &value),
                "parameters" if value.get_type() == JsonType::Object => {
                    // A key that comes twice counts once, the last time.
                    self.row.safetensors_dtypes.clear();
                    self.row.safetensors_counts.clear();
                    for (dtype, count) in to_object_iter(value.as_raw_str()).flatten() {
                        if let Some(n) = self.json_count("safetensors.parameters", &count)
                            && !self.row.safetensors_dtypes.contains(&dtype.to_string())
                        {
                            self.row.safetensors_dtypes.push(dtype.to_string());
                            self.row.safetensors_counts.push(n);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// Reads `gguf` given as JSON text, or as a JSON string that holds JSON.
    pub fn gguf(&mut self, json: &str) {
        for entry in to_object_iter(json) {
            let Ok((key, value)) = entry else {
                self.problem("gguf", "not a JSON object", json);
                return;
            };
            match &*key {
                "total" => self.row.gguf_total = self.json_count("gguf.total", &value),
                "architecture" if self.row.architecture.is_none() => self.row.architecture = first_string(&value),
                _ => {}
            }
        }
    }

    fn base_models(&mut self, value: &LazyValue<'_>) {
        match value.get_type() {
            JsonType::Object => self.base_models_object(value.as_raw_str()),
            JsonType::Array => {
                for item in to_array_iter(value.as_raw_str()).flatten() {
                    match item.get_type() {
                        JsonType::Object => self.base_models_object(item.as_raw_str()),
                        JsonType::String => self.row.hub_base_models.extend(first_string(&item)),
                        _ => {}
                    }
                }
            }
            _ => self.problem("baseModels", "neither object nor list", value.as_raw_str()),
        }
    }

    fn base_models_object(&mut self, json: &str) {
        for (key, value) in to_object_iter(json).flatten() {
            match &*key {
                "relation" => self.row.hub_base_relation = first_string(&value),
                "id" => self.row.hub_base_models.extend(first_string(&value)),
                "models" if value.get_type() == JsonType::Array => {
                    for item in to_array_iter(value.as_raw_str()).flatten() {
                        let id = item.get("id").and_then(|v| v.as_str().map(str::to_owned));
                        self.row.hub_base_models.extend(id.as_deref().and_then(normalize_base_id));
                    }
                }
                _ => {}
            }
        }
    }

    fn config(&mut self, json: &str) {
        for (key, value) in to_object_iter(json).flatten() {
            match &*key {
                "model_type" => self.row.architecture = first_string(&value).or(self.row.architecture.take()),
                "num_experts" | "n_routed_experts" | "num_local_experts" => {
                    self.row.config_experts = self.json_count("config.experts", &value);
                }
                "num_experts_per_tok" | "num_experts_per_token" => {
                    self.row.config_experts_per_token = self.json_count("config.experts_per_token", &value);
                }
                _ => {}
            }
        }
    }

    fn siblings(&mut self, json: &str) {
        let weights = to_array_iter(json)
            .flatten()
            .any(|file| file.get("rfilename").is_some_and(|name| name.as_str().is_some_and(is_weight_file)));
        self.row.has_weight_files = Some(weights);
    }

    fn json_count(&mut self, field: &str, value: &LazyValue<'_>) -> Option<i64> {
        let raw = value.as_raw_str();
        match value.get_type() {
            JsonType::Null => None,
            JsonType::Number => match value.as_f64() {
                Some(number) => self.count(field, number, raw),
                None => {
                    self.problem(field, "number out of range", raw);
                    None
                }
            },
            JsonType::String => match value.as_str().and_then(|s| s.trim().parse::<f64>().ok()) {
                Some(number) => self.count(field, number, raw),
                None => {
                    self.problem(field, "not a number", raw);
                    None
                }
            },
            _ => {
                self.problem(field, "not a number", raw);
                None
            }
        }
    }

    /// Reads one key of a listing record. Returns false for a key this version does not know.
    pub fn json_field(&mut self, key: &str, value: &LazyValue<'_>) -> bool {
        let raw = value.as_raw_str();
        if value.get_type() == JsonType::Null {
            return KNOWN_KEYS.contains(&key);
        }
        match key {
            "id" | "modelId" => {
                if self.row.model_id.is_empty() || key == "id" {
                    self.set_id(value.as_str().unwrap_or_default());
                }
            }
            "createdAt" => self.row.created_at = self.instant_text(key, value.as_str().unwrap_or(raw)),
            "lastModified" => self.row.last_modified = self.instant_text(key, value.as_str().unwrap_or(raw)),
            "downloads" => self.row.downloads_30d = self.json_count(key, value),
            "downloadsAllTime" => self.row.downloads_all_time = self.json_count(key, value),
            "likes" => self.row.likes = self.json_count(key, value),
            "pipeline_tag" => self.row.pipeline_tag = first_string(value).or(self.row.pipeline_tag.take()),
            "library_name" => self.row.library = first_string(value).or(self.row.library.take()),
            "tags" => self.row.tags = strings(value),
            "gated" => self.row.gated = gated(value),
            "private" => self.private = value.as_bool() == Some(true),
            "cardData" => match value.get_type() {
                JsonType::String => self.card(&value.as_str().map(str::to_owned).unwrap_or_default()),
                _ => self.card(raw),
            },
            "safetensors" => self.safetensors(raw),
            "gguf" => match value.get_type() {
                JsonType::String => self.gguf(&value.as_str().map(str::to_owned).unwrap_or_default()),
                _ => self.gguf(raw),
            },
            "baseModels" => self.base_models(value),
            "config" if value.get_type() == JsonType::Object => self.config(raw),
            "siblings" if value.get_type() == JsonType::Array => self.siblings(raw),
            _ => return KNOWN_KEYS.contains(&key),
        }
        true
    }

    /// JSON sources keep the uploader's order of dtypes and Parquet the schema's: one order, so that both read the same.
    fn sort_dtypes(&mut self) {
        let counts = std::mem::take(&mut self.row.safetensors_counts);
        let mut pairs: Vec<(String, i64)> = std::mem::take(&mut self.row.safetensors_dtypes).into_iter().zip(counts).collect();
        pairs.sort();
        (self.row.safetensors_dtypes, self.row.safetensors_counts) = pairs.into_iter().unzip();
    }

    /// The finished record: refused when it has no usable id or must not be published.
    #[must_use]
    pub fn finish(mut self, raw: &str) -> Parsed {
        let locator = std::mem::take(&mut self.row.locator);
        let refusal = if self.private {
            // A token that may list private repositories must not leak them into a published table.
            Some(("private repository", String::new()))
        } else if !is_valid_id(&self.row.model_id) {
            Some(("id missing or malformed", raw.to_owned()))
        } else {
            None
        };
        let row = match refusal {
            Some((reason, raw)) => {
                self.problems = vec![Problem { field: "record".into(), reason: reason.into(), raw }];
                None
            }
            None => {
                self.row.locator.clone_from(&locator);
                self.sort_dtypes();
                Some(self.row)
            }
        };
        Parsed { locator, row, problems: self.problems, unknown_keys: Vec::new() }
    }
}

/// Keys of a listing record that are read, or known and not needed.
pub const KNOWN_KEYS: &[&str] = &[
    "_id",
    "id",
    "modelId",
    "author",
    "createdAt",
    "lastModified",
    "downloads",
    "downloadsAllTime",
    "likes",
    "trendingScore",
    "tags",
    "cardData",
    "safetensors",
    "gguf",
    "baseModels",
    "pipeline_tag",
    "library_name",
    "gated",
    "private",
    "disabled",
    "sha",
    "config",
    "siblings",
    "inference",
    "spaces",
    "model-index",
    "transformersInfo",
    "widgetData",
    "mask_token",
    "usedStorage",
];

/// Parses one listing record from JSON text.
#[must_use]
pub fn parse_json_record(raw: &[u8], locator: &str) -> Parsed {
    let refuse = |reason: String| Parsed {
        locator: locator.to_owned(),
        row: None,
        problems: vec![Problem { field: "record".into(), reason, raw: String::from_utf8_lossy(raw).into_owned() }],
        unknown_keys: Vec::new(),
    };
    let text = match std::str::from_utf8(raw) {
        Ok(text) => text.trim_start_matches('\u{feff}').trim(),
        Err(e) => return refuse(format!("not UTF-8 at byte {}", e.valid_up_to())),
    };
    if !text.ends_with('}') {
        return refuse("not a complete JSON object".into());
    }
    if let Err(why) = one_shallow_value(text) {
        return refuse(why.into());
    }
    let mut reader = RecordReader::new(locator);
    let mut unknown = Vec::new();
    for entry in to_object_iter(text) {
        match entry {
            Ok((key, value)) => {
                if !reader.json_field(&key, &value) {
                    unknown.push(key.to_string());
                }
            }
            Err(e) => return refuse(format!("invalid JSON: {}", first_line(&e.to_string()))),
        }
    }
    let mut parsed = reader.finish(text);
    parsed.unknown_keys = unknown;
    parsed
}

/// Deepest nesting accepted; real cards stay below twenty. Parsers recurse, and a card of sixty thousand brackets would end the
/// process.
const MAX_DEPTH: u32 = 100;

/// Checks, in one pass over the bytes, that a text is a single JSON value without excessive nesting: a second object behind the
/// first would otherwise vanish.
fn one_shallow_value(text: &str) -> Result<(), &'static str> {
    let (mut depth, mut in_string, mut escaped, mut closed) = (0_u32, false, false, false);
    for byte in text.bytes() {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        if closed && !byte.is_ascii_whitespace() {
            return Err("something follows the JSON value");
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                closed = depth == 0;
            }
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err("nested deeper than 100 levels");
        }
    }
    Ok(())
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

pub(super) fn clipped(text: &str) -> Option<String> {
    // Control characters (an escaped NUL among them) have no place in a name, a tag or a licence.
    let text: String = text.trim().chars().filter(|c| !c.is_control()).take(MAX_TEXT_CHARS).collect();
    (!text.is_empty()).then_some(text)
}

fn first_string(value: &LazyValue<'_>) -> Option<String> {
    strings(value).into_iter().next()
}

/// A string, or the strings of a list; anything else is no string.
fn strings(value: &LazyValue<'_>) -> Vec<String> {
    match value.get_type() {
        JsonType::String => value.as_str().and_then(clipped).into_iter().collect(),
        JsonType::Array => to_array_iter(value.as_raw_str()).flatten().filter_map(|item| item.as_str().and_then(clipped)).collect(),
        _ => Vec::new(),
    }
}

fn gated(value: &LazyValue<'_>) -> Option<String> {
    match value.get_type() {
        JsonType::Boolean => Some(value.as_bool()?.to_string()),
        _ => first_string(value),
    }
}

/// An id as people write it in `base_model`: a full address is cut down to `owner/name`.
#[must_use]
pub fn normalize_base_id(text: &str) -> Option<String> {
    let mut id = text.trim();
    for prefix in ["https://", "http://"] {
        id = id.strip_prefix(prefix).unwrap_or(id);
    }
    for prefix in ["huggingface.co/", "www.huggingface.co/", "hf.co/"] {
        id = id.strip_prefix(prefix).unwrap_or(id);
    }
    id = id.split("/tree/").next().unwrap_or(id).trim_end_matches('/');
    is_valid_id(id).then(|| id.to_owned())
}

/// Whether `id` is a Hub id: `name` or `owner/name` of letters, digits, `.`, `_` and `-`, and not the directories `.` and `..`.
/// Table keys rely on it: `#`, which joins ids to run kinds and fields, sorts before every character allowed here.
#[must_use]
pub fn is_valid_id(id: &str) -> bool {
    let segment = |s: &str| !["", ".", ".."].contains(&s) && s.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    id.len() <= MAX_ID_CHARS
        && match id.split_once('/') {
            Some((owner, name)) => segment(owner) && segment(name),
            None => segment(id),
        }
}

fn is_weight_file(name: &str) -> bool {
    const ENDINGS: &[&str] = &[
        ".safetensors",
        ".bin",
        ".pt",
        ".pth",
        ".ckpt",
        ".gguf",
        ".ggml",
        ".onnx",
        ".h5",
        ".msgpack",
        ".tflite",
        ".pb",
        ".mlmodel",
        ".npz",
        ".joblib",
        ".pkl",
        ".keras",
        ".nemo",
        ".zip",
    ];
    let lower = name.to_ascii_lowercase();
    ENDINGS.iter().any(|ending| lower.ends_with(ending)) && !lower.ends_with("training_args.bin")
}

#[cfg(test)]
mod tests;
