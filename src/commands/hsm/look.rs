//! `signum hsm check | status | keys`: what a module and its tokens say of themselves.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;
use serde_json::json;
use signum_hsm_shim::Pkcs11Uri;
use signum_hsm_shim::attest::{Attestation, KeyClass, KeyReport};
use signum_hsm_shim::capabilities::{Capabilities, Rate};
use signum_hsm_shim::ceremony::{Address, Answer, Order};
use signum_hsm_shim::half_made::HalfMade;

use super::{Desk, Which, table, unfitting};

/// Labels of the keys under which the identity provider seals people's data begin so.
const PEOPLES_DATA: &str = "idp-people-";

/// Any vendor's module.
#[derive(Args)]
pub struct Check {
    /// The module's library, if the address has no module-path.
    #[arg(long)]
    module: Option<PathBuf>,
    /// PKCS#11 address of the token: `pkcs11:token=LABEL?pin-source=file:/path/to/pin`.
    #[arg(long)]
    uri: String,
    /// Environment variables the module needs, handed on by name (KRYOPTIC_CONF).
    #[arg(long = "env", value_name = "NAME")]
    environment: Vec<String>,
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub struct Status {
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub struct Keys {
    /// Only this token.
    #[arg(long)]
    token: Option<String>,
    #[command(flatten)]
    which: Which,
    #[arg(long)]
    json: bool,
}

pub(super) fn check(desk: &Desk, check: Check) -> Result<()> {
    let mut uri: Pkcs11Uri = check.uri.parse()?;
    if let Some(module) = check.module {
        if uri.module_path.as_ref().is_some_and(|path| *path != module) {
            bail!("--module and the address name different modules");
        }
        uri.module_path = Some(std::path::absolute(module)?);
    }
    let which = Which {
        uri: Some(uri.to_string()),
        environment: check.environment,
    };
    let address = Address::Uri(uri.to_string());
    let order = Order::Inspect { address, rates: true };
    let Answer::Inspection {
        capabilities,
        rates,
        signs,
    } = desk.ask(&which, &order)?
    else {
        return Err(unfitting());
    };
    if check.json {
        println!(
            "{:#}",
            json!({ "capabilities": capabilities, "rates": rates, "canary_signs": signs })
        );
    } else {
        show(&capabilities, &rates);
    }
    if let Answer::HalfMade(broken) = desk.ask(&which, &Order::HalfMade(Address::Uri(uri.to_string())))? {
        tell_half_made(&capabilities.token.label, &broken);
    }
    if capabilities.signatures.is_empty() {
        bail!("the token has no signature algorithm that Signum uses");
    }
    Ok(())
}

fn show(can: &Capabilities, rates: &[Rate]) {
    let (module, token) = (&can.module, &can.token);
    println!(
        "Module   {} - {}, version {}",
        module.manufacturer, module.description, module.version
    );
    println!("         Cryptoki {}", module.cryptoki);
    println!(
        "Token    {} ({} {}, serial {})",
        token.label, token.manufacturer, token.model, token.serial
    );
    let sessions = can
        .limits
        .sessions
        .map_or("no limit told".to_owned(), |most| format!("at most {most}"));
    println!(
        "         sessions: {sessions}; PIN of {} to {} octets",
        can.limits.shortest_pin, can.limits.longest_pin
    );
    println!("\nMechanisms that Signum knows ({} in all)", can.mechanisms.len());
    let known = can.mechanisms.iter().filter_map(|mechanism| {
        let name = mechanism.name.clone()?;
        let sizes = format!("{}-{}", mechanism.smallest_key, mechanism.largest_key);
        let wraps = if mechanism.wraps { "wraps keys" } else { "" };
        Some([name, format!("0x{:04x}", mechanism.code), sizes, wraps.to_owned()])
    });
    table::print(["name", "code", "key sizes", ""], &known.collect::<Vec<_>>());
    println!("\nWhat Signum would use");
    let wrapping = can.wrapping.map_or(
        "nothing: people's keys cannot be kept with this token".to_owned(),
        |m| format!("{m:?}"),
    );
    println!(
        "  keys      {}",
        can.keys.iter().map(|key| key.name()).collect::<Vec<_>>().join(", ")
    );
    println!("  wrapping  {wrapping}");
    println!("\nRates, one session, each signature verified (per second)");
    let rows = rates.iter().map(|rate| {
        let wrapped = rate.wrapped.map_or("-".to_owned(), |rate| format!("{rate:.0}"));
        [
            format!("{:?}", rate.signature),
            format!("{:.0}", rate.resident),
            wrapped,
        ]
    });
    table::print(["algorithm", "resident key", "wrapped key"], &rows.collect::<Vec<_>>());
    if !can.warnings.is_empty() {
        println!("\nKnown of this module");
        can.warnings.iter().for_each(|warning| println!("  - {warning}"));
    }
}

pub(super) fn status(desk: &Desk, status: &Status) -> Result<()> {
    let which = Which {
        uri: None,
        environment: Vec::new(),
    };
    let (mut rows, mut all, mut told, mut bad) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for token in desk.tokens()? {
        let label = token.token.clone();
        let order = Order::Inspect {
            address: Address::Configured(token.clone()),
            rates: false,
        };
        let looked = desk.ask(&which, &order);
        let address = Address::Configured(token);
        let (keys, alone) = match desk.ask(&which, &Order::Keys(address.clone())) {
            Ok(Answer::Keys(keys)) => (keys.len().to_string(), without_backup(&keys)),
            _ => ("?".to_owned(), Vec::new()),
        };
        let broken = match desk.ask(&which, &Order::HalfMade(address)) {
            Ok(Answer::HalfMade(broken)) => broken,
            _ => Vec::new(),
        };
        let (state, module, wrapping) = match looked {
            Ok(Answer::Inspection {
                capabilities: can,
                signs,
                ..
            }) => {
                let state = match signs {
                    Some(true) => "signs",
                    Some(false) => "DOES NOT SIGN",
                    None => "no canary key",
                };
                let wrapping = can
                    .wrapping
                    .map_or("-".to_owned(), |mechanism| format!("{mechanism:?}"));
                (
                    state.to_owned(),
                    format!("{} {}", can.module.manufacturer, can.module.version),
                    wrapping,
                )
            }
            Ok(_) => return Err(unfitting()),
            Err(error) => (format!("{error:#}"), "-".to_owned(), "-".to_owned()),
        };
        bad += usize::from(state != "signs");
        all.push(json!({
            "token": label, "state": state, "keys": keys, "module": module, "wrapping": wrapping, "half_made": broken,
            "without_backup": alone,
        }));
        told.push((label.clone(), broken, alone));
        rows.push([label, state, keys, module, wrapping]);
    }
    if status.json {
        println!("{:#}", json!(all));
    } else {
        table::print(["token", "state", "keys", "module", "wrapping"], &rows);
        for (token, broken, alone) in &told {
            tell_half_made(token, broken);
            tell_without_backup(token, alone);
        }
    }
    if bad > 0 {
        bail!("{bad} of {} tokens do not sign", rows.len());
    }
    Ok(())
}

/// Secret keys that never were outside their token: no backup of them exists, and none can be made (docs/decisions/0009).
fn without_backup(keys: &[KeyReport]) -> Vec<String> {
    let alone = keys.iter().filter(|key| {
        let report = key.report.as_ref().ok();
        report.is_some_and(|report| report.class == KeyClass::Secret && report.never_left())
    });
    alone.map(|key| key.label.clone()).collect()
}

/// What is lost with them, and where it says how to begin with keys that have copies.
fn tell_without_backup(token: &str, alone: &[String]) {
    let (data, guards): (Vec<&str>, Vec<&str>) = alone
        .iter()
        .map(String::as_str)
        .partition(|label| label.starts_with(PEOPLES_DATA));
    if !guards.is_empty() {
        eprintln!(
            "NO BACKUP  {} in token {token}: if this token is lost, so is every person's key, and everybody enrols anew. They can \
             have no backup any more; how to begin with keys that have one: docs/OPERATIONS.md, \"A KEK with a backup\"",
            guards.join(", ")
        );
    }
    if !data.is_empty() {
        eprintln!(
            "NO BACKUP  {} in token {token}: if this token is lost, nobody's name or number can be read again. A key with copies \
             takes its place: docs/OPERATIONS.md, \"The key of people's data\"",
            data.join(", ")
        );
    }
}

/// What broke off in its making, and how its label becomes free. JSON has it in a field of its own.
fn tell_half_made(token: &str, broken: &[HalfMade]) {
    for HalfMade { label, missing } in broken {
        eprintln!(
            "HALF-MADE  {label} in token {token} ({missing}): its making broke off. Nothing can be made under this label before it is destroyed: \
             signum hsm draft destroy --token {token} --object {label}"
        );
    }
}

pub(super) fn keys(desk: &Desk, keys: &Keys) -> Result<()> {
    let mut addresses = Vec::new();
    if let Some(uri) = &keys.which.uri {
        addresses.push((uri.clone(), Address::Uri(uri.clone())));
    } else {
        let wanted = |label: &str| keys.token.as_deref().is_none_or(|token| token == label);
        let configured = desk.tokens()?.into_iter().filter(|token| wanted(&token.token));
        addresses.extend(configured.map(|token| (token.token.clone(), Address::Configured(token))));
    }
    if addresses.is_empty() {
        bail!("no such token is configured");
    }
    let mut all = serde_json::Map::new();
    for (label, address) in addresses {
        let Answer::Keys(reports) = desk.ask(&keys.which, &Order::Keys(address))? else {
            return Err(unfitting());
        };
        if keys.json {
            all.insert(label, json!(reports));
            continue;
        }
        println!("{label}");
        let rows: Vec<_> = reports.iter().map(row).collect();
        table::print(["key", "kind", "made here", "may leave", "rights"], &rows);
    }
    if keys.json {
        println!("{:#}", json!(all));
    }
    Ok(())
}

fn row(report: &KeyReport) -> [String; 5] {
    let label = report.label.clone();
    match &report.report {
        Ok(key) => [label, kind(key), yes(key.local), leaves(key), key.rights.join(" ")],
        Err(error) => [label, error.to_string(), String::new(), String::new(), String::new()],
    }
}

fn kind(key: &Attestation) -> String {
    match &key.public {
        Some(public) => public.algorithm.name().to_owned(),
        None => "secret".to_owned(),
    }
}

fn leaves(key: &Attestation) -> String {
    let answer = match (key.extractable, key.never_extractable) {
        (true, _) => "YES",
        (false, true) => "never could",
        (false, false) => "not any more",
    };
    answer.to_owned()
}

fn yes(yes: bool) -> String {
    if yes { "yes" } else { "no" }.to_owned()
}
