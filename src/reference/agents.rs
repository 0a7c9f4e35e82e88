//! Agents that learn in a simulated environment: how long they train (data/reference/agents.csv).

use crate::error::{Error, Result};
use serde::Deserialize;

/// The row of environments that no word tells.
const ANY: &str = "any";

/// Counts in names that are steps.
const STEPS: std::ops::RangeInclusive<f64> = 1e3..=1e10;

/// A row of agents.csv.
#[derive(Clone, Debug, Deserialize)]
pub struct Agent {
    /// Kind of environment.
    pub environment: String,
    /// Beginnings of words of a name, joined by `|`.
    pub words: Option<String>,
    /// Steps of the environment.
    pub steps: f64,
    /// Steps in a second, with the learning that belongs to them.
    pub steps_per_second: f64,
    /// FLOP of the network in a step, acting and learning.
    pub flop_per_step: f64,
    /// Standard deviation of log10 of the steps between agents.
    pub sd_dex: f64,
    /// Source.
    pub source: String,
}

impl Agent {
    fn is_named(&self, name: &str) -> bool {
        let begins = |word: &str| name.match_indices(word).any(|(at, _)| !name[..at].ends_with(char::is_alphanumeric));
        self.words.as_deref().unwrap_or_default().split('|').any(|word| !word.is_empty() && begins(word))
    }
}

/// All rows.
#[derive(Debug)]
pub struct Agents {
    rows: Vec<Agent>,
    any: Agent,
}

impl Agents {
    pub(super) fn new(rows: Vec<Agent>) -> Result<Self> {
        let any = rows.iter().find(|row| row.environment == ANY).cloned();
        let any = any.ok_or_else(|| Error::Internal(format!("agents.csv: no row '{ANY}'")))?;
        Ok(Self { rows, any })
    }

    /// Steps that an id states (`ppo-lunarlander-v2-steps-2M`, `dqn_500k`): its last count of thousands or millions.
    #[must_use]
    pub fn steps_in_name(&self, model_id: &str) -> Option<f64> {
        let name = model_id.rsplit('/').next().unwrap_or(model_id).to_lowercase();
        let words = name.split(['-', '_', ' ']);
        let mut steps = words.filter_map(|word| {
            let (number, scale) = word.strip_suffix('m').map(|n| (n, 1e6)).or_else(|| word.strip_suffix('k').map(|n| (n, 1e3)))?;
            let is_number = number.starts_with(|c: char| c.is_ascii_digit());
            number.parse::<f64>().ok().filter(|_| is_number).map(|n| n * scale)
        });
        steps.rfind(|steps| STEPS.contains(steps))
    }

    /// The environment that an id names; of several the one that takes most steps.
    #[must_use]
    pub fn of_name(&self, model_id: &str) -> &Agent {
        let name = model_id.rsplit('/').next().unwrap_or(model_id).to_lowercase().replace('_', "-");
        let named = self.rows.iter().filter(|row| row.is_named(&name));
        named.max_by(|a, b| a.steps.total_cmp(&b.steps)).unwrap_or(&self.any)
    }
}

#[cfg(test)]
mod tests {
    use crate::reference::Reference;

    #[test]
    fn steps_by_name() {
        let agents = Reference::load().unwrap().agents;
        for (id, steps) in [
            ("a/ppo-lunarlander-v2-steps-2M", Some(2e6)),
            ("a/ppo_2.5m", Some(2.5e6)),
            ("a/dqn_500k-v2", Some(5e5)),
            ("a/ppo-LunarLander-v2", None),
            ("a/team-m", None),
        ] {
            assert_eq!(agents.steps_in_name(id), steps, "{id}");
        }
    }

    #[test]
    fn environments_by_name() {
        let agents = Reference::load().unwrap().agents;
        for (id, environment) in [
            ("a/ppo-LunarLander-v2", "box2d"),
            ("a/q-FrozenLake-v1-4x4-noSlippery", "tabular"),
            ("a/dqn-SpaceInvadersNoFrameskip-v4", "atari"),
            ("a/MLAgents-Worm", "unity"),
            ("sb3/ddpg-Walker2DBulletEnv-v0", "physics"),
            ("a/ppo_CartPole", "classic_control"),
            ("a/RLModel1", "any"),
            // Not a part of a word: "giant-v2".
            ("a/giant-v2", "any"),
        ] {
            assert_eq!(agents.of_name(id).environment, environment, "{id}");
        }
    }
}
