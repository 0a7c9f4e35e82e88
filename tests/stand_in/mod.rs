//! A stand-in Hub: the listing, cards, datasets and limits of the real one, from an index file, and whatever it does wrong on
//! request. Threads and std only, so that what it sends is exactly what is written here.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used)] // Each user needs a part; a broken stand-in should fall over.

pub mod faults;
pub mod http;
pub mod index;
pub mod pages;
pub mod repos;
pub mod windows;

use faults::{Fault, Plan};
use http::{Reply, Request};
use index::Index;
use repos::Repos;
use std::collections::BTreeSet;
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use windows::Windows;

/// Told of the number of the request.
type Hook = Box<dyn FnMut(&mut Index, u64) + Send>;

/// What is behind the listener.
pub struct State {
    pub index: Mutex<Index>,
    pub repos: Mutex<Repos>,
    pub plan: Mutex<Plan>,
    pub windows: Mutex<Windows>,
    /// Whether bodies are packed for clients that take gzip.
    pub gzip: AtomicBool,
    /// Where redirects to another host lead.
    pub elsewhere: Mutex<String>,
    pub requests: AtomicU64,
    pub refused_429: AtomicU64,
    /// Path and query of every request, and its Authorization header.
    pub log: Mutex<Vec<(String, Option<String>)>>,
    pub agents: Mutex<BTreeSet<String>>,
    pub keep_log: AtomicBool,
    /// Runs before each listing page is made; tests change the index here while a crawl runs.
    pub before_page: Mutex<Option<Hook>>,
}

/// A running stand-in; stops when dropped.
pub struct StandIn {
    pub url: String,
    pub state: Arc<State>,
    stop: Arc<AtomicBool>,
}

impl StandIn {
    /// Starts on a free port, without limits or faults.
    pub fn start(index: Index) -> Self {
        Self::start_at(index, "127.0.0.1:0")
    }

    pub fn start_at(index: Index, address: &str) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(State {
            index: Mutex::new(index),
            repos: Mutex::new(Repos::default()),
            plan: Mutex::new(Plan::default()),
            windows: Mutex::new(Windows::default()),
            gzip: AtomicBool::new(true),
            elsewhere: Mutex::new("http://elsewhere.invalid".to_owned()),
            requests: AtomicU64::new(0),
            refused_429: AtomicU64::new(0),
            log: Mutex::new(Vec::new()),
            agents: Mutex::new(BTreeSet::new()),
            keep_log: AtomicBool::new(true),
            before_page: Mutex::new(None),
        });
        let stop = Arc::new(AtomicBool::new(false));
        let (for_thread, stopping) = (state.clone(), stop.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stopping.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let state = for_thread.clone();
                std::thread::spawn(move || serve(&state, stream));
            }
        });
        Self { url, state, stop }
    }

    pub fn index(&self) -> MutexGuard<'_, Index> {
        self.state.index.lock().unwrap()
    }
    pub fn repos(&self) -> MutexGuard<'_, Repos> {
        self.state.repos.lock().unwrap()
    }
    pub fn plan(&self, plan: Plan) {
        *self.state.plan.lock().unwrap() = plan;
    }
    pub fn windows(&self, windows: Windows) {
        *self.state.windows.lock().unwrap() = windows;
    }
    pub fn requests(&self) -> u64 {
        self.state.requests.load(Ordering::SeqCst)
    }
    pub fn refused_429(&self) -> u64 {
        self.state.refused_429.load(Ordering::SeqCst)
    }
    pub fn log(&self) -> Vec<(String, Option<String>)> {
        self.state.log.lock().unwrap().clone()
    }
    /// Every User-Agent that was seen.
    pub fn agents(&self) -> Vec<String> {
        self.state.agents.lock().unwrap().iter().cloned().collect()
    }
    pub fn before_page(&self, hook: impl FnMut(&mut Index, u64) + Send + 'static) {
        *self.state.before_page.lock().unwrap() = Some(Box::new(hook));
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the listener, which then sees the flag.
        let _ = TcpStream::connect(self.url.trim_start_matches("http://"));
    }
}

fn serve(state: &State, stream: TcpStream) {
    let _ = stream.set_nodelay(true);
    let mut connection = http::Connection::new(stream);
    while let Some(request) = connection.read() {
        state.requests.fetch_add(1, Ordering::SeqCst);
        if state.keep_log.load(Ordering::Relaxed) {
            state.log.lock().unwrap().push((request.target.clone(), request.header("authorization").map(ToOwned::to_owned)));
        }
        state.agents.lock().unwrap().extend(request.header("user-agent").map(ToOwned::to_owned));
        let packs = state.gzip.load(Ordering::Relaxed) && request.header("accept-encoding").is_some_and(|v| v.contains("gzip"));
        let reply = answer(state, &request);
        if !connection.write(reply, packs, request.method == "HEAD") {
            return;
        }
    }
}

fn answer(state: &State, request: &Request) -> Reply {
    let is_api = request.path.starts_with("/api/");
    let bucket = if is_api { "api" } else { "resolvers" };
    let counted = state.windows.lock().unwrap().count(bucket);
    if let Some(window) = &counted
        && window.over
    {
        state.refused_429.fetch_add(1, Ordering::SeqCst);
        return Reply::json(429, r#"{"error":"We had to rate limit you"}"#).with_all(window.headers());
    }
    let is_model_page = request.path == "/api/models";
    let fault = if request.method == "GET" && !request.path.contains("/datasets/") {
        state.plan.lock().unwrap().next(is_model_page)
    } else {
        None
    };
    let mut reply = match fault {
        Some(Fault::TooMany { reset }) => {
            state.refused_429.fetch_add(1, Ordering::SeqCst);
            let limit = format!("\"{bucket}\";r=0;t={reset}");
            return Reply::json(429, r#"{"error":"We had to rate limit you"}"#).with("RateLimit", &limit);
        }
        Some(Fault::Status(status)) => {
            Reply::json(status, r#"{"error":"Internal Error - We're working hard to fix this as soon as possible!"}"#)
        }
        Some(Fault::Elsewhere) => {
            let target = format!("{}{}", state.elsewhere.lock().unwrap(), request.target);
            Reply::new(302, "text/plain", Vec::new()).with("Location", &target)
        }
        fault => {
            let normal = if is_model_page {
                pages::listing(state, request, fault.as_ref())
            } else if let Some(id) = request.path.strip_prefix("/api/models/") {
                pages::model(state, request, id)
            } else if let Some(reply) = repos::answer(state, request) {
                reply
            } else {
                pages::resolve(state, request)
            };
            match fault {
                Some(fault) => fault.spoil(normal),
                None => normal,
            }
        }
    };
    if let Some(window) = counted {
        reply = reply.with_all(window.headers());
    }
    reply
}

/// Another host: answers everything and remembers whether it was shown a token.
pub struct Elsewhere {
    pub url: String,
    pub seen: Arc<Mutex<Vec<Option<String>>>>,
}

impl Elsewhere {
    pub fn start(body: &'static [u8]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = seen.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mut connection = http::Connection::new(stream);
                while let Some(request) = connection.read() {
                    log.lock().unwrap().push(request.header("authorization").map(ToOwned::to_owned));
                    connection.write(Reply::new(200, "application/json", body.to_vec()), false, false);
                }
            }
        });
        Self { url, seen }
    }
}
