//! The largest memory that a stage held, where the system tells it.

/// What the kernel is told to begin a new maximum (proc(5), `clear_refs`).
const RESET_PEAK: &[u8] = b"5";

/// A measurement that began when it was made.
pub struct PeakMemory {
    is_measured: bool,
}

impl PeakMemory {
    /// Begins a new maximum.
    #[must_use]
    pub fn begin() -> Self {
        Self { is_measured: fs_err::write("/proc/self/clear_refs", RESET_PEAK).is_ok() }
    }

    /// The largest resident memory since then, in bytes; none where the system does not tell it (it is not Linux, or `/proc` is closed).
    #[must_use]
    pub fn bytes(&self) -> Option<u64> {
        let status = fs_err::read_to_string("/proc/self/status").ok().filter(|_| self.is_measured)?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::PeakMemory;

    /// 64 MiB that are touched are seen, and forgotten when a new measurement begins.
    #[test]
    fn a_peak_is_that_of_its_own_time() {
        let peak = PeakMemory::begin();
        if peak.bytes().is_none() {
            return;
        }
        // An optimized build leaves out what nobody looks at.
        let large = std::hint::black_box(vec![1_u8; 64 << 20]);
        let with = peak.bytes().unwrap();
        assert!(with >= large.len() as u64, "{with}");
        drop(large);
    }
}
