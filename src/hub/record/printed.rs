//! What a language printed of a value, read back: Python's `str` of dictionaries, lists, data classes and arrays, as a column of objects
//! becomes when it is written as text, and structs as DuckDB prints them.

use serde_json::{Map, Number, Value};

/// Deepest nesting that is followed.
const MAX_DEPTH: u32 = 100;

/// The value that a text is the print of: `{'total': 7, 'parameters': {'BF16': 7}}`, `['a', 'b']`, `['a' 'b']`,
/// `SafeTensorsInfo(parameters={'BF16': 7}, total=7)`. Nothing unless all of the text is that.
#[must_use]
pub(super) fn parse_printed(text: &str) -> Option<Value> {
    let mut parser = Parser { rest: text.trim(), depth: 0 };
    let value = parser.value()?;
    parser.rest.trim().is_empty().then_some(value)
}

/// Whether a text is the print of an object.
#[must_use]
pub fn is_printed_object(text: &str) -> bool {
    parse_printed(text).is_some_and(|value| value.is_object())
}

struct Parser<'t> {
    rest: &'t str,
    depth: u32,
}

impl Parser<'_> {
    fn next_is(&mut self, sign: char) -> bool {
        self.rest = self.rest.trim_start();
        self.rest.starts_with(sign)
    }

    fn eat(&mut self, sign: char) -> bool {
        let is_next = self.next_is(sign);
        if is_next {
            self.rest = &self.rest[sign.len_utf8()..];
        }
        is_next
    }

    fn value(&mut self) -> Option<Value> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        self.rest = self.rest.trim_start();
        let value = match self.rest.chars().next()? {
            '{' => self.object('{', '}'),
            '[' => self.list('[', ']'),
            '(' => self.list('(', ')'),
            '\'' | '"' => self.text().map(Value::String),
            _ => self.word(),
        };
        self.depth -= 1;
        value
    }

    /// Pairs of a dictionary, `key: value`, or of a call, `key=value`.
    fn object(&mut self, open: char, close: char) -> Option<Value> {
        let mut object = Map::new();
        self.eat(open);
        while !self.eat(close) {
            self.rest = self.rest.trim_start();
            let key = match self.rest.chars().next()? {
                '\'' | '"' => self.text()?,
                _ => self.until(&[':', '=', ',', '{', '}', '[', ']', '(', ')'])?.to_owned(),
            };
            if !self.eat(':') && !self.eat('=') {
                return None;
            }
            let value = self.value()?;
            object.insert(key, value);
            if !self.eat(',') && !self.next_is(close) {
                return None;
            }
        }
        Some(Value::Object(object))
    }

    /// Items between commas; arrays of numpy have blanks alone between theirs.
    fn list(&mut self, open: char, close: char) -> Option<Value> {
        let mut items = Vec::new();
        self.eat(open);
        while !self.eat(close) {
            items.push(self.value()?);
            self.eat(',');
        }
        Some(Value::Array(items))
    }

    /// A text in quotes, with the escapes of Python.
    fn text(&mut self) -> Option<String> {
        let mut signs = self.rest.char_indices();
        let (_, quote) = signs.next()?;
        let mut out = String::new();
        while let Some((at, sign)) = signs.next() {
            match sign {
                _ if sign == quote => {
                    self.rest = &self.rest[at + quote.len_utf8()..];
                    return Some(out);
                }
                '\\' => match signs.next()?.1 {
                    'n' => out.push('\n'),
                    't' => out.push('\t'),
                    'r' => out.push('\r'),
                    kind @ ('x' | 'u' | 'U') => {
                        let digits = match kind {
                            'x' => 2,
                            'u' => 4,
                            _ => 8,
                        };
                        let mut code = 0;
                        for _ in 0..digits {
                            code = code * 16 + signs.next()?.1.to_digit(16)?;
                        }
                        out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                    }
                    other => out.push(other),
                },
                _ => out.push(sign),
            }
        }
        None
    }

    /// The text up to one of these signs, which has to come.
    fn until(&mut self, ends: &[char]) -> Option<&str> {
        let end = self.rest.find(ends)?;
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        Some(word.trim()).filter(|word| !word.is_empty())
    }

    /// A number, a word for a value, a call, or a text without quotes.
    fn word(&mut self) -> Option<Value> {
        let end = self.rest.find([',', '{', '}', '[', ']', '(', ')', '\'', '"']).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        let word = word.trim();
        self.rest = rest;
        if word.is_empty() {
            return None;
        }
        if rest.starts_with('(') {
            return self.call();
        }
        Some(match word {
            "None" | "null" | "NULL" | "nan" | "NaN" | "<NA>" | "NaT" => Value::Null,
            "True" | "true" => Value::Bool(true),
            "False" | "false" => Value::Bool(false),
            _ => {
                let whole = word.parse::<i64>().ok().map(Number::from);
                let number = whole.or_else(|| word.parse::<f64>().ok().and_then(Number::from_f64));
                number.map_or_else(|| Value::String(word.to_owned()), Value::Number)
            }
        })
    }

    /// `Name(key=value, ...)` is an object; `array([...], dtype=object)` is what it is given.
    fn call(&mut self) -> Option<Value> {
        let inside = &self.rest[1..];
        let key = inside.find(['=', ',', '(', ')', '[', '{', '\'', '"']);
        if key.is_some_and(|at| inside[at..].starts_with('=')) || inside.trim_start().starts_with(')') {
            return self.object('(', ')');
        }
        self.eat('(');
        let first = self.value()?;
        while self.eat(',') {
            if !self.next_is(')') {
                self.until(&['=', ',', ')'])?;
                if self.eat('=') {
                    self.value()?;
                }
            }
        }
        self.eat(')').then_some(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn what_python_prints() {
        for (text, value) in [
            ("{'BF16': 7, 'x': None, \"it's\": True}", json!({"BF16": 7, "x": null, "it's": true})),
            ("['a', 'b\\'c', 'd\\xe9']", json!(["a", "b'c", "dé"])),
            ("['a' 'b'\n 'c']", json!(["a", "b", "c"])),
            ("SafeTensorsInfo(parameters={'BF16': 7}, total=7)", json!({"parameters": {"BF16": 7}, "total": 7})),
            ("{'tags': array(['a', 'b'], dtype=object), 'n': np.int64(5)}", json!({"tags": ["a", "b"], "n": 5})),
            ("OrderedDict([('a', 1), ('b', 2.5)])", json!([["a", 1], ["b", 2.5]])),
            (
                "{'relation': finetune, 'models': [{'_id': 66a, 'id': lab/root-7b}]}",
                json!({
                    "relation": "finetune", "models": [{"_id": "66a", "id": "lab/root-7b"}],
                }),
            ),
            ("{BF16=7000}", json!({"BF16": 7000})),
            ("{}", json!({})),
        ] {
            assert_eq!(parse_printed(text), Some(value), "{text}");
        }
        for text in ["{broken}", "{'a': 1", "['a'", "{'a' 1}", "", "{'a': 1} x", &"[".repeat(1_000)] {
            assert_eq!(parse_printed(text).filter(|value| !value.is_string()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_ends(text in r#"[\[\](){}'",:=\\ a-zN0-9.]{0,60}"#) {
            let _ = parse_printed(&text);
        }
    }
}
