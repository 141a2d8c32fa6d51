//! PINs before they meet a card.

use super::profile;
use crate::{Pin, PinForm, Secret};

#[test]
fn what_cannot_be_the_pin_never_reaches_the_card() {
    let rule = profile().pin_rule(Secret::Pin1);
    for typed in ["", "123", "1234567890123", "12a4", "12 34", "١٢٣٤"] {
        assert_eq!(Pin::typed(typed, rule).unwrap_err(), PinForm(rule), "{typed}");
    }
    assert!(Pin::typed("1234", rule).is_ok() && Pin::typed("123456789012", rule).is_ok());
    assert!(Pin::typed("1234", profile().pin_rule(Secret::Pin2)).is_err());
    assert!(Pin::typed("1234567", profile().pin_rule(Secret::Puk)).is_err());
}

#[test]
fn a_pin_never_prints() {
    let pin = Pin::typed("1234", profile().pin_rule(Secret::Pin1)).unwrap();
    assert_eq!(format!("{pin:?}"), "Pin");
}
