//! The records of the stand-in: real rows, multiplied and changed as wished, in every order the listing offers.

use super::faults::draw;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;

/// Real records, in the shape of the listing API.
pub const SAMPLE_INDEX: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/sample/models.jsonl");

/// A record: property to raw JSON. `own` goes before `shared`, which copies of one row have in common.
#[derive(Clone)]
pub struct Record {
    own: Vec<(String, Arc<str>)>,
    shared: Arc<Vec<(String, Arc<str>)>>,
}

impl Record {
    pub fn parse(json: &str) -> Self {
        let map: BTreeMap<String, &RawValue> = serde_json::from_str(json).unwrap();
        let shared = map.into_iter().map(|(k, v)| (k, Arc::from(v.get()))).collect();
        Self { own: Vec::new(), shared: Arc::new(shared) }
    }

    pub fn get(&self, property: &str) -> Option<&str> {
        let find = |list: &[(String, Arc<str>)]| list.iter().position(|(k, _)| k == property);
        match find(&self.own) {
            Some(i) => Some(&*self.own[i].1),
            None => find(&self.shared).map(|i| &*self.shared[i].1),
        }
        // The Hub leaves out what is null.
        .filter(|v| *v != "null")
    }

    /// Sets a property to raw JSON.
    pub fn set(&mut self, property: &str, json: &str) {
        serde_json::from_str::<&RawValue>(json).unwrap();
        self.own.retain(|(k, _)| k != property);
        self.own.push((property.to_owned(), Arc::from(json)));
    }

    pub fn text(&self, property: &str) -> String {
        self.get(property).and_then(|raw| serde_json::from_str(raw).ok()).unwrap_or_default()
    }

    pub fn number(&self, property: &str) -> f64 {
        self.get(property).and_then(|raw| raw.parse().ok()).unwrap_or_default()
    }

    pub fn id(&self) -> String {
        self.text("id")
    }

    /// The record as the listing gives it, with these properties only.
    pub fn render(&self, properties: &[String], out: &mut String) {
        out.push('{');
        let mut first = true;
        for property in ["_id", "id"].into_iter().chain(properties.iter().map(String::as_str)) {
            if let Some(value) = self.get(property) {
                if !first {
                    out.push(',');
                }
                first = false;
                out.push('"');
                out.push_str(property);
                out.push_str("\":");
                out.push_str(value);
            }
        }
        out.push('}');
    }
}

/// Properties of a listing without `expand`, and those `full` adds.
pub const DEFAULT_PROPERTIES: &[&str] =
    &["likes", "trendingScore", "private", "downloads", "tags", "pipeline_tag", "library_name", "createdAt", "modelId"];
pub const FULL_PROPERTIES: &[&str] = &["author", "lastModified", "sha", "siblings", "gated", "disabled"];
/// Every property `expand` takes in a listing.
pub const EXPANDABLE: &[&str] = &[
    "author",
    "cardData",
    "config",
    "createdAt",
    "disabled",
    "downloads",
    "downloadsAllTime",
    "gated",
    "gguf",
    "inference",
    "lastModified",
    "library_name",
    "likes",
    "mask_token",
    "model-index",
    "pipeline_tag",
    "private",
    "safetensors",
    "sha",
    "siblings",
    "tags",
    "transformersInfo",
    "trendingScore",
    "widgetData",
];

/// A README and what happens to whoever asks for it.
#[derive(Clone)]
pub enum Card {
    Text(Vec<u8>),
    Gated,
    Removed,
    /// The whole repository has another name now.
    MovedTo(String),
    /// On another host.
    Elsewhere,
}

#[derive(Default)]
pub struct Index {
    pub records: Vec<Record>,
    pub cards: HashMap<String, Card>,
    orders: HashMap<String, Arc<Vec<(String, u32)>>>,
}

impl Index {
    pub fn new(records: Vec<Record>) -> Self {
        let mut index = Self { records, ..Self::default() };
        index.records.iter_mut().enumerate().for_each(|(i, record)| complete(record, i as u64));
        index
    }

    /// Reads JSON lines (`.gz` as well) or a JSON array.
    pub fn read(path: &Path) -> Self {
        let file = std::fs::File::open(path).unwrap();
        let reader: Box<dyn BufRead> = if path.extension().is_some_and(|e| e == "gz") {
            Box::new(BufReader::new(flate2::read::MultiGzDecoder::new(file)))
        } else {
            Box::new(BufReader::new(file))
        };
        let mut records = Vec::new();
        for line in reader.lines() {
            let line = line.unwrap();
            if line.starts_with('[') {
                let list: Vec<&RawValue> = serde_json::from_str(&line).unwrap();
                records.extend(list.into_iter().map(|r| Record::parse(r.get())));
            } else if !line.is_empty() {
                records.push(Record::parse(&line));
            }
        }
        Self::new(records)
    }

    /// `n` records of the sample, from the beginning again where it is over. Those without a time were written by hand: the Hub always
    /// gives one.
    pub fn sample(n: usize) -> Self {
        let mut index = Self::read(Path::new(SAMPLE_INDEX));
        index.records.retain(|r| r.get("createdAt").is_some() && r.get("lastModified").is_some());
        index.multiplied(n)
    }

    /// `n` records: the rows again and again under new names, `_id`s and creation times.
    pub fn multiplied(&self, n: usize) -> Self {
        let mut records = Vec::with_capacity(n);
        for i in 0..n {
            let mut record = self.records[i % self.records.len()].clone();
            let round = i / self.records.len();
            if round > 0 {
                let id = format!("{}-{round}", record.id());
                record.own.clear();
                record.set("id", &format!("\"{id}\""));
                // Many in one second, as on the Hub: the cursor has to tell them apart.
                let created = jiff::Timestamp::from_second(1_646_263_744 + (i as i64 / 7) * 40).unwrap();
                record.set("createdAt", &format!("\"{created:.3}\""));
                record.set("modelId", &format!("\"{id}\""));
                record.set("_id", "null");
                complete(&mut record, i as u64);
            }
            records.push(record);
        }
        Self { records, ..Self::default() }
    }

    /// Must be called after `records` was changed.
    pub fn changed(&mut self) {
        self.orders.clear();
    }

    pub fn find(&self, id: &str) -> Option<usize> {
        self.records.iter().position(|r| r.id() == id)
    }

    /// A commit to a record: another sha and time.
    pub fn commit(&mut self, i: usize, modified: &str) {
        let record = &mut self.records[i];
        let sha = hex(&Sha256::digest(format!("{}{}", record.text("sha"), modified)))[..40].to_owned();
        record.set("sha", &format!("\"{sha}\""));
        record.set("lastModified", &format!("\"{modified}\""));
        self.changed();
    }

    /// Sort keys with record numbers, greatest key first. A key holds the `_id`, so that no two are equal.
    pub fn order(&mut self, sort: &str) -> Arc<Vec<(String, u32)>> {
        if let Some(order) = self.orders.get(sort) {
            return order.clone();
        }
        let key = |record: &Record| {
            let value = record.get(sort).unwrap_or("");
            let sortable = match value.parse::<f64>() {
                Ok(number) => format!("{:020.6}", number + 1e9),
                Err(_) => value.trim_matches('"').to_owned(),
            };
            format!("{sortable}|{}", record.text("_id"))
        };
        let mut order: Vec<(String, u32)> = self.records.iter().enumerate().map(|(i, r)| (key(r), i as u32)).collect();
        order.sort_unstable_by(|a, b| b.cmp(a));
        let order = Arc::new(order);
        self.orders.insert(sort.to_owned(), order.clone());
        order
    }
}

/// Gives a row of the shared file what only the live Hub has: `_id`, sha, gated and so on.
fn complete(record: &mut Record, i: u64) {
    let id = record.id();
    let digest = hex(&Sha256::digest(id.as_bytes()));
    let mut random = i.wrapping_mul(31).wrapping_add(id.len() as u64);
    if record.get("_id").is_none() {
        // An ObjectId begins with the second it was made in.
        let seconds = record.text("createdAt").parse::<jiff::Timestamp>().map_or(0, |t| t.as_second());
        record.set("_id", &format!("\"{seconds:08x}{}\"", &digest[..16]));
    }
    let gated = ["false", "\"auto\"", "\"manual\"", "false", "false", "false"][draw(&mut random) as usize % 6];
    for (property, json) in [
        ("sha", format!("\"{}\"", &digest[..40])),
        ("modelId", format!("\"{id}\"")),
        ("private", "false".to_owned()),
        ("disabled", "false".to_owned()),
        ("gated", gated.to_owned()),
        ("siblings", r#"[{"rfilename":"README.md"},{"rfilename":"config.json"}]"#.to_owned()),
        ("config", format!(r#"{{"model_type":"m{}"}}"#, draw(&mut random) % 9)),
    ] {
        if record.get(property).is_none() {
            record.set(property, &json);
        }
    }
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Every odd record that docs/hub.md lists.
pub fn odd_records() -> Vec<Record> {
    [
        r#""baseModels":{"relation":"finetune","models":[{"_id":"1","id":"a/b"}]}"#,
        r#""safetensors":{"parameters":{"miku":3,"BF16":12}}"#,
        r#""inference":false,"pipeline_tag":"text-generation""#,
        r#""downloads":-5,"likes":-1"#,
        r#""gated":true"#,
        r#""gated":"manual""#,
        r#""cardData":{"co2_eq_emissions":[{"emissions":3},{"source":"x"}]}"#,
        r#""cardData":{"co2_eq_emissions":{"emissions":"17g"},"license":["mit","x"],"metrics":[{"a":1}]}"#,
        r#""cardData":"not a mapping","tags":"not a list""#,
        r#""downloads":99999999999999999999999,"trendingScore":1e300"#,
        r#""lastModified":12,"sha":null"#,
        r#""author":"\ud83d\ude00 \u0000","library_name":"a\"b\\c""#,
    ]
    .iter()
    .enumerate()
    .map(|(i, odd)| {
        let mut base = format!(r#"{{"id":"odd/record-{i}","createdAt":"2024-05-0{}T00:00:00.000Z","#, i % 9 + 1);
        if !odd.contains("lastModified") {
            base += r#""lastModified":"2024-06-01T00:00:00.000Z","#;
        }
        Record::parse(&format!("{base}{odd}}}"))
    })
    .collect()
}
