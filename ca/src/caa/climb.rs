//! The set that counts for a name: its own, or the nearest one above it (RFC 8659 section 3).

use std::collections::BTreeMap;

use super::Source;
use super::property::Property;

/// A look-up that failed.
pub(super) struct Failed {
    pub at: String,
    pub why: String,
}

/// The first set that is not empty, from the name itself up to its top-level domain, and where it stands. Where aliases lead
/// matters for a set alone: climbing goes on from the name that was asked about. `known` spares asking twice.
pub(super) async fn relevant(
    source: &dyn Source,
    name: &str,
    known: &mut BTreeMap<String, Vec<Property>>,
) -> Result<Option<(String, Vec<Property>)>, Failed> {
    let mut rest = Some(name);
    while let Some(domain) = rest {
        let set = match known.get(domain) {
            Some(set) => set.clone(),
            None => {
                let asked = source.set(domain).await;
                let set = asked.map_err(|why| Failed {
                    at: domain.to_owned(),
                    why,
                })?;
                known.insert(domain.to_owned(), set.clone());
                set
            }
        };
        if !set.is_empty() {
            return Ok(Some((domain.to_owned(), set)));
        }
        rest = domain.split_once('.').map(|(_, above)| above);
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::{Arc, Mutex};

    use async_trait::async_trait;

    use super::*;

    /// Has one set, fails at one domain, and knows what it was asked.
    #[derive(Clone)]
    struct Table {
        set_at: &'static str,
        fails_at: &'static str,
        asked: Arc<Mutex<Vec<String>>>,
    }

    impl Table {
        fn new(set_at: &'static str, fails_at: &'static str) -> Self {
            let asked = Arc::default();
            Self {
                set_at,
                fails_at,
                asked,
            }
        }

        fn asked(&self) -> Vec<String> {
            std::mem::take(&mut self.asked.lock().unwrap())
        }
    }

    #[async_trait]
    impl Source for Table {
        async fn set(&self, domain: &str) -> Result<Vec<Property>, String> {
            self.asked.lock().unwrap().push(domain.to_owned());
            let property = Property {
                flags: 0,
                tag: "issue".to_owned(),
                value: b";".to_vec(),
            };
            match domain {
                _ if domain == self.fails_at => Err("SERVFAIL".to_owned()),
                _ if domain == self.set_at => Ok(vec![property]),
                _ => Ok(Vec::new()),
            }
        }
    }

    #[tokio::test]
    async fn the_nearest_set_counts_and_nothing_is_asked_above_it_or_twice() {
        let table = Table::new("agency.example.org", "");
        let mut known = BTreeMap::new();
        let found = relevant(&table, "www.agency.example.org", &mut known).await;
        assert_eq!(found.ok().flatten().unwrap().0, "agency.example.org");
        assert_eq!(table.asked(), ["www.agency.example.org", "agency.example.org"]);
        let found = relevant(&table, "mail.agency.example.org", &mut known).await;
        assert_eq!(found.ok().flatten().unwrap().0, "agency.example.org");
        assert_eq!(table.asked(), ["mail.agency.example.org"]);
    }

    #[tokio::test]
    async fn without_a_set_the_climb_ends_at_the_top_level_domain() {
        let table = Table::new("", "");
        assert!(matches!(
            relevant(&table, "a.example.org", &mut BTreeMap::new()).await,
            Ok(None)
        ));
        assert_eq!(table.asked(), ["a.example.org", "example.org", "org"]);
    }

    #[tokio::test]
    async fn a_look_up_that_fails_ends_the_climb_although_a_set_stands_above() {
        let table = Table::new("org", "example.org");
        let failed = relevant(&table, "a.example.org", &mut BTreeMap::new())
            .await
            .err()
            .unwrap();
        assert_eq!((failed.at.as_str(), failed.why.as_str()), ("example.org", "SERVFAIL"));
    }
}
