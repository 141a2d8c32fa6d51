//! How fast a token is, measured briefly with keys of one session that are gone afterwards.

use std::time::{Duration, Instant};

use cryptoki::object::{Attribute, ObjectClass};
use cryptoki::session::Session;
use serde::{Deserialize, Serialize};

use crate::error::HsmError;
use crate::key::{KeyAlgorithm, SignatureAlgorithm};
use crate::raw::KeyLife;
use crate::token::fault::Fault;
use crate::token::template::{self, Residence};
use crate::token::{Token, sign_checked, spki};
use crate::wrap::{SessionObject, WrapMechanism, Wrapping};

/// How long each rate is measured.
const SPAN: Duration = Duration::from_millis(300);

/// One measured rate: one session, each signature verified as always.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rate {
    pub signature: SignatureAlgorithm,
    /// Signatures a second with a key that stays in the token.
    pub resident: f64,
    /// Unwrap, sign, destroy: cycles a second; none where such keys are not wrapped.
    pub wrapped: Option<f64>,
}

impl Token {
    /// Measures every signature algorithm the token has, in about a second each.
    pub fn measure(&self) -> Result<Vec<Rate>, HsmError> {
        let can = self.capabilities()?;
        let mut rates = Vec::new();
        for signature in can.signatures {
            let rate = self.pool.run(|session, _| self.rate(session, signature, can.wrapping));
            match rate {
                Ok(rate) => rates.push(rate),
                // Listed but not made for us (a curve, a length): no rate, and no reason to fail.
                Err(error) => tracing::warn!(?signature, %error, "not measured"),
            }
        }
        Ok(rates)
    }

    fn rate(
        &self,
        session: &Session,
        signature: SignatureAlgorithm,
        mechanism: Option<WrapMechanism>,
    ) -> Result<Rate, Fault> {
        let algorithm = signature.key();
        let (public, private) = session.generate_key_pair(
            &template::key_pair_generation(algorithm),
            &template::public(algorithm, Residence::ToBeWrapped, "", b""),
            &template::private(Residence::ToBeWrapped, "", b""),
        )?;
        let (public, private) = (
            SessionObject::new(session, public),
            SessionObject::new(session, private),
        );
        let (_, verifier) = spki::read(session, public.handle())?;
        let input = [vec![0x5a; if algorithm == KeyAlgorithm::EcP384 { 48 } else { 32 }]];
        let functions = self.pool.module.functions()?;
        let sign = |key: &SessionObject<'_>| {
            sign_checked(functions, session, key.handle(), &verifier, signature, &input).map(drop)
        };
        let resident = per_second(|| sign(&private))?;
        let Some(mechanism) = mechanism.filter(|_| algorithm != KeyAlgorithm::Ed25519) else {
            return Ok(Rate {
                signature,
                resident,
                wrapped: None,
            });
        };
        let kek = functions.generate_kek(session, KeyLife::Departing, "signum-measure", b"")?;
        let kek = SessionObject::new(session, kek);
        let wrapping = Wrapping { functions, session };
        let nobody = b"signum-measure";
        let envelope = wrapping.wrap(mechanism, kek.handle(), private.handle(), nobody)?;
        let mut attributes = vec![
            Attribute::Class(ObjectClass::PRIVATE_KEY),
            Attribute::KeyType(template::key_type(algorithm)),
        ];
        attributes.extend(template::private(Residence::Unwrapped, "", b""));
        let wrapped = per_second(|| {
            let key = wrapping.unwrap(&envelope, kek.handle(), nobody, &attributes)?;
            sign(&SessionObject::new(session, key))
        })?;
        Ok(Rate {
            signature,
            resident,
            wrapped: Some(wrapped),
        })
    }
}

fn per_second(mut work: impl FnMut() -> Result<(), Fault>) -> Result<f64, Fault> {
    let (started, mut done) = (Instant::now(), 0_u32);
    while started.elapsed() < SPAN {
        work()?;
        done += 1;
    }
    Ok(f64::from(done) / started.elapsed().as_secs_f64())
}
