//! What a person is asked, and what the card then does. Each entered PIN is one try, and each try was asked for.

use secrecy::ExposeSecret;
use signum_card::{CardError, HashFunction, Key, Pin, Secret, Tries};

use crate::certificate::holder;
use crate::eid::{Cards, Eid};
use crate::host::request::{Authenticate, Sign, SigningCertificate};
use crate::origin::Rule;
use crate::prompt::{PinQuestion, Prompt, Question};
use crate::refusal::Refusal;
use crate::words::{Words, filled};

/// Cards, a way to ask the person, and whom to serve.
pub struct Agent<'a> {
    pub cards: &'a mut dyn Cards,
    pub prompt: &'a mut dyn Prompt,
    pub rule: Rule,
    /// Whether the browser has closed: then nobody waits for an answer, and the card does nothing.
    pub gone: &'a dyn Fn() -> bool,
}

/// A log-in, signed.
pub struct Token {
    /// DER.
    pub certificate: Vec<u8>,
    pub algorithm: &'static str,
    pub signature: Vec<u8>,
}

/// A certificate the person agreed to show.
pub struct Shown {
    /// DER.
    pub certificate: Vec<u8>,
    pub hash_functions: &'static [HashFunction],
}

impl Agent<'_> {
    /// Logs in at the origin, after PIN1.
    pub fn authenticate(&mut self, request: &Authenticate) -> Result<Token, Refusal> {
        let words = request.words;
        let mut card = self.card(words)?;
        let certificate = card.certificate(Key::Authentication)?;
        let name = holder(&certificate).ok_or(Refusal::Certificate)?;
        let text = filled(words.log_in, &[("origin", &request.origin), ("name", &name)]);
        let signature = self.after_pin(words, card.as_mut(), Secret::Pin1, &text, |card, shown, pin| {
            card.authenticate(shown, pin, &request.origin, &request.challenge)
        })?;
        Ok(Token {
            certificate,
            algorithm: card.authentication_algorithm(),
            signature,
        })
    }

    /// Shows the signing certificate, which names the person, when the person agrees.
    pub fn signing_certificate(&mut self, request: &SigningCertificate) -> Result<Shown, Refusal> {
        let words = request.words;
        let mut card = self.card(words)?;
        let certificate = card.certificate(Key::Signature)?;
        let name = holder(&certificate).ok_or(Refusal::Certificate)?;
        let text = filled(words.show, &[("origin", &request.origin), ("name", &name)]);
        if !self.agrees(words, &text)? {
            return Err(Refusal::Cancelled);
        }
        Ok(Shown {
            certificate,
            hash_functions: card.hash_functions(),
        })
    }

    /// Signs the digest with the key of the certificate that was shown, after PIN2: r ‖ s.
    pub fn sign(&mut self, request: &Sign) -> Result<Vec<u8>, Refusal> {
        let words = request.words;
        let mut card = self.card(words)?;
        let certificate = card.certificate(Key::Signature)?;
        if certificate != request.certificate {
            return Err(Refusal::InvalidArgument("certificate is not that of the card"));
        }
        if !card.hash_functions().contains(&request.digest.function()) {
            return Err(Refusal::InvalidArgument("hashFunction is not one of the card's"));
        }
        let name = holder(&certificate).ok_or(Refusal::Certificate)?;
        let function = request.digest.function().name();
        let text = filled(
            words.sign,
            &[
                ("origin", &request.origin),
                ("name", &name),
                ("function", function),
                ("digest", &grouped(request.digest.octets())),
            ],
        );
        self.after_pin(words, card.as_mut(), Secret::Pin2, &text, |card, shown, pin| {
            card.sign(shown, pin, &request.digest)
        })
    }

    /// The one card, or the one of several that the person means; waits for a card as long as the person wishes.
    fn card(&mut self, words: &Words) -> Result<Box<dyn Eid>, Refusal> {
        loop {
            let mut cards = self.cards.look()?;
            if cards.len() == 1
                && let Some(card) = cards.pop()
            {
                return Ok(card);
            }
            for mut card in cards {
                let name = holder(&card.certificate(Key::Authentication)?).ok_or(Refusal::Certificate)?;
                let number = card.document_number()?;
                if self.agrees(words, &filled(words.which, &[("name", &name), ("number", &number)]))? {
                    return Ok(card);
                }
            }
            if !self.agrees(words, words.insert)? {
                return Err(Refusal::Cancelled);
            }
        }
    }

    /// Asks for the PIN until the card takes it, the person gives up or the card is blocked. The last try is never spent
    /// without a question of its own.
    fn after_pin(
        &mut self,
        words: &Words,
        card: &mut dyn Eid,
        secret: Secret,
        purpose: &str,
        mut work: impl FnMut(&mut dyn Eid, Tries, &Pin) -> Result<Vec<u8>, CardError>,
    ) -> Result<Vec<u8>, Refusal> {
        let rule = card.pin_rule(secret);
        let name = secret.to_string();
        let (fewest, most) = (rule.fewest.to_string(), rule.most.to_string());
        let about = [("secret", name.as_str()), ("fewest", &fewest), ("most", &most)];
        let mut error: Option<String> = None;
        loop {
            let shown = card.tries(secret)?;
            let left = shown.left;
            if left == 0 {
                return self.blocked(words, secret);
            }
            if left == 1 && !self.agrees(words, &filled(words.last_try, &about))? {
                return Err(Refusal::Cancelled);
            }
            let tries = filled(words.tries, &[("left", &left.to_string())]);
            let typed = self.prompt.pin(&PinQuestion {
                title: words.title,
                text: &format!("{purpose}\n\n{tries}"),
                prompt: &filled(words.prompt, &about),
                error: error.as_deref(),
                go: words.go,
                cancel: words.cancel,
            })?;
            let Ok(pin) = Pin::typed(typed.expose_secret(), rule) else {
                error = Some(filled(words.form, &about));
                continue;
            };
            drop(typed);
            if (self.gone)() {
                return Err(Refusal::BrowserGone);
            }
            match work(card, shown, &pin) {
                Ok(signature) => return Ok(signature),
                // Another program spent some while the person typed: how many are left now is shown first.
                Err(CardError::FewerTries { .. }) => error = None,
                Err(CardError::WrongPin { .. }) => error = Some(filled(words.wrong, &about)),
                Err(CardError::PinForm(_)) => error = Some(filled(words.form, &about)),
                Err(CardError::Blocked(_)) => return self.blocked(words, secret),
                Err(other) => return Err(other.into()),
            }
        }
    }

    fn blocked(&mut self, words: &Words, secret: Secret) -> Result<Vec<u8>, Refusal> {
        // Whatever the answer, nothing more can be done here.
        self.agrees(words, &filled(words.blocked, &[("secret", &secret.to_string())]))?;
        Err(Refusal::Card(CardError::Blocked(secret)))
    }

    fn agrees(&mut self, words: &Words, text: &str) -> Result<bool, Refusal> {
        let question = Question {
            title: words.title,
            text,
            go: words.go,
            cancel: words.cancel,
        };
        Ok(self.prompt.confirm(&question)?)
    }
}

/// Hexadecimal in groups of four, as people compare them.
fn grouped(octets: &[u8]) -> String {
    let groups: Vec<_> = octets.chunks(2).map(hex::encode_upper).collect();
    groups.join(" ")
}
