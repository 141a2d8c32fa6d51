//! Who may do what, checked inside the worker: the process that asks may be broken into, this one speaks to nobody else.

use serde::{Deserialize, Serialize};

use super::protocol::{Operation, Request};
use crate::approval::{Ceremony, Deed, Quorum};
use crate::error::HsmError;

/// A rule about requests. It is asked before the module is.
pub trait Policy: Send + Sync {
    /// [`HsmError::PolicyDenied`] or [`HsmError::NeedsApproval`] when the request must not be done.
    fn permit(&self, request: &Request) -> Result<(), HsmError>;
}

/// What is done without a rule: using keys, making and destroying none.
const ORDINARY: [Operation; 6] = [
    Operation::Sign,
    Operation::PublicKey,
    Operation::Random,
    Operation::Attest,
    Operation::CreateWrapped,
    Operation::SignWrapped,
];

/// Operations by key label. What no rule names is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AllowList {
    rules: Vec<Rule>,
}

/// What a service does with the keys of its token: labels, or beginnings of labels with `*` after them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyUse {
    /// Keys it signs with.
    pub signs: Vec<String>,
    /// Keys it makes by itself.
    pub makes: Vec<String>,
    /// HMAC keys that it uses, and makes by itself.
    pub macs: Vec<String>,
}

/// These operations with these keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    /// A label, or the beginning of labels with `*` after it.
    keys: String,
    operations: Vec<Operation>,
}

impl Default for AllowList {
    /// Every key may sign; no key is made or destroyed.
    fn default() -> Self {
        Self::nothing().and("*", &ORDINARY)
    }
}

impl AllowList {
    pub fn nothing() -> Self {
        Self { rules: Vec::new() }
    }

    /// These operations too, with the keys that `keys` names: a label, or `prefix*`.
    pub fn and(mut self, keys: &str, operations: &[Operation]) -> Self {
        self.rules.push(Rule {
            keys: keys.to_owned(),
            operations: operations.to_vec(),
        });
        self
    }
}

/// This and nothing else: no key of another label, nothing wrapped, nothing destroyed.
impl From<KeyUse> for AllowList {
    fn from(keys: KeyUse) -> Self {
        let using = [Operation::Sign, Operation::PublicKey, Operation::Attest];
        let allow = |list: Self, label: &String| list.and(label, &using);
        let list = keys.signs.iter().fold(Self::nothing(), allow);
        let making = |list: Self, label: &String| list.and(label, &[Operation::Generate]);
        let list = keys.makes.iter().fold(list, making);
        let macs = |list: Self, label: &String| list.and(label, &[Operation::Mac, Operation::MakeMacKey]);
        keys.macs.iter().fold(list, macs)
    }
}

impl Policy for AllowList {
    fn permit(&self, request: &Request) -> Result<(), HsmError> {
        let (operation, label) = (request.operation(), request.label());
        // These are about no key: whoever may connect may ask.
        let harmless = matches!(operation, Operation::Health | Operation::Capabilities);
        if harmless || self.rules.iter().any(|rule| rule.allows(operation, label)) {
            return Ok(());
        }
        Err(HsmError::PolicyDenied(format!("{} with key {label}", operation.name())))
    }
}

/// What the list allows, and beyond it what enough officers have approved.
pub struct TwoPerson {
    allow: AllowList,
    /// Label of the token that ceremonies must name.
    token: String,
    officers: Option<Quorum>,
    /// Seconds since the Unix epoch.
    now: fn() -> i64,
}

impl TwoPerson {
    pub fn new(allow: AllowList, token: &str, officers: Option<Quorum>, now: fn() -> i64) -> Self {
        Self {
            allow,
            token: token.to_owned(),
            officers,
            now,
        }
    }

    /// What a ceremony must say, word for word, to approve this request.
    fn asked(&self, request: &Request, deed: Deed) -> Ceremony {
        let mut asked = Ceremony::asked(deed, &self.token, request.label());
        let mut detail = |name: &str, value: String| asked.details.insert(name.to_owned(), value);
        match request {
            Request::Generate(_, algorithm) => {
                detail("algorithm", algorithm.name().to_owned());
            }
            Request::MakeGuards { epoch, .. } => {
                detail("epoch", epoch.to_string());
            }
            Request::Rewrap { key, to_epoch, .. } => {
                detail("to-epoch", to_epoch.to_string());
                detail("key", hex::encode(key.owner.key));
            }
            _ => {}
        }
        asked
    }
}

impl Policy for TwoPerson {
    fn permit(&self, request: &Request) -> Result<(), HsmError> {
        let (request, file) = match request {
            Request::InCeremony(request, file) => (&**request, Some(file)),
            request => (request, None),
        };
        let refused = match self.allow.permit(request) {
            Ok(()) if file.is_none() => return Ok(()),
            // Officers who approved are not told that nobody asked for it: the file is checked and spent.
            Ok(()) => HsmError::NeedsApproval("the ceremony does not hold".into()),
            Err(refused) => refused,
        };
        let (Some(deed), Some(quorum)) = (deed(request.operation()), &self.officers) else {
            return Err(refused);
        };
        let Some(file) = file else {
            return Err(HsmError::NeedsApproval(format!("{} {}", deed.name(), request.label())));
        };
        let _approved = quorum.approve(file, &self.asked(request, deed), (self.now)())?;
        Ok(())
    }
}

/// What officers can approve.
fn deed(operation: Operation) -> Option<Deed> {
    match operation {
        Operation::Generate => Some(Deed::Generate),
        Operation::Destroy => Some(Deed::Destroy),
        Operation::MakeGuards => Some(Deed::RotateKek),
        Operation::Rewrap => Some(Deed::Rewrap),
        Operation::Sign
        | Operation::PublicKey
        | Operation::Random
        | Operation::Attest
        | Operation::Capabilities
        | Operation::MakeMacKey
        | Operation::Mac
        | Operation::CreateWrapped
        | Operation::SignWrapped
        | Operation::Health => None,
    }
}

impl Rule {
    fn allows(&self, operation: Operation, label: &str) -> bool {
        let named = match self.keys.strip_suffix('*') {
            Some(prefix) => label.starts_with(prefix),
            None => label == self.keys,
        };
        named && self.operations.contains(&operation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{KeyAlgorithm, KeyUri};

    fn generate(label: &str) -> Request {
        Request::Generate(KeyUri::new("t", label), KeyAlgorithm::EcP256)
    }

    #[test]
    fn by_default_keys_are_used_and_none_is_made() {
        let list = AllowList::default();
        let denied = Err(HsmError::PolicyDenied("generate with key a".into()));
        assert_eq!(list.permit(&generate("a")), denied);
        assert_eq!(list.permit(&Request::PublicKey(KeyUri::new("t", "a"))), Ok(()));
    }

    #[test]
    fn a_service_signs_with_its_keys_and_makes_those_it_is_to_make() {
        let list = AllowList::from(KeyUse {
            signs: vec!["root-g1".into(), "tsu-g1-*".into()],
            makes: vec!["tsu-g1-*".into()],
            macs: vec!["people-*".into()],
        });
        let mac = |label: &str| Request::Mac {
            key: KeyUri::new("t", label),
            message: Vec::new(),
        };
        let sign = |label: &str| Request::Sign {
            key: KeyUri::new("t", label),
            algorithm: crate::SignatureAlgorithm::EcdsaSha256,
            inputs: Vec::new(),
            expected: None,
        };
        for allowed in [
            sign("root-g1"),
            sign("tsu-g1-2"),
            generate("tsu-g1-3"),
            mac("people-1"),
            Request::MakeMacKey(KeyUri::new("t", "people-2")),
            Request::Health,
        ] {
            assert_eq!(list.permit(&allowed), Ok(()));
        }
        for denied in [
            generate("root-g1"),
            generate("tsu-g2-1"),
            sign("qsig-g1"),
            sign("people-1"),
            mac("root-g1"),
            Request::MakeMacKey(KeyUri::new("t", "root-g2")),
            sign("signum-canary"),
            Request::Destroy(KeyUri::new("t", "root-g1")),
            Request::Random(8),
        ] {
            assert!(
                matches!(list.permit(&denied), Err(HsmError::PolicyDenied(_))),
                "{denied:?}"
            );
        }
    }

    #[test]
    fn a_rule_names_one_key_or_the_beginning_of_labels() {
        let list = AllowList::nothing()
            .and("idp-*", &[Operation::Generate])
            .and("root", &[Operation::Generate]);
        assert_eq!(list.permit(&generate("idp-2")), Ok(()));
        assert_eq!(list.permit(&generate("root")), Ok(()));
        for other in ["root2", "idp", "roo", ""] {
            assert!(list.permit(&generate(other)).is_err(), "{other}");
        }
        assert!(list.permit(&Request::PublicKey(KeyUri::new("t", "root"))).is_err());
        assert_eq!(list.permit(&Request::Health), Ok(()));
    }
}
