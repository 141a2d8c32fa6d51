//! Where two sequences of entries part for the first time, and what was done there.

use std::collections::HashMap;

use crate::audit::Hash;
use crate::audit::verify::Problem;

/// `signed` are the leaves as they were signed, `there` the hashes of the entries as they are.
pub(super) fn first_difference(signed: &[Hash], there: &[Hash]) -> Option<Problem> {
    let same = signed.iter().zip(there).take_while(|(one, other)| one == other).count();
    let (expected, found) = (signed.get(same), there.get(same));
    let index = same as u64;
    let problem = match (expected, found) {
        (None, None) => return None,
        (None, Some(_)) => Problem::Inserted { index },
        (Some(_), None) => Problem::Missing {
            from: index,
            to: (signed.len() as u64).saturating_sub(1),
        },
        (Some(expected), Some(found)) => {
            // The place of what stands here; what stands before it is where it belongs.
            let home = signed.iter().skip(same).position(|leaf| leaf == found);
            let elsewhere: HashMap<&Hash, ()> = there.iter().skip(same).map(|hash| (hash, ())).collect();
            match (home, elsewhere.contains_key(expected)) {
                (None, true) => Problem::Inserted { index },
                (None, false) => Problem::Changed {
                    index,
                    what: "it is not the entry that was signed".to_owned(),
                },
                (Some(offset), true) => Problem::Moved {
                    index,
                    stands: index + offset as u64,
                },
                (Some(offset), false) => {
                    let gone = signed.iter().skip(same).take(offset);
                    let gone = gone.take_while(|leaf| !elsewhere.contains_key(leaf)).count();
                    Problem::Missing {
                        from: index,
                        to: index + (gone as u64).saturating_sub(1),
                    }
                }
            }
        }
    };
    Some(problem)
}
