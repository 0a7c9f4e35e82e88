//! The binary against a stand-in Hub: crawl, resume, replay, update, pinned files, cards, publishing, and what it says when the Hub is down.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::cast_possible_truncation)] // A test that cannot set up its stage has failed.

mod common;
#[path = "stand_in/mod.rs"]
mod stand_in;

use common::{Workspace, files_of, table};
use hugging_carbon::tables::{ModelRow, RawCardRow};
use stand_in::StandIn;
use stand_in::faults::{Fault, Plan};
use stand_in::index::{Card, Index};
use stand_in::repos::Repo;
use std::path::Path;

const SECRET: &str = "hf_only_for_this_test_0123456789";

/// A workspace whose binary talks to the stand-in.
struct Bench {
    workspace: Workspace,
    hub: StandIn,
}

impl Bench {
    fn new(settings: &str, records: usize) -> Self {
        let workspace = Workspace::new();
        workspace.file("pipeline.toml", settings);
        Self { workspace, hub: StandIn::start(Index::sample(records)) }
    }

    fn run_with(&self, args: &[&str], environment: &[(&str, &str)]) -> (i32, String, String) {
        let mut command = self.workspace.command();
        command.env("HF_ENDPOINT", &self.hub.url).env("HF_HOME", self.workspace.path("hf")).env("HF_TOKEN", SECRET);
        for (name, value) in environment {
            command.env(name, value);
        }
        let output = command.args(args).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
    }

    /// Offline, from what was fetched, everything anew: the same version and bytes, and an audit that says so.
    fn rebuilds_offline(&self) {
        let expected = files_of(&self.workspace.snapshot());
        for dir in ["work", "snapshots"] {
            std::fs::remove_dir_all(self.workspace.data().join(dir)).unwrap();
        }
        let (status, _, stderr) = self.run_with(&["-q", "run"], &[("HF_HUB_OFFLINE", "1"), ("HF_ENDPOINT", "http://127.0.0.1:9")]);
        assert_eq!(status, 0, "{stderr}");
        assert!(files_of(&self.workspace.snapshot()) == expected);
        let (stdout, _) = self.run(&["audit", "data/snapshots/latest"]);
        assert!(stdout.contains("rebuilt from its pinned inputs, the same bytes"), "{stdout}");
    }

    fn run(&self, args: &[&str]) -> (String, String) {
        let (status, stdout, stderr) = self.run_with(args, &[]);
        assert_eq!(status, 0, "{args:?}\n{stdout}\n{stderr}");
        (stdout, stderr)
    }
}

const LISTING: &str =
    "[source]\nkind = \"hub-listing\"\npage_size = 100\n[limits]\nmax_quarantine_fraction = 0.2\nmax_shrink_fraction = 0.9\n";

#[test]
fn a_listing_is_crawled_once_and_replays_offline_to_the_same_bytes() {
    let bench = Bench::new(LISTING, 400);
    let (status, _, stderr) = bench.run_with(&["status"], &[]);
    assert_eq!(status, 0, "{stderr}");
    assert_eq!(bench.hub.requests(), 0, "status fetches nothing");
    let (_, stderr) = bench.run(&["run"]);
    assert!(stderr.contains("records=400"), "{stderr}");
    let first = bench.workspace.snapshot();
    assert_eq!(table::<ModelRow>(&first).len(), 400);
    let requests = bench.hub.requests();
    assert_eq!(requests, 5, "four pages, and one request to be sure of the end");
    // Recent enough: nothing is asked, nothing is rebuilt.
    let (_, stderr) = bench.run(&["run"]);
    assert!(stderr.contains("recent enough"), "{stderr}");
    assert_eq!(bench.hub.requests(), requests);
    bench.rebuilds_offline();
}

/// The nightly job: after a day the listing is updated, and the snapshot is that of a full crawl of the same Hub, save the manifest's
/// digest of the pages.
#[test]
fn an_update_gives_the_tables_of_a_full_crawl() {
    let settings = LISTING.replace("page_size = 100", "page_size = 100\nmax_age_hours = 0");
    let bench = Bench::new(&settings, 300);
    bench.run(&["-q", "run"]);
    {
        let mut index = bench.hub.index();
        index.records[3].set("downloads", "123456");
        index.records[5].set("likes", "77");
        index.records[7].set("lastModified", "\"2027-01-02T03:04:05.000Z\"");
        index.records[7].set("sha", "\"00112233445566778899aabbccddeeff00112233\"");
        index.records[7].set("cardData", "{\"license\":\"mit\",\"base_model\":\"google/gemma-7b\"}");
        index.records.remove(11);
        index.changed();
    }
    let (_, stderr) = bench.run(&["run"]);
    assert!(stderr.contains("the listing was updated"), "{stderr}");
    let updated = bench.workspace.snapshot();
    let full = Workspace::new();
    full.file("pipeline.toml", &settings);
    let mut command = full.command();
    command.env("HF_ENDPOINT", &bench.hub.url).args(["-q", "run"]).assert().success();
    let tables = |dir: &Path| -> Vec<(String, Vec<u8>)> {
        files_of(dir).into_iter().filter(|(name, _)| name.ends_with(".parquet") && name != "quarantine.parquet").collect()
    };
    assert_eq!(table::<ModelRow>(&updated).len(), 299);
    for ((name, a), (_, b)) in tables(&updated).iter().zip(&tables(&full.snapshot())) {
        assert!(a == b, "{name}");
    }
}

/// A Hub that fails and a process that is killed cost nothing that was fetched, and the exit status says whose fault it was.
#[test]
fn an_outage_ends_with_status_4_and_the_rerun_goes_on() {
    let settings = LISTING.replace("page_size = 100", "page_size = 50\npatience_s = 2");
    let bench = Bench::new(&settings, 300);
    bench.hub.plan(Plan::after(4, std::iter::repeat_n(Fault::Status(503), 200)));
    let (status, _, stderr) = bench.run_with(&["run"], &[]);
    assert_eq!(status, 4, "{stderr}");
    assert!(stderr.contains("503") && stderr.contains("run the same command again"), "{stderr}");
    assert!(!bench.workspace.data().join("snapshots/latest").exists(), "half a Hub is never published");
    let log = std::fs::read_to_string(bench.workspace.data().join("work/runs.jsonl")).unwrap();
    assert!(log.contains("\"exit_status\":4"), "{log}");
    bench.hub.plan(Plan::default());
    let before = bench.hub.requests();
    bench.run(&["-q", "run"]);
    assert!(bench.hub.requests() - before <= 4, "the pages held are not asked for again");
    assert_eq!(table::<ModelRow>(&bench.workspace.snapshot()).len(), 300);
}

#[test]
fn cards_of_the_cohort_are_fetched_once() {
    let bench = Bench::new(&format!("{LISTING}[cards]\nfetch = true\n"), 200);
    let carded = {
        let mut index = bench.hub.index();
        let wanted: Vec<String> = index.records.iter().filter(|r| r.number("downloadsAllTime") > 5000.0).map(|r| r.id()).collect();
        for id in &wanted {
            index.cards.insert(id.clone(), Card::Text(b"---\nlicense: mit\n---\nTrained on 8 A100 GPUs for 10 hours.\n".to_vec()));
        }
        index.cards.insert(wanted[0].clone(), Card::Gated);
        wanted.len() - 1
    };
    bench.run(&["-q", "run"]);
    let cards = table::<RawCardRow>(&bench.workspace.data().join("work"));
    assert_eq!(cards.len(), carded);
    assert!(cards.iter().all(|c| c.card.contains("8 A100")));
    let asked = |hub: &StandIn| hub.log().iter().filter(|(target, _)| target.contains("README.md")).count();
    let before = asked(&bench.hub);
    bench.run(&["-q", "run"]);
    // Only the gated one: a gate may open.
    assert_eq!(asked(&bench.hub) - before, 1);
}

#[test]
fn a_dataset_file_is_pinned_and_needs_no_network_once_it_is_held() {
    let settings = "[source]\nkind = \"hub-dataset\"\nrepo = \"owner/hub-stats\"\nfile = \"models.jsonl\"\n[limits]\nmax_quarantine_fraction = 0.2\n";
    let bench = Bench::new(settings, 1);
    let commit = {
        let mut repo = Repo::default();
        let text = std::fs::read(common::sample().join("models.jsonl")).unwrap();
        let commit = repo.commit("daily", &[("models.jsonl", &text)]);
        bench.hub.repos().datasets.insert("owner/hub-stats".into(), repo);
        commit
    };
    bench.run(&["-q", "run"]);
    let first = bench.workspace.snapshot();
    let manifest = std::fs::read_to_string(first.join("manifest.json")).unwrap();
    assert!(manifest.contains(&format!("owner/hub-stats@{commit}")), "{manifest}");
    bench.rebuilds_offline();
}

/// Everything uploaded in one commit under the version's tag; the second time there is nothing to do.
#[test]
fn a_snapshot_is_published_once() {
    let bench = Bench::new("", 1);
    bench.hub.repos().datasets.insert("owner/hugging-carbon".into(), Repo::default());
    bench.run(&["-q", "run"]);
    let snapshot = bench.workspace.snapshot();
    let version = snapshot.file_name().unwrap().to_string_lossy().into_owned();
    let args = ["publish", "data/snapshots/latest", "--repo", "owner/hugging-carbon"];
    let (stdout, _) = bench.run(&[&args[..], &["--dry-run"]].concat());
    assert!(stdout.contains("manifest.json") && stdout.contains("one commit and a tag"), "{stdout}");
    assert!(bench.hub.repos().datasets["owner/hugging-carbon"].commits.is_empty());
    let (stdout, _) = bench.run(&args);
    assert!(stdout.contains(&version), "{stdout}");
    {
        let repos = bench.hub.repos();
        let repo = &repos.datasets["owner/hugging-carbon"];
        assert_eq!((repo.commits.len(), repo.tags.len()), (1, 1));
        for (name, bytes) in files_of(&snapshot) {
            assert!(*repo.commits[0].files[&name] == bytes, "{name}");
        }
    }
    let (stdout, _) = bench.run(&args);
    assert!(stdout.contains("was published in owner/hugging-carbon before"), "{stdout}");
    assert_eq!(bench.hub.repos().datasets["owner/hugging-carbon"].commits.len(), 1);
}

/// No token in any file of the data directory, on any output, at the most talkative level.
#[test]
fn the_token_is_nowhere() {
    let bench = Bench::new(&format!("{LISTING}[cards]\nfetch = true\n"), 120);
    bench.hub.plan(Plan::script([Fault::Status(500), Fault::BreakOff(50)]));
    let (status, stdout, stderr) = bench.run_with(&["-v", "run"], &[("RUST_LOG", "trace")]);
    assert_eq!(status, 0, "{stderr}");
    assert!(!stdout.contains(SECRET) && !stderr.contains(SECRET));
    assert!(bench.hub.log().iter().any(|(_, token)| token.as_deref().is_some_and(|t| t.contains(SECRET))), "it was sent");
    let mut open = vec![bench.workspace.path("")];
    let mut files = 0;
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if let Ok(bytes) = std::fs::read(&path) {
                files += 1;
                assert!(!bytes.windows(SECRET.len()).any(|w| w == SECRET.as_bytes()), "{}", path.display());
            }
        }
    }
    assert!(files > 10);
}

/// A field that collapses is not published: an outage that leaves the rows and takes the downloads.
#[test]
fn a_field_that_collapsed_is_not_published() {
    let settings = LISTING
        .replace("page_size = 100", "page_size = 100\nmax_age_hours = 0")
        .replace("max_shrink_fraction = 0.9", "max_shrink_fraction = 0.05");
    let bench = Bench::new(&settings, 200);
    bench.run(&["-q", "run"]);
    let before = files_of(&bench.workspace.snapshot());
    {
        let mut index = bench.hub.index();
        index.records.iter_mut().take(150).for_each(|record| record.set("downloads", "null"));
        index.changed();
    }
    let (status, _, stderr) = bench.run_with(&["run"], &[]);
    assert_eq!(status, 1, "{stderr}");
    assert!(stderr.contains("models with downloads_30d") && stderr.contains("nothing was published"), "{stderr}");
    assert!(files_of(&bench.workspace.snapshot()) == before);
}

/// Regression: only the last two crawls were kept, and one file of cards: older snapshots could be rebuilt by nobody.
#[test]
fn crawls_and_cards_are_kept_as_long_as_a_snapshot_was_made_from_them() {
    let settings = LISTING.replace("page_size = 100", "page_size = 100\nmax_age_hours = 0");
    let bench = Bench::new(&format!("{settings}[cards]\nfetch = true\n"), 120);
    let mut versions = Vec::new();
    for day in 1..=4 {
        {
            let mut index = bench.hub.index();
            let id = index.records[0].id();
            let card = format!("---\nlicense: mit\n---\nTrained on 8 A100 GPUs for {day} hours.\n");
            index.cards.insert(id, Card::Text(card.into_bytes()));
            index.records[0].set("createdAt", &format!("\"2026-07-0{day}T00:00:00.000Z\""));
            index.commit(0, &format!("2026-07-0{day}T01:00:00.000Z"));
            index.changed();
        }
        bench.run(&["-q", "run"]);
        versions.push(bench.workspace.snapshot());
    }
    let (listed, _) = bench.run(&["snapshots"]);
    assert_eq!(listed.matches("  yes").count(), 4, "{listed}");
    let (audit, _) = bench.run(&["-q", "audit", versions[0].to_str().unwrap()]);
    assert!(audit.contains("the same bytes"), "{audit}");
    // A stranger, with nothing but what is published.
    let publish = ["publish", versions[1].to_str().unwrap(), "--repo", "owner/hc", "--create", "--with-inputs"];
    let (dry, _) = bench.run(&[&publish[..], &["--dry-run"]].concat());
    assert!(dry.contains("to owner/hc-inputs: 3 files") && dry.contains(".pages.zst"), "{dry}");
    // Regression: from any other directory the inputs of a snapshot were not found, though it lies beside them. And once they were uploaded
    // and the snapshot was not, it never was: "published already".
    let elsewhere = |args: &[&str]| {
        let empty = Workspace::new();
        let mut command = empty.command();
        command.env("HF_ENDPOINT", &bench.hub.url).env("HF_TOKEN", SECRET).arg("-q").args(args);
        let output = command.output().unwrap();
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.success(), "{text}");
        text
    };
    assert!(elsewhere(&["audit", versions[1].to_str().unwrap()]).contains("the same bytes"));
    elsewhere(&publish);
    bench.hub.repos().datasets.remove("owner/hc");
    let again = elsewhere(&publish);
    assert!(again.contains("was published in owner/hc-inputs before") && again.contains("is published in owner/hc:"), "{again}");
    let empty = Workspace::new();
    let version = versions[1].file_name().unwrap().to_string_lossy().into_owned();
    let mut command = empty.command();
    command.env("HF_ENDPOINT", &bench.hub.url).args(["-q", "audit", &format!("owner/hc@{version}")]);
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(text.contains(&format!("{version}: rebuilt from its pinned inputs, the same bytes")), "{text}");
    let recordings = || std::fs::read_dir(bench.workspace.data().join("hub/recordings")).unwrap().count();
    assert_eq!(recordings(), 4);
    let (dry, _) = bench.run(&["forget", "--keep-daily", "1"]);
    assert!(dry.contains("Would be removed: 3") && dry.contains("2 crawls"), "{dry}");
    let (pruned, _) = bench.run(&["forget", "--keep-daily", "1", "--prune"]);
    assert!(pruned.contains("Removed: 3") && pruned.contains("2 crawls"), "{pruned}");
    // The current one and the one before, which the next update builds on.
    assert_eq!(recordings(), 2);
    let (audit, _) = bench.run(&["-q", "audit", versions[3].to_str().unwrap()]);
    assert!(audit.contains("the same bytes"), "{audit}");
}

/// What readers get, seen from outside: too old, incomplete, not tagged, or whole.
#[test]
fn check_looks_at_what_the_repository_holds() {
    let bench = Bench::new("", 1);
    let mut repo = Repo::default();
    repo.commit("initial commit", &[(".gitattributes", b"*.parquet filter=lfs")]);
    bench.hub.repos().datasets.insert("owner/hugging-carbon".into(), repo);
    bench.run(&["-q", "run"]);
    let check = |age: &str| bench.run_with(&["check", "--max-age", age, "--repo", "owner/hugging-carbon"], &[]);
    let (status, _, stderr) = check("36h");
    assert!(status == 3 && stderr.contains("holds no snapshot"), "{stderr}");
    bench.run(&["publish", "data/snapshots/latest", "--repo", "owner/hugging-carbon"]);
    let (status, _, stderr) = check("36h");
    assert!(status == 3 && stderr.contains("too old"), "{stderr}");
    let (status, stdout, stderr) = check("500w");
    assert!(status == 0 && stdout.contains("owner/hugging-carbon@") && stdout.contains("complete"), "{stderr}");
    // A stranger audits it where it is.
    let empty = Workspace::new();
    let audit = |revision: &str| {
        let mut command = empty.command();
        command.env("HF_ENDPOINT", &bench.hub.url).args([
            "-q",
            "audit",
            "--verify-only",
            &format!("owner/hugging-carbon@{revision}"),
        ]);
        let output = command.output().unwrap();
        (output.status.code().unwrap(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    };
    let version = bench.workspace.snapshot().file_name().unwrap().to_string_lossy().into_owned();
    for revision in ["main", &version] {
        let (status, text) = audit(revision);
        assert!(status == 0 && text.contains(&format!("{version}: every file agrees")), "{text}");
    }
    assert_eq!(audit("2020-01-01-00000000").0, 4);
    let change = |edit: &dyn Fn(&mut Repo)| edit(bench.hub.repos().datasets.get_mut("owner/hugging-carbon").unwrap());
    let tags = bench.hub.repos().datasets["owner/hugging-carbon"].tags.clone();
    change(&|repo| repo.tags.clear());
    let (status, _, stderr) = check("500w");
    assert!(status == 3 && stderr.contains("the tag of that name is missing"), "{stderr}");
    change(&|repo| {
        repo.tags = tags.clone();
        let files = &mut repo.commits.last_mut().unwrap().files;
        files.insert("runs.parquet".into(), std::sync::Arc::new(b"damaged".to_vec()));
        files.remove("estimates.parquet");
    });
    let (status, _, stderr) = check("500w");
    assert!(status == 3 && stderr.contains("2 files") && stderr.contains("estimates.parquet, runs.parquet"), "{stderr}");
    let (status, _, _) = bench.run_with(&["check", "--max-age", "36h", "--repo", "owner/absent"], &[]);
    assert_eq!(status, 4);
}

/// Regression: a crawl that was recorded while the clock was ahead counted as recent until then, and as the newest for ever.
#[test]
fn a_crawl_from_the_future_is_crawled_again() {
    let bench = Bench::new(LISTING, 120);
    bench.run(&["-q", "run"]);
    let before = files_of(&bench.workspace.snapshot());
    let recordings = bench.workspace.data().join("hub/recordings");
    let newest = || std::fs::read_dir(&recordings).unwrap().map(|entry| entry.unwrap().path()).max().unwrap();
    let future = recordings.join("20990101T000000.000000Z");
    std::fs::rename(newest(), &future).unwrap();
    let journal = std::fs::read_to_string(future.join("crawl.jsonl")).unwrap();
    let at = journal.find("\"started_at\":\"").unwrap() + "\"started_at\":\"".len();
    std::fs::write(future.join("crawl.jsonl"), format!("{}2099{}", &journal[..at], &journal[at + 4..])).unwrap();
    let asked = bench.hub.requests();
    bench.run(&["-q", "run"]);
    assert!(bench.hub.requests() > asked && newest() > future, "{}", newest().display());
    assert!(files_of(&bench.workspace.snapshot()) == before);
    let asked = bench.hub.requests();
    bench.run(&["-q", "run"]);
    assert_eq!(bench.hub.requests(), asked, "now it is recent");
}
