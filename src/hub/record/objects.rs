//! The keys whose values are objects or lists with a shape of their own: sizes of weights, bases, settings, files.

use super::ids::normalize_base_id;
use super::reader::RecordReader;
use super::values::first_string;
use sonic_rs::{JsonType, JsonValueTrait, LazyValue, to_array_iter, to_object_iter};

impl RecordReader {
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
