//! What machines print beside a training: the accounts of SLURM, `nvidia-smi`, the last bar of tqdm, the line that Ultralytics begins with.

use super::candidate::{Card, RANK_CODE, Spot};
use super::passage::Passage;
use crate::domain::Field;
use crate::evidence::card::parse::block::Block;
use crate::evidence::hardware::{Context, MOST_DEVICES};

/// Standing: behind settings, and behind what a trainer says of all of its training.
const RANK_CONSOLE: u8 = RANK_CODE + 4;
/// Lines of a block that are read.
const MAX_LINES: usize = 4000;
/// Fewest steps of a bar that is a training's: fewer are loading, or one epoch.
const LEAST_STEPS: f64 = 100.0;
/// Devices of one machine that are listed, at most.
const MOST_LISTED: usize = 16;
/// Hours of a day.
const DAY: f64 = 24.0;

/// The first column of an account of jobs.
const JOBS: &str = "JobID";
/// The line of a script that asks for devices.
const REQUEST: &str = "#SBATCH";
/// The first device, as Ultralytics lists it.
const FIRST_DEVICE: &str = "CUDA:0 (";
/// The maker of a chip before its name.
const MAKER: &str = "NVIDIA ";
/// The devices that Lightning sees.
const VISIBLE: &str = "LOCAL_RANK: 0 - CUDA_VISIBLE_DEVICES: [";
/// A bar that is full.
const FULL_BAR: &str = "100%|";

/// Reads what a block of code shows of a console.
pub fn read_console(card: &mut Card<'_>, passage: &Passage<'_>) {
    let b = passage.block;
    let spot = Spot {
        block: b,
        quote: (b.from, b.to),
        rank: RANK_CONSOLE,
        reason: passage.refused.or(b.under.evaluation.then_some("evaluation or inference")),
    };
    if let Some((hours, line)) = accounted(b) {
        card.add(&spot, Field::WallHours, Some(hours), line, None);
    }
    if let Some((count, line)) = devices_of_job(b) {
        card.add(&spot, Field::AcceleratorCount, Some(f64::from(count)), line, None);
    }
    let is_table = b.text.contains("NVIDIA-SMI");
    // Without any of these no line below asks for a chip or lists one.
    let lists_chips = is_table || [REQUEST, FIRST_DEVICE, MAKER].iter().any(|mark| b.text.contains(mark));
    for line in b.text.lines().take(if lists_chips { MAX_LINES } else { 0 }) {
        if let Some((chip, count)) = requested(line) {
            card.add_hardware(&spot.after(1), &format!("{} x {chip}", count * nodes(b)), Context::Field);
        } else if let Some(chip) = listed_chip(is_table, line) {
            // Ultralytics names every device that it trains on.
            let used = (0..MOST_LISTED).take_while(|n| b.text.contains(&format!("CUDA:{n} ("))).count();
            let text = if used > 0 { format!("{used} x {chip}") } else { chip.to_owned() };
            card.add_hardware(&spot, &text, Context::Field);
            break;
        }
    }
    if let Some((count, line)) = visible(b) {
        card.add(&spot, Field::AcceleratorCount, Some(f64::from(count)), line, None);
    }
    if let Some((steps, hours, line)) = last_bar(b) {
        card.add(&spot, Field::TrainSteps, Some(steps), line, None);
        card.add(&spot, Field::WallHours, Some(hours), line, None);
    }
}

/// Hours of `1-04:11:15`, `28:11:15` and `17:18`.
fn clock(text: &str) -> Option<f64> {
    let (days, rest) = match text.split_once('-') {
        Some((days, rest)) => (days.parse::<u32>().ok()?, rest),
        None => (0, text),
    };
    let parts: Vec<u32> = rest.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let hours = match parts.as_slice() {
        [h, m, s] if *m < 60 && *s < 60 => f64::from(*h) + f64::from(*m) / 60.0 + f64::from(*s) / 3600.0,
        [m, s] if days == 0 && *s < 60 => f64::from(*m) / 60.0 + f64::from(*s) / 3600.0,
        _ => return None,
    };
    Some(f64::from(days) * DAY + hours)
}

/// The rows of `sacct` that are jobs which ended well; the steps of a job have a point in their number.
fn jobs(b: &Block) -> Vec<&str> {
    if !b.text.contains(JOBS) {
        return Vec::new();
    }
    let mut lines = b
        .text
        .lines()
        .take(MAX_LINES)
        .skip_while(|line| !(line.contains(JOBS) && line.contains("Elapsed") && !line.contains("--format")));
    if lines.next().is_none() {
        return Vec::new();
    }
    let is_job = |line: &&str| {
        let id = line.split_whitespace().next().unwrap_or_default();
        line.contains("COMPLETED") && id.starts_with(|c: char| c.is_ascii_digit()) && !id.contains('.')
    };
    lines.filter(is_job).collect()
}

/// The time of the only job of an account.
fn accounted(b: &Block) -> Option<(f64, &str)> {
    let [job] = jobs(b).try_into().ok()?;
    let hours = job.split_whitespace().skip(1).filter(|w| w.matches(':').count() == 2).find_map(clock)?;
    Some((hours, job.trim()))
}

/// `gres/gpu=4` of the only job of an account.
fn devices_of_job(b: &Block) -> Option<(u32, &str)> {
    let [job] = jobs(b).try_into().ok()?;
    let (_, rest) = job.split_once("gres/gpu")?;
    let digits: String = rest.split_once('=')?.1.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok().filter(|n| (1..=MOST_DEVICES).contains(n)).map(|n| (n, job.trim()))
}

/// `#SBATCH --gres=gpu:a100:4`: the chip and how many of it a node has.
fn requested(line: &str) -> Option<(&str, u32)> {
    let (_, asked) = line.strip_prefix(REQUEST)?.split_once("--g")?;
    let asked = asked.split_once('=')?.1.split_whitespace().next()?;
    let mut parts = asked.strip_prefix("gpu:").unwrap_or(asked).split(':');
    let (chip, count) = (parts.next()?, parts.next()?.parse().ok()?);
    (chip.contains(|c: char| c.is_ascii_alphabetic()) && (1..=MOST_DEVICES).contains(&count)).then_some((chip, count))
}

/// `#SBATCH --nodes=2`.
fn nodes(b: &Block) -> u32 {
    let asked = b.text.lines().filter(|line| line.starts_with("#SBATCH"));
    let count = asked.filter_map(|line| line.split_once("--nodes=")).find_map(|(_, n)| n.split_whitespace().next()?.parse().ok());
    count.filter(|n| (1..=MOST_DEVICES).contains(n)).unwrap_or(1)
}

/// The chip that a line of `nvidia-smi` (`is_table` for its table), or of what Ultralytics prints, names.
fn listed_chip(is_table: bool, line: &str) -> Option<&str> {
    if is_table && line.starts_with('|') {
        let cell = line.trim_start_matches('|').trim_start();
        let name = cell.trim_start_matches(|c: char| c.is_ascii_digit());
        let end = [" Off ", " On ", "  "].iter().filter_map(|sign| name.trim_start().find(sign)).min()?;
        return (name.len() < cell.len() && name.starts_with(' ')).then(|| name.trim_start().get(..end)).flatten();
    }
    // "CUDA:0 (Tesla T4, 15102MiB)".
    if let Some((_, rest)) = line.split_once(FIRST_DEVICE) {
        return rest.split([',', ')']).next();
    }
    // "NVIDIA RTX A5000, 228.10 W, 99 %": what a query prints.
    let (name, rest) = line.trim().strip_prefix(MAKER)?.split_once(", ")?;
    (rest.contains(" W") || rest.contains("MiB")).then_some(name)
}

/// `LOCAL_RANK: 0 - CUDA_VISIBLE_DEVICES: [0,1]`, as Lightning prints it.
fn visible(b: &Block) -> Option<(u32, &str)> {
    if !b.text.contains(VISIBLE) {
        return None;
    }
    let line = b.text.lines().take(MAX_LINES).find(|line| line.starts_with(VISIBLE))?;
    let (_, list) = line.rsplit_once('[')?;
    let count = list.split_once(']')?.0.split(',').filter(|n| n.trim().parse::<u32>().is_ok()).count();
    u32::try_from(count).ok().filter(|n| (1..=MOST_DEVICES).contains(n)).map(|n| (n, line))
}

/// Steps and hours of the last bar that is full: `100%|███| 30000/30000 [47:30:00<00:00, 5.70s/it]`, in the log of a training.
fn last_bar(b: &Block) -> Option<(f64, f64, &str)> {
    if !b.text.contains(FULL_BAR) || !(b.text.contains("loss") || b.text.contains("TrainOutput")) {
        return None;
    }
    let mut found: Option<(f64, f64, &str)> = None;
    for line in b.text.lines().take(MAX_LINES).filter(|line| line.trim_start().starts_with(FULL_BAR)) {
        let (counts, times) = line.rsplit_once('|')?.1.split_once('[')?;
        let (done, all) = counts.trim().split_once('/')?;
        let steps: f64 = all.trim().parse().ok().filter(|n| done.trim() == all.trim() && *n >= LEAST_STEPS)?;
        let hours = clock(times.split('<').next()?.trim())?;
        // Several full bars are epochs or evaluations.
        if found.is_some() {
            return None;
        }
        found = Some((steps, hours, line.trim()));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::clock;
    use crate::domain::Field;
    use crate::evidence::card::read::tests::read_of_code as read;

    #[test]
    fn days_before_a_dash_are_days() {
        assert_eq!(clock("1-06:00:00"), Some(30.0));
        assert_eq!(clock("30:00:00"), Some(30.0));
        assert_eq!(clock("2024-05-06"), None);
    }

    #[test]
    fn accounts_of_jobs_and_full_bars() {
        let account = "JobID JobName Elapsed State AllocTRES\n----- ----- -----\n7712 train 1-06:00:00 COMPLETED cpu=32,gres/gpu=4\n7712.0 python 1-05:59:00 COMPLETED gres/gpu=4";
        let got = read(account);
        assert!(got.contains(&(Field::WallHours, 30.0)) && got.contains(&(Field::AcceleratorCount, 4.0)), "{got:?}");
        let two = format!("{account}\n7713 train 02:00:00 COMPLETED gres/gpu=4");
        assert!(!read(&two).iter().any(|(field, _)| *field == Field::WallHours));
        let bar = "{'loss': 1.2, 'epoch': 2.0}\n100%|#####| 5000/5000 [10:00:00<00:00,  7.20s/it]";
        let got = read(bar);
        assert!(got.contains(&(Field::WallHours, 10.0)) && got.contains(&(Field::TrainSteps, 5000.0)), "{got:?}");
        assert!(read("100%|#####| 5000/5000 [10:00:00<00:00,  7.20s/it]").is_empty());
    }
}
