//! A register that is a table in memory: for the demonstration and for tests.

use async_trait::async_trait;

use super::{Registry, RegistryUnavailable, Represented};

/// Whom each personal number may act for.
#[derive(Default)]
pub struct TableRegistry(Vec<(String, Represented)>);

impl TableRegistry {
    pub fn new(mandates: Vec<(String, Represented)>) -> Self {
        Self(mandates)
    }
}

#[async_trait]
impl Registry for TableRegistry {
    async fn represented_by(&self, personal_number: &str) -> Result<Vec<Represented>, RegistryUnavailable> {
        let own = self.0.iter().filter(|(number, _)| number == personal_number);
        Ok(own.map(|(_, represented)| represented.clone()).collect())
    }
}
