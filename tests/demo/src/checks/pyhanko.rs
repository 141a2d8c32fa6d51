//! pyHanko, through `tests/peers/verify_pdf.py`: AdES validation at B-T with revocation required and fetched live.

use crate::{program::run, report::NotInstalled, trip::write};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::path::Path;

const JUDGE: &[u8] = include_bytes!("../../../peers/verify_pdf.py");

/// pyHanko finds the signature intact, trusted, timestamped, and nobody of the path revoked.
pub(super) async fn validate(out: &Path, environment: Option<&Path>) -> Result<((), String)> {
    let missing = || NotInstalled("pyHanko".to_owned());
    let python = environment
        .map(|path| path.join("bin/python"))
        .filter(|python| python.exists())
        .ok_or_else(missing)?;
    write(out, "verify_pdf.py", JUDGE)?;
    let arguments = ["verify_pdf.py", "signed.pdf", "root.pem", "qsig.pem", "tsa.pem"];
    let said = run(out, std::path::absolute(python)?, &arguments).await?;
    if said.text.contains("No module named 'pyhanko'") {
        return Err(missing().into());
    }
    let told = said
        .text
        .find('{')
        .and_then(|at| said.text.get(at..))
        .unwrap_or_default();
    write(out, "pyhanko.json", told.as_bytes())?;
    said.expect("pyHanko", &["\"ok\": true"])?;
    let mut values = serde_json::Deserializer::from_str(told).into_iter::<Value>();
    let verdict = values.next().context("pyHanko said nothing")??;
    let of = |name: &str| {
        verdict
            .pointer(&format!("/signatures/0/{name}"))
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    ensure!(
        of("ades_b_t") == "PASSED" && of("coverage") == "ENTIRE_FILE",
        "pyHanko: {told}"
    );
    let time = of("best_signature_time");
    Ok((
        (),
        format!(
            "AdES {} at B-T, {}, revocation over live OCSP and CRL, best time {time}",
            of("ades_b_t"),
            of("coverage")
        ),
    ))
}
