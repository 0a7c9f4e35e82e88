//! Chips: names, aliases, power, dense peaks.

use crate::error::{Error, Result};
use crate::units::{FlopPerSecond, Watts};
use rustc_hash::FxHashMap;
use serde::Deserialize;
use std::collections::BTreeMap;

/// One row of accelerators.csv; rates are dense, in TFLOP/s.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Accelerator {
    /// Canonical name.
    pub accelerator: String,
    /// Maker.
    pub vendor: String,
    /// datacentre, tpu, workstation, consumer or other.
    pub class: String,
    /// Spellings, joined by `|`.
    pub aliases: String,
    /// Day of release, ISO 8601; none where the table does not know it.
    pub release_date: Option<String>,
    /// Rated power in watts.
    pub tdp_w: Option<f64>,
    /// Vector FP32.
    pub fp32_tflops: Option<f64>,
    /// Tensor FP16 with FP32 accumulation.
    pub fp16_tflops: Option<f64>,
    /// Tensor BF16.
    pub bf16_tflops: Option<f64>,
    /// Source of the rates.
    pub peak_source: String,
    /// Source of the power.
    pub tdp_source: String,
    /// Memory in GB.
    pub memory_gb: Option<f64>,
}

/// Words of a canonical name that tell the variants of a family apart.
const VARIANT_WORDS: &[&str] = &["SXM", "SXM2", "SXM3", "SXM4", "SXM5", "PCIe", "NVL"];

impl Accelerator {
    /// Dense peak at the precision models are trained in on this chip: BF16, else FP16, else FP32.
    #[must_use]
    pub fn training_peak(&self) -> Option<FlopPerSecond> {
        self.bf16_tflops.or(self.fp16_tflops).or(self.fp32_tflops).map(|tflops| FlopPerSecond(tflops * 1e12))
    }

    /// The canonical name up to the words for form factor and memory: what the variants of a chip share.
    #[must_use]
    pub fn family(&self) -> &str {
        let is_variant =
            |word: &str| VARIANT_WORDS.contains(&word) || word.strip_suffix("GB").is_some_and(|n| n.parse::<u32>().is_ok());
        let mut end = self.accelerator.len();
        for (at, word) in self.accelerator.match_indices(' ').map(|(at, _)| (at, &self.accelerator[at + 1..])) {
            if word.split(' ').all(is_variant) {
                end = end.min(at);
            }
        }
        &self.accelerator[..end]
    }

    /// Form factor in the canonical name: sxm, pcie or nvl.
    #[must_use]
    pub fn form(&self) -> Option<&'static str> {
        let says = |word: &str| self.accelerator.split(' ').any(|w| w.starts_with(word));
        [("SXM", "sxm"), ("PCIe", "pcie"), ("NVL", "nvl")].into_iter().find(|(word, _)| says(word)).map(|(_, form)| form)
    }

    /// What the suffix of a TPU slice is divided by to give chips: 2 TensorCores a chip up to v4 and in v5p, 1 where suffixes count
    /// chips (v5e, v6e); none for chips without slices.
    #[must_use]
    pub fn cores_per_slice_unit(&self) -> Option<u32> {
        match self.accelerator.strip_prefix("Google TPU ")? {
            "v2" | "v3" | "v4" | "v5p" => Some(2),
            "v5e" | "v6e" => Some(1),
            _ => None,
        }
    }

    /// As how many devices one chip shows: two for the modules of two dies (AMD Instinct MI200 series data sheet).
    #[must_use]
    pub fn devices_shown(&self) -> u32 {
        if self.accelerator.starts_with("AMD Instinct MI250") { 2 } else { 1 }
    }

    /// Rated power.
    #[must_use]
    pub fn tdp(&self) -> Option<Watts> {
        self.tdp_w.map(Watts)
    }
}

/// One row of machine_types.csv: a cloud instance, a box or a node, and the chips in it.
#[derive(Clone, Debug, Deserialize)]
pub struct MachineType {
    /// Name by its provider.
    pub machine: String,
    /// Who offers it.
    pub provider: String,
    /// Spellings, joined by `|`.
    pub aliases: String,
    /// Canonical name of its accelerator.
    pub accelerator: String,
    /// Accelerators in it.
    pub count: u32,
    /// Source.
    pub source: String,
    /// Year of the source.
    pub vintage: String,
    /// Begins with "assumed" where a service hands out what it has.
    pub note: String,
}

/// What an alias names.
#[derive(Clone, Copy, Debug)]
pub enum Named<'r> {
    /// A chip.
    Chip(&'r Accelerator),
    /// A machine with its chips.
    Machine {
        /// The chip in it.
        chip: &'r Accelerator,
        /// How many.
        count: u32,
        /// What the name leaves to an assumption (free notebooks give what they have).
        assumption: Option<&'static str>,
    },
}

/// The accelerators, found by any spelling.
#[derive(Debug)]
pub struct Accelerators {
    rows: Vec<Accelerator>,
    machines: Vec<(usize, MachineType)>,
    /// Letters and digits of every alias, to a row or a machine.
    aliases: FxHashMap<String, Target>,
    longest_alias: usize,
    families: BTreeMap<String, Vec<usize>>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Target {
    Chip(usize),
    Machine(usize),
}

/// Letters and digits of a spelling, lower case: `A100-SXM4-40GB` and `a100 sxm4 40 gb` are one.
fn key(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

impl Accelerators {
    pub(super) fn new(rows: Vec<Accelerator>, machines: Vec<MachineType>) -> Result<Self> {
        let mut aliases: FxHashMap<String, Target> = FxHashMap::default();
        let mut families: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let mut add = |alias: &str, target: Target, file: &str| -> Result<()> {
            let key = key(alias);
            if !key.is_empty() && aliases.insert(key, target).is_some_and(|other| other != target) {
                return Err(Error::Internal(format!("{file}: alias '{alias}' stands in two rows")));
            }
            Ok(())
        };
        for (i, row) in rows.iter().enumerate() {
            for alias in row.aliases.split('|').chain([row.accelerator.as_str()]) {
                add(alias, Target::Chip(i), "accelerators.csv")?;
            }
            families.entry(row.family().to_owned()).or_default().push(i);
        }
        let mut placed = Vec::new();
        for (m, machine) in machines.into_iter().enumerate() {
            let Some(chip) = rows.iter().position(|row| row.accelerator == machine.accelerator) else {
                let (name, chip) = (&machine.machine, &machine.accelerator);
                return Err(Error::Internal(format!("machine_types.csv: {name}: '{chip}' is not in accelerators.csv")));
            };
            for alias in machine.aliases.split('|').chain([machine.machine.as_str()]) {
                add(alias, Target::Machine(m), "machine_types.csv")?;
            }
            placed.push((chip, machine));
        }
        let longest_alias = aliases.keys().map(String::len).max().unwrap_or(0);
        Ok(Self { rows, machines: placed, aliases, longest_alias, families })
    }

    /// All chips, by name.
    #[must_use]
    pub fn rows(&self) -> &[Accelerator] {
        &self.rows
    }

    /// All machine types.
    pub fn machines(&self) -> impl Iterator<Item = &MachineType> {
        self.machines.iter().map(|(_, machine)| machine)
    }

    /// What the letters and digits of a spelling name, lower case and without anything between them.
    #[must_use]
    pub fn by_alias(&self, key: &str) -> Option<Named<'_>> {
        Some(match self.aliases.get(key)? {
            Target::Chip(i) => Named::Chip(&self.rows[*i]),
            Target::Machine(m) => {
                let (chip, machine) = &self.machines[*m];
                let assumption = machine.note.starts_with("assumed").then_some("notebook_service_default_accelerator");
                Named::Machine { chip: &self.rows[*chip], count: machine.count, assumption }
            }
        })
    }

    /// Letters and digits of the longest alias.
    #[must_use]
    pub fn longest_alias(&self) -> usize {
        self.longest_alias
    }

    /// Chips of one family: they differ in form factor and memory.
    #[must_use]
    pub fn family(&self, family: &str) -> Vec<&Accelerator> {
        self.families.get(family).into_iter().flatten().map(|i| &self.rows[*i]).collect()
    }

    /// The chip whose alias the whole text is.
    #[must_use]
    pub fn named(&self, text: &str) -> Option<&Accelerator> {
        self.named_index(text).map(|i| &self.rows[i])
    }

    pub(super) fn named_index(&self, text: &str) -> Option<usize> {
        match self.aliases.get(&key(text)) {
            Some(Target::Chip(i)) => Some(*i),
            _ => None,
        }
    }

    /// By canonical name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Accelerator> {
        self.rows.iter().find(|row| row.accelerator == name)
    }
}

#[cfg(test)]
mod tests {
    use crate::reference::Reference;

    #[test]
    fn families_hold_the_variants_of_a_chip() {
        let reference = Reference::load().unwrap();
        let names = |text: &str| -> Vec<String> {
            let family = reference.accelerators.named(text).unwrap().family();
            reference.accelerators.family(family).iter().map(|a| a.accelerator.clone()).collect()
        };
        let a100 =
            ["PCIe 40GB", "PCIe 80GB", "SXM4 40GB", "SXM4 64GB", "SXM4 80GB"].map(|variant| format!("NVIDIA A100 {variant}"));
        assert_eq!(names("A100"), a100);
        assert_eq!(names("NVIDIA L40S"), ["NVIDIA L40S"], "the L40 is another chip");
        let v100s = reference.accelerators.named("V100S PCIe 32GB").unwrap();
        assert_eq!((v100s.family(), v100s.form()), ("NVIDIA V100S", Some("pcie")));
    }
}
