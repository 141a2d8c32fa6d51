//! The search for a path (RFC 4158): depth first from the leaf, roots before intermediates, signatures as it goes.

use super::budget::Budget;
use super::member::Member;
use super::{ChainError, Validation, name_constraints, policies, revocation, rules};

pub(super) struct Search<'a> {
    pub validation: &'a Validation<'a>,
    pub intermediates: &'a [Member],
    pub roots: &'a [Member],
}

/// From the leaf towards the root.
pub(super) type Path<'a> = Vec<&'a Member>;

/// No certificate stands in more than this many places, self-issued ones included.
const LONGEST: usize = 20;

impl<'a> Search<'a> {
    pub fn run(&self, leaf: &'a Member, budget: &mut Budget) -> Result<(), ChainError> {
        leaf.check_fields()?;
        rules::check_leaf(leaf, self.validation)?;
        self.extend(&mut vec![leaf], budget)
    }

    /// Looks for an issuer of the last member of `path`; on failure tells the highest-ranking reason.
    fn extend(&self, path: &mut Path<'a>, budget: &mut Budget) -> Result<(), ChainError> {
        let mut reason = ChainError::NoPath;
        for (candidates, are_roots) in [(self.roots, true), (self.intermediates, false)] {
            for candidate in candidates {
                match self.try_issuer(path, candidate, are_roots, budget) {
                    Ok(()) => return Ok(()),
                    Err(fatal @ ChainError::Budget(_)) => return Err(fatal),
                    Err(other) => reason = reason.max(other),
                }
            }
        }
        Err(reason)
    }

    fn try_issuer(
        &self,
        path: &mut Path<'a>,
        issuer: &'a Member,
        is_root: bool,
        budget: &mut Budget,
    ) -> Result<(), ChainError> {
        let Some(subject) = path.last() else {
            return Err(ChainError::NoPath);
        };
        budget.step()?;
        subject.names_as_issuer(issuer)?;
        if !is_root && path.iter().any(|member| member.is_same_entity(issuer)) {
            return Err(ChainError::NoPath);
        }
        // Self-issued certificates do not count, the leaf never does.
        let between = path.iter().skip(1).filter(|member| !member.is_self_issued()).count();
        let longer = usize::from(!is_root && !issuer.is_self_issued());
        if between + longer > self.validation.max_intermediates || path.len() >= LONGEST {
            return Err(ChainError::TooLong);
        }
        subject.verify_signature(issuer, budget)?;
        issuer.check_fields()?;
        rules::check_issuer(issuer, between, is_root, self.validation)?;
        path.push(issuer);
        let outcome = if is_root {
            self.check_whole(path, budget)
        } else {
            self.extend(path, budget)
        };
        path.pop();
        outcome
    }

    /// What needs the whole path, the root included.
    fn check_whole(&self, path: &Path<'a>, budget: &mut Budget) -> Result<(), ChainError> {
        if let Some(root) = path.last().filter(|root| root.is_self_issued()) {
            root.names_as_issuer(root)?;
            root.verify_signature(root, budget)?;
        }
        name_constraints::check(path, budget)?;
        policies::check(path, self.validation.policies)?;
        match self.validation.crls {
            Some(lists) => revocation::check(path, lists, self.validation.now_seconds, budget),
            None => Ok(()),
        }
    }
}
