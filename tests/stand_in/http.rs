//! As much HTTP/1.1 as the clients need, and every way of breaking off.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

pub struct Request {
    pub method: String,
    /// Path and query as sent.
    pub target: String,
    /// Path, percent-decoded.
    pub path: String,
    pub query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(k, _)| k == name).map(|(_, v)| v.as_str())
    }
    pub fn get(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(k, _)| k == name).map(|(_, v)| v.as_str())
    }
}

/// How a reply reaches the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    Whole,
    /// The connection closes after this share of the body, in percent.
    BreakOff(u8),
    /// The gzip stream loses its end, and the length agrees with what is sent.
    TruncatedGzip,
    /// No length and no chunks: the end of the body is where the connection closes, and it closes early.
    ShortUntilClose,
    /// A byte at a time with this many milliseconds between.
    Drip(u64),
}

pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub delivery: Delivery,
}

impl Reply {
    pub fn new(status: u16, kind: &str, body: Vec<u8>) -> Self {
        let headers = vec![("Content-Type".to_owned(), kind.to_owned())];
        Self { status, headers, body, delivery: Delivery::Whole }
    }
    pub fn json(status: u16, body: &str) -> Self {
        Self::new(status, "application/json; charset=utf-8", body.as_bytes().to_vec())
    }
    pub fn error(status: u16, code: &str) -> Self {
        Self::json(status, &format!(r#"{{"error":"{code}"}}"#)).with("X-Error-Code", code)
    }
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
    pub fn with_all(mut self, headers: Vec<(String, String)>) -> Self {
        self.headers.extend(headers);
        self
    }
}

pub struct Connection {
    reader: BufReader<TcpStream>,
}

impl Connection {
    pub fn new(stream: TcpStream) -> Self {
        Self { reader: BufReader::new(stream) }
    }

    /// The next request; none when the client has gone.
    pub fn read(&mut self) -> Option<Request> {
        let line = self.line()?;
        let mut words = line.split(' ');
        let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':')?;
            headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
        let length = headers.iter().find(|(k, _)| k == "content-length").map_or(0, |(_, v)| v.parse().unwrap());
        let mut body = vec![0; length];
        self.reader.read_exact(&mut body).ok()?;
        let url = url::Url::parse("http://x/").unwrap().join(&target).ok()?;
        let path = percent_decode(url.path());
        let query = url.query_pairs().into_owned().collect();
        Some(Request { method, target, path, query, headers, body })
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let n = self.reader.read_line(&mut line).ok()?;
        (n > 0).then(|| line.trim_end().to_owned())
    }

    /// Sends a reply; false when the connection is over.
    pub fn write(&mut self, reply: Reply, packs: bool, head_only: bool) -> bool {
        let Reply { status, mut headers, mut body, delivery } = reply;
        let packs = (packs || delivery == Delivery::TruncatedGzip) && !body.is_empty();
        if packs && !head_only {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(&body).unwrap();
            body = encoder.finish().unwrap();
            headers.push(("Content-Encoding".to_owned(), "gzip".to_owned()));
        }
        if delivery == Delivery::TruncatedGzip {
            body.truncate(body.len().saturating_sub(9));
        }
        let until_close = delivery == Delivery::ShortUntilClose;
        if until_close {
            headers.push(("Connection".to_owned(), "close".to_owned()));
        } else {
            headers.push(("Content-Length".to_owned(), body.len().to_string()));
        }
        let mut message = format!("HTTP/1.1 {status} Status\r\n");
        for (name, value) in &headers {
            message += &format!("{name}: {value}\r\n");
        }
        let mut message = (message + "\r\n").into_bytes();
        let stream = self.reader.get_mut();
        let cut = match delivery {
            Delivery::BreakOff(percent) => body.len() * usize::from(percent) / 100,
            Delivery::ShortUntilClose => body.len() * 2 / 3,
            Delivery::Drip(pause) => {
                let _ = stream.write_all(&message);
                for byte in &body {
                    std::thread::sleep(Duration::from_millis(pause));
                    if stream.write_all(&[*byte]).is_err() {
                        return false;
                    }
                }
                return true;
            }
            Delivery::Whole | Delivery::TruncatedGzip => body.len(),
        };
        if !head_only {
            message.extend_from_slice(&body[..cut]);
        }
        let sent = stream.write_all(&message).is_ok();
        let over = cut < body.len() || until_close;
        if over {
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
        sent && !over
    }
}

fn percent_decode(path: &str) -> String {
    let bytes = path.as_bytes();
    let mut out = Vec::new();
    let mut i = 0;
    while i < bytes.len() {
        let code = (bytes[i] == b'%').then(|| path.get(i + 1..i + 3).and_then(|h| u8::from_str_radix(h, 16).ok())).flatten();
        out.push(code.unwrap_or(bytes[i]));
        i += if code.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}
