//! A change of the settings that shape certificates is one that another officer agrees to (S-02, profile change).
//!
//! Profiles are data in the program; what an operator can turn about them is the configuration. The service remembers what was
//! in force, and a start that finds it changed spends an approval or ends.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use signum_core::audit::{self, Event};
use signum_core::{Cx, DbError, Tx, params, retry_on_db_conflict};
use signum_gesture::fields::Fields;

use super::spend::spend;
use super::{ApprovalError, Kind};
use crate::config::Config;
use crate::officer::store::Pin;

const DOMAIN: &[u8] = b"signum-ca-profile-settings-v1";

/// Settings that no certificate shows: where things lie, how often work is done, and the officers' own pins.
const OPERATIONAL: [&str; 13] = [
    "token",
    "statement_key_file",
    "serial_prefix",
    "chronyc",
    "caa_timeout_seconds",
    "ocsp_seconds",
    "ocsp_presigned_hours",
    "ocsp_cache_megabytes",
    "ocsp_max_age_seconds",
    "crl_hours",
    "arl_days",
    "officers_genesis",
    "officers_at_least",
];

/// Why the service does not start with these settings.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error(
        "the settings {fields} shape certificates and have changed, and no approval for it was found: {why}. Put them back, or \
         have the change approved: `signum ca approval ask --profile-change` with this configuration, another administrator's \
         `signum ca approval give`, then start again (subject {subject})"
    )]
    NotApproved {
        fields: String,
        subject: String,
        why: ApprovalError,
    },
    #[error(
        "ca.officers_genesis was {0} when the settings were last approved: officers are not changed by pinning others, but by a \
         list that the officers in force sign (docs/OPERATIONS.md, \"Officers\")"
    )]
    OtherOfficers(String),
    #[error("the stored settings do not read")]
    Unreadable,
    #[error(transparent)]
    Db(#[from] DbError),
}
retry_on_db_conflict!(SettingsError);

/// Setting by setting, in alphabetical order.
type Settings = BTreeMap<String, Json>;

/// What shapes certificates in `config`.
fn shaping(config: &Config) -> Settings {
    let mut settings = match serde_json::to_value(config) {
        Ok(Json::Object(members)) => members.into_iter().collect::<Settings>(),
        _ => Settings::new(),
    };
    settings.retain(|name, _| !OPERATIONAL.contains(&name.as_str()));
    settings
}

/// SHA-256 of the settings that shape certificates: what a profile change asks approval for.
pub(crate) fn subject(config: &Config) -> [u8; 32] {
    let settings = shaping(config);
    let octets = settings.iter().fold(Fields::of(DOMAIN), |octets, (name, value)| {
        octets.field(name.as_bytes()).field(value.to_string().as_bytes())
    });
    Sha256::digest(octets.bytes()).into()
}

/// Names of the settings that differ. A setting that an older version did not have was at its default.
fn differing(before: &Settings, now: &Settings) -> Vec<String> {
    let defaults = shaping(&Config::default());
    let before_or_default = |name: &String| before.get(name).or_else(|| defaults.get(name));
    let changed = now
        .iter()
        .filter(|(name, value)| before_or_default(name) != Some(value));
    changed.map(|(name, _)| name.clone()).collect()
}

/// At each start: the settings are those that were in force, or two officers agreed to the change; without pinned officers a
/// change is told loudly. Returns the names of the settings that changed.
pub(crate) async fn settle(cx: &Cx, config: &Config, pin: Option<&Pin>) -> Result<Vec<String>, SettingsError> {
    let now = &shaping(config);
    let subject = subject(config);
    let changed = cx
        .db
        .run("ca.settings", |tx| async move {
            let row = tx
                .opt(
                    "SELECT sequence, settings, genesis FROM profile_settings ORDER BY sequence DESC LIMIT 1",
                    params![],
                )
                .await?;
            let Some(row) = row else {
                record(&tx, cx, (1, now), &subject, pin, None, &[]).await?;
                return Ok(Vec::new());
            };
            let before: Settings =
                serde_json::from_str(&row.get::<String>("settings")?).map_err(|_| SettingsError::Unreadable)?;
            let genesis: Option<[u8; 32]> = row.get("genesis")?;
            if let Some(genesis) = genesis.filter(|genesis| pin.map(|pin| pin.genesis.0) != Some(*genesis)) {
                return Err(SettingsError::OtherOfficers(hex::encode(genesis)));
            }
            let changed = differing(&before, now);
            let sequence = row.get::<i64>("sequence")?.saturating_add(1);
            match (changed.is_empty(), pin) {
                (true, pin) if pin.is_none() || genesis.is_some() => {}
                // Officers are pinned for the first time; that alone needs nobody's approval.
                (true, _) | (false, None) => record(&tx, cx, (sequence, now), &subject, pin, None, &changed).await?,
                (false, Some(_)) => {
                    let approved =
                        spend(&tx, cx, pin, Kind::ProfileChange, &subject)
                            .await
                            .map_err(|why| match why {
                                ApprovalError::Db(error) => SettingsError::Db(error),
                                why => SettingsError::NotApproved {
                                    fields: changed.join(", "),
                                    subject: hex::encode(subject),
                                    why,
                                },
                            })?;
                    record(
                        &tx,
                        cx,
                        (sequence, now),
                        &subject,
                        pin,
                        Some(approved.request),
                        &changed,
                    )
                    .await?;
                }
            }
            Ok(changed)
        })
        .await?;
    if !changed.is_empty() && pin.is_none() {
        tracing::warn!(
            settings = changed.join(" "),
            "SETTINGS THAT SHAPE CERTIFICATES HAVE CHANGED and nobody approved it: no officers are pinned (ca.officers_genesis)"
        );
    }
    Ok(changed)
}

async fn record(
    tx: &Tx,
    cx: &Cx,
    (sequence, settings): (i64, &Settings),
    subject: &[u8; 32],
    pin: Option<&Pin>,
    request: Option<[u8; 32]>,
    changed: &[String],
) -> Result<(), SettingsError> {
    let text = serde_json::to_string(settings).map_err(|_| SettingsError::Unreadable)?;
    tx.exec(
        "INSERT INTO profile_settings (sequence, sha256, settings, genesis, request, at) VALUES ($1, $2, $3, $4, $5, $6)",
        params![
            sequence,
            subject,
            text,
            pin.map(|pin| pin.genesis.0.to_vec()),
            request.map(|request| request.to_vec()),
            cx.now()
        ],
    )
    .await?;
    let detail = json!({ "sha256": hex::encode(subject), "changed": changed, "request": request.map(hex::encode) });
    audit::record(
        tx,
        cx,
        &Event::new("settings.in_force", format!("settings:{sequence}"), detail),
    )
    .await?;
    Ok(())
}
