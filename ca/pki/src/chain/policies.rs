//! Certificate policies along the path (RFC 5280 sections 6.1.2 to 6.1.5 (g)). Without policy mappings, which are not
//! processed, the policy tree has no more to say than the set of policies that hold so far.

use const_oid::ObjectIdentifier;
use std::collections::BTreeSet;

use super::ChainError;
use super::build::Path;
use super::extensions::Extensions;
use crate::oid;

/// The policies that hold for the path so far.
enum Holding {
    Every,
    These(BTreeSet<ObjectIdentifier>),
}

struct State {
    holding: Holding,
    /// After so many certificates a policy must hold.
    explicit: usize,
    /// After so many certificates anyPolicy means nothing.
    inhibit_any: usize,
}

/// Whether a policy of `acceptable` (empty: any) holds, where the caller or a certificate on the path requires one.
pub(super) fn check(path: &Path<'_>, acceptable: &[ObjectIdentifier]) -> Result<(), ChainError> {
    let mut state = State {
        holding: Holding::Every,
        explicit: if acceptable.is_empty() { path.len() + 1 } else { 0 },
        inhibit_any: path.len() + 1,
    };
    // From the root's first subject to the leaf, but the root's own constraints bind as well.
    for (distance, member) in path.iter().enumerate().rev() {
        let extensions = member.extensions()?;
        let is_root = distance + 1 == path.len();
        if !is_root {
            let any_counts = state.inhibit_any > 0 || (distance > 0 && member.is_self_issued());
            state.narrow(extensions, any_counts);
            if state.explicit == 0 && matches!(&state.holding, Holding::These(set) if set.is_empty()) {
                return Err(ChainError::Policy);
            }
        }
        state.prepare(
            extensions,
            !is_root && distance > 0 && !member.is_self_issued(),
            distance == 0,
        );
    }
    let held = match &state.holding {
        Holding::Every => true,
        Holding::These(set) if acceptable.is_empty() => !set.is_empty(),
        Holding::These(set) => acceptable.iter().any(|policy| set.contains(policy)),
    };
    if state.explicit > 0 || held {
        Ok(())
    } else {
        Err(ChainError::Policy)
    }
}

impl State {
    /// Section 6.1.3 (d) to (e).
    fn narrow(&mut self, extensions: &Extensions, any_counts: bool) {
        let Some(policies) = &extensions.policies else {
            self.holding = Holding::These(BTreeSet::new());
            return;
        };
        let named = policies.0.iter().map(|p| p.policy_identifier);
        let passes_all = any_counts && named.clone().any(|policy| policy == oid::ANY_POLICY);
        let named = named.filter(|policy| *policy != oid::ANY_POLICY);
        self.holding = match std::mem::replace(&mut self.holding, Holding::Every) {
            kept if passes_all => kept,
            Holding::Every => Holding::These(named.collect()),
            Holding::These(set) => Holding::These(named.filter(|policy| set.contains(policy)).collect()),
        };
    }

    /// Section 6.1.4 (h) to (j), and 6.1.5 (a) and (b) for the leaf.
    fn prepare(&mut self, extensions: &Extensions, counts: bool, is_leaf: bool) {
        if counts || is_leaf {
            self.explicit = self.explicit.saturating_sub(1);
            self.inhibit_any = self.inhibit_any.saturating_sub(usize::from(counts));
        }
        let skip = |value: u32| usize::try_from(value).unwrap_or(usize::MAX);
        if let Some(required) = extensions
            .policy_constraints
            .as_ref()
            .and_then(|c| c.require_explicit_policy)
        {
            let binds = !is_leaf || required == 0;
            if binds {
                self.explicit = self.explicit.min(skip(required));
            }
        }
        if let Some(inhibit) = extensions.inhibit_any_policy {
            self.inhibit_any = self.inhibit_any.min(skip(inhibit));
        }
    }
}
