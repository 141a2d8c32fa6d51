//! The claims `representee_list` and `representee`, as the GovSSO contract names their members and statuses.

use std::time::Duration;

use serde_json::{Map, Value as Json, json};

use super::{Party, RegistryUnavailable, Represented, RepresenteeSub};
use crate::people::Person;
use crate::scope::{Scope, Scopes};
use crate::service::Idp;

/// A register that takes longer counts as away.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a service is told of representation.
#[derive(Default)]
pub(crate) struct Answered {
    pub claims: Map<String, Json>,
    /// Whether a mandate was confirmed: the person acts for somebody else.
    pub mandate_used: bool,
}

/// Whether anything about representation is asked for, so that the person's own number is needed.
pub(crate) fn asked_for(scopes: &Scopes) -> bool {
    scopes.contains(Scope::RepresenteeList) || scopes.iter().any(|scope| matches!(scope, Scope::Representee(_)))
}

/// Answers the scopes `representee_list` and `representee.SUB`. Who acts for themselves asks for neither, and nothing is said.
pub(crate) async fn claims(idp: &Idp, person: &Person, sector: &str, scopes: &Scopes) -> Answered {
    let list = scopes.contains(Scope::RepresenteeList);
    let one = scopes.iter().find_map(|scope| match scope {
        Scope::Representee(sub) => Some(sub),
        _ => None,
    });
    let mut answered = Answered::default();
    if !list && one.is_none() {
        return answered;
    }
    let known = match ask(idp, person).await {
        Ok(known) => Some(known),
        Err(error) => {
            tracing::warn!(%error, "representation is not available");
            metrics::counter!("idp_representation_unavailable_total").increment(1);
            None
        }
    };
    let known = known.map(|known| with_subs(idp, sector, known));
    if list {
        let value = match &known {
            Some(known) => json!({"status": "REPRESENTEE_LIST_CURRENT",
                "list": known.iter().map(|(sub, represented)| party(*sub, represented)).collect::<Vec<_>>()}),
            None => unavailable(),
        };
        answered.claims.insert("representee_list".to_owned(), value);
    }
    if let Some(wanted) = one {
        let found = known.as_ref().map(|known| known.iter().find(|(sub, _)| *sub == wanted));
        let value = match found {
            None => unavailable(),
            Some(None) => json!({"status": "REQUESTED_REPRESENTEE_NOT_ALLOWED", "sub": wanted}),
            Some(Some((sub, represented))) => {
                answered.mandate_used = true;
                current(*sub, represented)
            }
        };
        answered.claims.insert("representee".to_owned(), value);
    }
    answered
}

async fn ask(idp: &Idp, person: &Person) -> Result<Vec<Represented>, RegistryUnavailable> {
    let registry = idp.registry.get();
    let registry = registry.ok_or_else(|| RegistryUnavailable("none is configured".to_owned()))?;
    let answer = tokio::time::timeout(PATIENCE, registry.represented_by(&person.personal_number)).await;
    answer.map_err(|_| RegistryUnavailable("it takes too long".to_owned()))?
}

fn with_subs(idp: &Idp, sector: &str, known: Vec<Represented>) -> Vec<(RepresenteeSub, Represented)> {
    let subs = known.into_iter().filter_map(|represented| {
        let sub = RepresenteeSub::of(&idp.csrf, sector, &represented.reference)?;
        Some((sub, represented))
    });
    subs.collect()
}

fn unavailable() -> Json {
    json!({"status": "SERVICE_NOT_AVAILABLE"})
}

fn party(sub: RepresenteeSub, represented: &Represented) -> Json {
    match &represented.party {
        Party::Natural {
            given_name,
            family_name,
        } => json!({"sub": sub, "type": "NATURAL_PERSON",
            "given_name": given_name, "family_name": family_name}),
        Party::Legal { name } => json!({"sub": sub, "type": "LEGAL_PERSON", "name": name}),
    }
}

fn current(sub: RepresenteeSub, represented: &Represented) -> Json {
    let mut value = party(sub, represented);
    if let Json::Object(members) = &mut value {
        let mandates: Vec<_> = represented.roles.iter().map(|role| json!({"role": role})).collect();
        members.insert("status".to_owned(), json!("REQUESTED_REPRESENTEE_CURRENT"));
        members.insert("mandates".to_owned(), json!(mandates));
    }
    value
}
