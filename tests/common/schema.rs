//! A value against a JSON Schema: the words of it that `docs/explain.schema.json` uses, and stricter in one thing, that no key is left out of it.

use serde_json::Value;

/// What of a value does not agree with a schema, with its place.
pub fn problems(value: &Value, schema: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(value, schema, schema, "$", &mut found);
    found
}

fn check(value: &Value, schema: &Value, root: &Value, place: &str, found: &mut Vec<String>) {
    if let Some(name) = schema["$ref"].as_str() {
        return check(value, root.pointer(name.trim_start_matches('#')).unwrap(), root, place, found);
    }
    if let Some(any) = schema["anyOf"].as_array() {
        let is_one = any.iter().any(|one| {
            let mut wrong = Vec::new();
            check(value, one, root, place, &mut wrong);
            wrong.is_empty()
        });
        if !is_one {
            found.push(format!("{place}: {value} is none of its forms"));
        }
        return;
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let is_type = |name: &&str| match *name {
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        other => panic!("{place}: no type {other}"),
    };
    if !types.is_empty() && !types.iter().any(is_type) {
        found.push(format!("{place}: {value} is no {types:?}"));
    }
    let is_listed = schema["enum"].as_array().is_none_or(|list| list.contains(value));
    if !is_listed || schema.get("const").is_some_and(|right| right != value) {
        found.push(format!("{place}: {value} is another value"));
    }
    let number = value.as_f64();
    let is_within = number.zip(schema["minimum"].as_f64()).is_none_or(|(x, least)| x >= least)
        && number.zip(schema["maximum"].as_f64()).is_none_or(|(x, most)| x <= most);
    if !is_within {
        found.push(format!("{place}: {value} is out of range"));
    }
    for (at, item) in value.as_array().into_iter().flatten().enumerate() {
        check(item, &schema["items"], root, &format!("{place}[{at}]"), found);
    }
    let Some(keys) = value.as_object() else { return };
    for key in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !keys.contains_key(key) {
            found.push(format!("{place}: {key} is missing"));
        }
    }
    for (key, item) in keys {
        let place = format!("{place}.{key}");
        match schema["properties"].get(key).or_else(|| schema.get("additionalProperties")) {
            Some(of) => check(item, of, root, &place, found),
            None => found.push(format!("{place}: the schema does not know it")),
        }
    }
}
