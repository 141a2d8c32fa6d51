//! `signum hsm unlatch`: a token whose PIN was refused is logged into again only after an operator has mended the PIN.

use anyhow::{Context, Result, bail};
use clap::Args;
use signum_core::Timestamp;
use signum_hsm_shim::HsmError;
use signum_hsm_shim::ceremony::{Address, Order, apart};
use signum_hsm_shim::latch::Latch;
use signum_hsm_shim::token::TokenConfig;

use super::{CEREMONY, Desk, Which};
use crate::children::executable;

/// One login is tried here first: a PIN that is refused again stays latched, and costs the token no second try.
#[derive(Args)]
pub struct Unlatch {
    /// Label of the token.
    #[arg(long)]
    token: String,
    /// Try the PIN although its file has not changed: the token's own PIN was set to it.
    #[arg(long)]
    same_file: bool,
    /// Lift the latch without trying the PIN: the token can be reached from the service's processes alone.
    #[arg(long)]
    untried: bool,
}

pub(super) fn unlatch(desk: &Desk, unlatch: &Unlatch) -> Result<()> {
    let configured = desk.tokens()?.into_iter().find(|token| token.token == unlatch.token);
    let token = configured.with_context(|| format!("no token {} is configured here", unlatch.token))?;
    let latch = desk.latch(&token.token)?;
    let Some((refused, _)) = latch.refused() else {
        println!("The PIN of {} was not refused; nothing to do.", token.token);
        return Ok(());
    };
    if refused.is(&token.pin) && !unlatch.same_file {
        bail!(
            "{} is the file that was refused, unchanged; put the right PIN into it, or say --same-file if the token has it now",
            files(&token)
        );
    }
    if !unlatch.untried {
        try_once(desk, &token, &latch)?;
    }
    latch.lift()?;
    println!(
        "The latch of {} is lifted. A service that runs logs in within a second; else start it.",
        token.token
    );
    Ok(())
}

fn try_once(desk: &Desk, token: &TokenConfig, latch: &Latch) -> Result<()> {
    let which = Which {
        uri: None,
        environment: Vec::new(),
    };
    let order = Order::Keys(Address::Configured(token.clone()));
    match apart(&executable(CEREMONY)?, &desk.environment(&which)?, &order) {
        Ok(_) => Ok(()),
        Err(HsmError::PinLatched) => {
            latch.set(&token.token, &token.pin)?;
            bail!(
                "{} refused the PIN in {} again: it stays latched",
                token.token,
                files(token)
            )
        }
        Err(error) => {
            Err(error).context("the PIN could not be tried, and the latch stays (--untried lifts it all the same)")
        }
    }
}

/// What is wrong and what to do about it.
pub(super) fn advice(latch: &Latch, token: &TokenConfig) -> String {
    let since = match latch.refused() {
        Some((_, at)) if at > 0 => format!(" on {}", Timestamp::from_seconds(at)),
        _ => String::new(),
    };
    format!(
        "PIN REFUSED{since}: mend {}, then `signum hsm unlatch --token {}`",
        files(token),
        token.token
    )
}

fn files(token: &TokenConfig) -> String {
    let files = token.pin.files();
    files
        .iter()
        .map(|file| file.display().to_string())
        .collect::<Vec<_>>()
        .join(", ")
}
