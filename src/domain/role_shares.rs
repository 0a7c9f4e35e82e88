//! Probabilities of the roles of one repository.

use super::Role;

/// Number of roles.
pub const ROLES: usize = Role::ALL.len();

/// Probability of each role, in the order of [`Role::ALL`]; they sum to one. In a table it is one column per role: `p_pretrained` ...
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RoleShares([f64; ROLES]);

impl RoleShares {
    /// A role that is known.
    #[must_use]
    pub fn certain(role: Role) -> Self {
        Self(std::array::from_fn(|at| f64::from(u8::from(Role::ALL[at] == role))))
    }

    /// Of values in the order of [`Role::ALL`], scaled to the sum of one; none when one is negative or nothing remains.
    #[must_use]
    pub fn from_weights(weights: &[f64]) -> Option<Self> {
        let sum: f64 = weights.iter().sum();
        let usable = weights.len() == ROLES && weights.iter().all(|w| *w >= 0.0) && sum > 0.0 && sum.is_finite();
        usable.then(|| Self(std::array::from_fn(|at| weights[at] / sum)))
    }

    /// Probabilities in the order of [`Role::ALL`].
    #[must_use]
    pub const fn values(&self) -> &[f64; ROLES] {
        &self.0
    }

    /// Probability of a role.
    #[must_use]
    pub fn share(&self, role: Role) -> f64 {
        Role::ALL.iter().position(|r| *r == role).map_or(0.0, |at| self.0[at])
    }

    /// The likeliest role; of equals the first.
    #[must_use]
    pub fn likeliest(&self) -> Role {
        self.likeliest_of(|_| true).unwrap_or(Role::Pretrained)
    }

    /// The likeliest of some roles; of equals the first.
    pub fn likeliest_of(&self, wanted: impl Fn(Role) -> bool) -> Option<Role> {
        let roles = Role::ALL.iter().zip(&self.0).filter(|(role, _)| wanted(**role));
        roles
            .fold(None, |best: Option<(Role, f64)>, (role, p)| match best {
                Some((_, most)) if *p <= most => best,
                Some(_) | None => Some((*role, *p)),
            })
            .map(|(role, _)| role)
    }

    /// Whether one role is known.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        self.0.contains(&1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_become_shares() {
        let mut weights = [0.0; ROLES];
        (weights[0], weights[2]) = (1.0, 3.0);
        let shares = RoleShares::from_weights(&weights).unwrap();
        assert_eq!((shares.share(Role::ALL[0]), shares.share(Role::ALL[2])), (0.25, 0.75));
        assert_eq!(shares.likeliest(), Role::ALL[2]);
        assert_eq!(shares.likeliest_of(|role| role != Role::ALL[2]), Some(Role::ALL[0]));
        assert!(!shares.is_certain() && RoleShares::certain(Role::Merge).is_certain());
        assert_eq!(RoleShares::certain(Role::Merge).likeliest(), Role::Merge);
        assert!(RoleShares::from_weights(&[0.0; ROLES]).is_none() && RoleShares::from_weights(&[1.0]).is_none());
    }
}
