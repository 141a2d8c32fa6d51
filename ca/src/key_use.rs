//! Which keys of its token the CA uses and makes, for the rules that its worker processes hold it to.

use std::collections::BTreeSet;

use signum_core::{Cx, DbError};
use signum_hsm_shim::worker::KeyUse;

use crate::Config;
use crate::authority::{AuthorityName, Role};
use crate::profile::tsu;

/// Signs with every key that has a certificate. Makes root and issuing CAs that have none yet, which is all of them before the
/// first ceremony and none after it, and none ever where the root is offline; and, since they are replaced in time, keys of OCSP responders and time-stamping units.
pub async fn key_use(cx: &Cx, config: &Config) -> Result<KeyUse, DbError> {
    let rows = cx.db.all(
        "SELECT DISTINCT holder, key_label FROM certificate
         WHERE holder IS NOT NULL AND key_label IS NOT NULL AND certificate IS NOT NULL",
        vec![],
    );
    let (mut holders, mut signs) = (BTreeSet::new(), BTreeSet::new());
    for row in rows.await? {
        holders.insert(row.get::<String>("holder")?);
        signs.insert(row.get::<String>("key_label")?);
    }
    let mut makes = BTreeSet::new();
    let generation = config.generation;
    let issuing = Role::ALL.map(|role| role.of(config.algorithms));
    for name in issuing.iter().filter(|name| !holders.contains(name.as_str())) {
        if !config.offline_root {
            makes.insert(format!("{name}-g{generation}"));
        }
    }
    if config.offline_root {
        // Made in ceremonies, and looked for here when their certificates are imported.
        let authorities = issuing.iter().filter(|name| !name.is_root());
        signs.extend(authorities.map(|name| format!("{name}-g*")));
    }
    let has_units =
        |name: &AuthorityName| !name.is_root() && (issuing.contains(name) || holders.contains(name.as_str()));
    for name in AuthorityName::all().filter(has_units) {
        makes.insert(format!("ocsp-{name}-g{generation}-*"));
        if name.role == Role::Tsa {
            makes.insert(format!("{}-g{generation}-*", tsu::holder(name)));
        }
    }
    signs.extend(makes.iter().cloned());
    Ok(KeyUse {
        signs: signs.into_iter().collect(),
        makes: makes.into_iter().collect(),
        macs: Vec::new(),
    })
}
