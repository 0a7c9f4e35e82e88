//! The keys whose values are objects or lists with a shape of their own: sizes of weights, bases, settings, files.

use super::ids::normalize_base_id;
use super::reader::RecordReader;
use super::spelling::same_key;
use super::values::{each_entry, first_string, nested_json, strings};
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

impl RecordReader {
    /// Reads `safetensors` given as JSON text.
    pub fn safetensors(&mut self, json: &str) {
        for entry in to_object_iter(json) {
            let Ok((key, value)) = entry else {
                self.problem("safetensors", "not a JSON object", json);
                return;
            };
            if same_key(&key, "total") {
                self.row.safetensors_total = self.json_count("safetensors.total", &value);
            } else if same_key(&key, "parameters") {
                self.parameters(&nested_json(&value));
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

    pub(super) fn base_models(&mut self, value: &LazyValue<'_>) {
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

    /// `{relation, models: [{_id, id}]}`, one of the models alone, or the models as an object of lists, which is how the library
    /// `datasets` keeps them.
    fn base_models_object(&mut self, json: &str) {
        for (key, value) in to_object_iter(json).flatten() {
            if same_key(&key, "relation") {
                self.row.hub_base_relation = first_string(&value);
            } else if same_key(&key, "id") {
                self.row.hub_base_models.extend(strings(&value).iter().filter_map(|id| normalize_base_id(id)));
            } else if same_key(&key, "models") {
                let models = nested_json(&value);
                if models.trim_start().starts_with('{') {
                    self.base_models_object(&models);
                }
                for item in to_array_iter(&*models).flatten() {
                    match item.get_type() {
                        JsonType::Object => self.base_models_object(item.as_raw_str()),
                        _ => self.row.hub_base_models.extend(first_string(&item).as_deref().and_then(normalize_base_id)),
                    }
                }
            }
        }
    }

    pub(super) fn config(&mut self, json: &str) {
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

    pub(super) fn siblings(&mut self, json: &str) {
        let weights = to_array_iter(json)
            .flatten()
            .any(|file| file.get("rfilename").is_some_and(|name| name.as_str().is_some_and(is_weight_file)));
        self.row.has_weight_files = Some(weights);
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
