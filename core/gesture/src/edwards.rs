//! Whether 32 octets are a usable Ed25519 public key (RFC 8032 section 5.1.3): OpenSSL takes any octets as a raw key.

use openssl::bn::{BigNum, BigNumContext};
use openssl::error::ErrorStack;

use crate::assertion::GestureError;

/// Refuses encodings that are not canonical, not on the curve, or of small order (under which anything may seem signed).
pub(crate) fn check_point(encoded: &[u8; 32]) -> Result<(), GestureError> {
    match usable(encoded) {
        Ok(true) => Ok(()),
        _ => Err(GestureError::Malformed),
    }
}

fn usable(encoded: &[u8; 32]) -> Result<bool, ErrorStack> {
    let field = Field::new()?;
    let mut big_endian = *encoded;
    big_endian.reverse();
    if let Some(sign) = big_endian.first_mut() {
        *sign &= 0x7f;
    }
    let y = BigNum::from_slice(&big_endian)?;
    if y >= field.p {
        return Ok(false);
    }
    // -x^2 + y^2 = 1 + d x^2 y^2, so x^2 = (y^2 - 1) / (d y^2 + 1).
    let one = BigNum::from_u32(1)?;
    let y2 = field.mul(&y, &y)?;
    let numerator = field.sub(&y2, &one)?;
    let denominator = field.add(&field.mul(&field.d()?, &y2)?, &one)?;
    let x2 = field.mul(&numerator, &field.inverse(&denominator)?)?;
    let zero = BigNum::new()?;
    // Order 1 and 2: x = 0. Order 4: y = 0. Order 8: the double has y = 0, which is x^2 + y^2 = 0.
    if x2 == zero || y2 == zero || field.add(&x2, &y2)? == zero {
        return Ok(false);
    }
    field.is_square(&x2)
}

/// Integers modulo 2^255 - 19; everything here is public, so constant time is not needed.
struct Field {
    p: BigNum,
}

impl Field {
    fn new() -> Result<Self, ErrorStack> {
        let mut power = BigNum::new()?;
        power.set_bit(255)?;
        let mut p = BigNum::new()?;
        let nineteen = BigNum::from_u32(19)?;
        p.checked_sub(&power, &nineteen)?;
        Ok(Self { p })
    }

    /// -121665 / 121666.
    fn d(&self) -> Result<BigNum, ErrorStack> {
        let inverse = self.inverse(&BigNum::from_u32(121_666)?)?;
        let positive = self.mul(&BigNum::from_u32(121_665)?, &inverse)?;
        self.sub(&BigNum::new()?, &positive)
    }

    fn mul(&self, a: &BigNum, b: &BigNum) -> Result<BigNum, ErrorStack> {
        let mut out = BigNum::new()?;
        out.mod_mul(a, b, &self.p, &mut *BigNumContext::new()?)?;
        Ok(out)
    }

    fn add(&self, a: &BigNum, b: &BigNum) -> Result<BigNum, ErrorStack> {
        let mut out = BigNum::new()?;
        out.mod_add(a, b, &self.p, &mut *BigNumContext::new()?)?;
        Ok(out)
    }

    fn sub(&self, a: &BigNum, b: &BigNum) -> Result<BigNum, ErrorStack> {
        let mut out = BigNum::new()?;
        out.mod_sub(a, b, &self.p, &mut *BigNumContext::new()?)?;
        Ok(out)
    }

    fn inverse(&self, a: &BigNum) -> Result<BigNum, ErrorStack> {
        let mut out = BigNum::new()?;
        out.mod_inverse(a, &self.p, &mut *BigNumContext::new()?)?;
        Ok(out)
    }

    /// Euler's criterion.
    fn is_square(&self, a: &BigNum) -> Result<bool, ErrorStack> {
        let one = BigNum::from_u32(1)?;
        let mut exponent = BigNum::new()?;
        exponent.checked_sub(&self.p, &one)?;
        let mut half = BigNum::new()?;
        half.rshift1(&exponent)?;
        let mut out = BigNum::new()?;
        out.mod_exp(a, &half, &self.p, &mut *BigNumContext::new()?)?;
        Ok(out == one)
    }
}
