//! The keys whose values are objects or lists with a shape of their own: sizes of weights, bases, settings, files.

use super::lists::listed_ids;
use super::reader::RecordReader;
use super::spelling::same_key;
use super::values::{each_entry, first_string, nested_json, strings};
use serde_json::Value;
use sonic_rs::{JsonType, JsonValueTrait, LazyValue, to_array_iter, to_object_iter};

/// Types of numbers in the headers of safetensors files. Stores that fold the names of columns fold these, too.
const DTYPES: &[&str] = &[
    "BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F6_E2M3", "F6_E3M2", "F4", "I4", "U4", "I16", "U16", "F16", "BF16",
    "I32", "U32", "F32", "F64", "I64", "U64", "C64",
];

/// The format's own spelling of a type; an uploader's own word stays as it is.
fn dtype_name(word: &str) -> String {
    DTYPES.iter().find(|known| same_key(known, word)).map_or_else(|| word.to_owned(), |known| (*known).to_owned())
}

/// Keys of the id of a base.
const BASE_KEYS: [&str; 4] = ["id", "modelId", "name", "model"];
/// The Hub's relations of a repository to its bases.
const RELATIONS: [&str; 4] = ["finetune", "adapter", "merge", "quantized"];

/// Whether there is anything in a value beside a relation.
fn says_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(_) | Value::Number(_) => true,
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(items) => items.iter().any(says_something),
        Value::Object(object) => object.iter().any(|(key, value)| !same_key(key, "relation") && says_something(value)),
    }
}

/// Bases that a value names, and the relation to them.
#[derive(Default)]
struct Bases {
    ids: Vec<String>,
    relation: Option<String>,
}

impl RecordReader {
    /// Reads `safetensors` given as JSON text.
    pub fn safetensors(&mut self, json: &str) {
        let (mut says_size, mut others) = (false, Vec::new());
        for entry in to_object_iter(json) {
            let Ok((key, value)) = entry else {
                self.problem("safetensors", "not a JSON object", json);
                return;
            };
            if same_key(&key, "total") {
                says_size = true;
                self.row.safetensors_total = self.json_count("safetensors.total", &value);
            } else if same_key(&key, "parameters") {
                says_size = true;
                match value.get_type() {
                    JsonType::Number if self.row.safetensors_total.is_none() => {
                        self.row.safetensors_total = self.json_count("safetensors.parameters", &value);
                    }
                    _ => self.parameters(&nested_json(&value)),
                }
            } else if !value.is_null() {
                others.push(key.into_owned());
            }
        }
        if !says_size && !others.is_empty() {
            // The counts by type of number alone.
            match others.iter().all(|key| DTYPES.iter().any(|known| same_key(known, key))) {
                true => self.parameters(json),
                false => self.problem("safetensors", "neither 'total' nor 'parameters' in it", json),
            }
        }
    }

    /// Counts by type of number. A key that comes twice counts once, the last time.
    fn parameters(&mut self, json: &str) {
        self.row.safetensors_dtypes.clear();
        self.row.safetensors_counts.clear();
        each_entry(json, |word, count| {
            if let Some(n) = self.json_count("safetensors.parameters", count)
                && !self.row.safetensors_dtypes.contains(&dtype_name(word))
            {
                self.row.safetensors_dtypes.push(dtype_name(word));
                self.row.safetensors_counts.push(n);
            }
        });
    }

    /// Reads `gguf` given as JSON text, or as a JSON string that holds JSON.
    pub fn gguf(&mut self, json: &str) {
        for entry in to_object_iter(json) {
            let Ok((key, value)) = entry else {
                self.problem("gguf", "not a JSON object", json);
                return;
            };
            if same_key(&key, "total") {
                self.row.gguf_total = self.json_count("gguf.total", &value);
            } else if same_key(&key, "architecture") && self.row.architecture.is_none() {
                self.row.architecture = first_string(&value);
            }
        }
    }

    /// Reads `baseModels`; one that says something and names no base is noted.
    pub(super) fn base_models(&mut self, value: &LazyValue<'_>) {
        let raw = value.as_raw_str();
        let mut found = Bases::default();
        match value.get_type() {
            JsonType::Object | JsonType::Array => self.bases_of("baseModels", value, &mut found),
            _ => return self.problem("baseModels", "neither object nor list", raw),
        }
        self.note_no_base("baseModels", &found, raw);
        self.row.hub_base_models.append(&mut found.ids);
        self.row.hub_base_relation = found.relation.or(self.row.hub_base_relation.take());
    }

    /// Reads `base_model` of a card: an id, a list of them, or whatever `baseModels` may be.
    pub(super) fn card_bases(&mut self, value: &LazyValue<'_>) {
        const KEY: &str = "cardData.base_model";
        let mut found = Bases::default();
        self.bases_of(KEY, value, &mut found);
        // A text that is no id is a path of its author's machine or a name in words.
        let raw = value.as_raw_str();
        let has_objects = raw.contains('{') && matches!(value.get_type(), JsonType::Object | JsonType::Array);
        if has_objects {
            self.note_no_base(KEY, &found, raw);
        }
        self.row.card_base_models = found.ids;
        self.row.card_base_relation = self.row.card_base_relation.take().or(found.relation);
    }

    fn note_no_base(&mut self, key: &str, found: &Bases, raw: &str) {
        if found.ids.is_empty() && serde_json::from_str(raw).is_ok_and(|value| says_something(&value)) {
            self.problem(key, "no base model is named where one is looked for", raw);
        }
    }

    /// The bases in a value: ids, objects of them, lists of either, or text that is one of these.
    fn bases_of(&mut self, key: &str, value: &LazyValue<'_>, found: &mut Bases) {
        match value.get_type() {
            JsonType::Object => self.bases_of_object(key, value.as_raw_str(), found),
            JsonType::Array => {
                for item in to_array_iter(value.as_raw_str()).flatten() {
                    match item.get_type() {
                        JsonType::Object => self.bases_of_object(key, item.as_raw_str(), found),
                        _ => found.ids.extend(self.ids_of_bases(key, &strings(&item))),
                    }
                }
            }
            _ => found.ids.extend(self.ids_of_bases(key, &strings(value))),
        }
    }

    /// `{relation, models: [{_id, id}]}`, one of the models alone, the models as an object of lists, which is how the library
    /// `datasets` keeps them, or ids by relation.
    fn bases_of_object(&mut self, key_of_all: &str, json: &str, found: &mut Bases) {
        for (key, value) in to_object_iter(json).flatten() {
            if same_key(&key, "relation") {
                found.relation = first_string(&value);
            } else if BASE_KEYS.iter().any(|known| same_key(&key, known)) {
                found.ids.extend(self.ids_of_bases(key_of_all, &strings(&value)));
            } else if let Some(relation) = RELATIONS.iter().find(|relation| same_key(&key, relation)) {
                if !value.is_null() {
                    found.relation = Some((*relation).to_owned());
                }
                self.bases_of(key_of_all, &value, found);
            } else if same_key(&key, "models") {
                let models = nested_json(&value);
                match sonic_rs::from_str::<LazyValue<'_>>(&models) {
                    Ok(inner) if !inner.is_str() => self.bases_of(key_of_all, &inner, found),
                    _ => found.ids.extend(self.ids_of_bases(key_of_all, &strings(&value))),
                }
            }
        }
    }

    /// Reads bases that stand as ids in a text. Returns false if it holds anything else.
    pub(super) fn base_models_text(&mut self, text: &str) -> bool {
        let (ids, is_whole) = listed_ids(text);
        let are_bases = is_whole && !ids.is_empty() && ids.iter().any(|id| id.contains('/'));
        self.row.hub_base_models.extend(ids.into_iter().filter(|_| are_bases));
        are_bases
    }

    pub(super) fn config(&mut self, json: &str) {
        // A column of structs has every key of any row: null says nothing.
        for (key, value) in to_object_iter(json).flatten().filter(|(_, value)| !value.is_null()) {
            let is_one_of = |known: &[&str]| known.iter().any(|known| same_key(known, &key));
            if is_one_of(&["model_type"]) {
                self.row.architecture = first_string(&value).or(self.row.architecture.take());
            } else if is_one_of(&["num_experts", "n_routed_experts", "num_local_experts"]) {
                self.row.config_experts = self.json_count("config.experts", &value);
            } else if is_one_of(&["num_experts_per_tok", "num_experts_per_token"]) {
                self.row.config_experts_per_token = self.json_count("config.experts_per_token", &value);
            }
        }
    }

    /// Whether there are weights among the files: there are none where every file is of a kind that holds none. Unknown where no item of the
    /// list names a file, or one of no known kind may hold them (`ckpt-0/tensor00000_000`).
    pub(super) fn siblings(&mut self, json: &str) {
        let (mut has_weights, mut may_hold_some, mut are_named, mut is_empty) = (false, false, false, true);
        for name in file_names(json) {
            is_empty = false;
            let Some(name) = name.map(|name| name.to_ascii_lowercase()) else { continue };
            are_named = true;
            has_weights |= is_weight_file(&name);
            may_hold_some |= !holds_no_weights(&name);
        }
        self.row.has_weight_files = (has_weights || is_empty || are_named && !may_hold_some).then_some(has_weights);
    }
}

/// Keys of the name of a file.
pub(in crate::hub) const FILE_KEYS: [&str; 5] = ["rfilename", "path", "filename", "file", "name"];

/// Names of the files in a list of names or objects, or in an object by name; nothing for an item without one.
fn file_names(json: &str) -> Vec<Option<String>> {
    if json.trim_start().starts_with('{') {
        return to_object_iter(json).flatten().map(|(name, _)| Some(name.into_owned())).collect();
    }
    let name_of = |file: LazyValue<'_>| {
        // `RepoSibling(rfilename='model.safetensors', ...)`, or the name alone.
        let printed = file.as_str().map(|text| text.split_once("rfilename='").map_or(text, |(_, rest)| rest));
        let printed = printed.map(|name| name.split('\'').next().unwrap_or_default().to_owned());
        let under = |key: &str| file.get(key).and_then(|name| name.as_str().map(str::to_owned));
        FILE_KEYS.into_iter().find_map(under).or(printed)
    };
    to_array_iter(json).flatten().map(name_of).collect()
}

/// Endings of files that hold weights.
const OF_WEIGHTS: &[&str] = &[
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
/// Files of weights by their ending that hold something else.
const OTHER_BINARIES: &[&str] = &["training_args.bin", "tokenizer.model", "spiece.model", "sentencepiece.bpe.model"];
/// Endings of files that hold none: texts, settings, programs, pictures, sounds, tables.
const WITHOUT_WEIGHTS: &[&str] = &[
    ".md",
    ".txt",
    ".rst",
    ".json",
    ".jsonl",
    ".yaml",
    ".yml",
    ".toml",
    ".cfg",
    ".ini",
    ".lock",
    ".py",
    ".ipynb",
    ".sh",
    ".js",
    ".css",
    ".html",
    ".jinja",
    ".png",
    ".jpg",
    ".jpeg",
    ".gif",
    ".svg",
    ".webp",
    ".pdf",
    ".bib",
    ".csv",
    ".tsv",
    ".wav",
    ".mp3",
    ".mp4",
    ".log",
    ".vocab",
    ".gitattributes",
    ".gitignore",
    ".gitkeep",
];
/// Names without an ending of files that hold none.
const PLAIN_NAMES: &[&str] =
    &["license", "notice", "readme", "copying", "authors", "dockerfile", "makefile", "release", "version", "requirements"];

fn is_weight_file(name: &str) -> bool {
    OF_WEIGHTS.iter().any(|ending| name.ends_with(ending)) && !is_other_binary(name)
}

fn is_other_binary(name: &str) -> bool {
    OTHER_BINARIES.iter().any(|ending| name.ends_with(ending))
}

fn holds_no_weights(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name);
    is_other_binary(name) || PLAIN_NAMES.contains(&file) || WITHOUT_WEIGHTS.iter().any(|ending| name.ends_with(ending))
}
