//! What can go wrong inside one module call: the module's own error, or our refusal before or after it.

use cryptoki::error::{Error, RvError};

use crate::error::HsmError;

/// Kept apart until the pool has decided whether a fresh session would help.
#[derive(Debug)]
pub(crate) enum Fault {
    Module(Error),
    Refused(HsmError),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Module(error)
    }
}

impl From<HsmError> for Fault {
    fn from(error: HsmError) -> Self {
        Self::Refused(error)
    }
}

impl From<Fault> for HsmError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Refused(error) => error,
            Fault::Module(Error::Pkcs11(code, function)) => of_code(code, &format!("{function}")),
            Fault::Module(Error::LibraryLoading(_)) => Self::Misconfigured("the module cannot be loaded".into()),
            Fault::Module(Error::NullFunctionPointer | Error::NotSupported) => {
                Self::Unsupported("a function of the module".into())
            }
            Fault::Module(other) => Self::Pkcs11 {
                function: "binding".into(),
                code: other.to_string(),
            },
        }
    }
}

impl Fault {
    /// The session, login or handle is gone; a new session and one more try are right.
    pub(crate) fn is_stale(&self) -> bool {
        matches!(
            self,
            Self::Module(Error::Pkcs11(
                RvError::SessionHandleInvalid
                    | RvError::SessionClosed
                    | RvError::OperationActive
                    | RvError::UserNotLoggedIn
                    | RvError::KeyHandleInvalid
                    | RvError::ObjectHandleInvalid
                    | RvError::WrappingKeyHandleInvalid
                    | RvError::UnwrappingKeyHandleInvalid
                    | RvError::CryptokiNotInitialized,
                _
            ))
        )
    }

    /// The module says nothing: kryoptic 1.5.4 answers so when the login is gone, SoftHSM in almost every case.
    pub(crate) fn is_vague(&self) -> bool {
        matches!(
            self,
            Self::Module(Error::Pkcs11(RvError::GeneralError | RvError::FunctionFailed, _))
        )
    }
}

fn of_code(code: RvError, function: &str) -> HsmError {
    match code {
        RvError::PinIncorrect
        | RvError::PinInvalid
        | RvError::PinLenRange
        | RvError::PinExpired
        | RvError::PinLocked => HsmError::PinLatched,
        RvError::SessionCount | RvError::HostMemory | RvError::DeviceMemory => {
            HsmError::Overloaded { retry_after_ms: 1_000 }
        }
        RvError::DeviceError
        | RvError::DeviceRemoved
        | RvError::TokenNotPresent
        | RvError::TokenNotRecognized
        | RvError::CryptokiNotInitialized => HsmError::down(format!("{function}: {code:?}")),
        // A fresh session and a fresh search were tried before this is told.
        RvError::SessionHandleInvalid
        | RvError::SessionClosed
        | RvError::OperationActive
        | RvError::UserNotLoggedIn
        | RvError::KeyHandleInvalid
        | RvError::ObjectHandleInvalid
        | RvError::WrappingKeyHandleInvalid
        | RvError::UnwrappingKeyHandleInvalid => HsmError::SessionLost(format!("{function}: {code:?}")),
        RvError::MechanismInvalid | RvError::MechanismParamInvalid | RvError::FunctionNotSupported => {
            HsmError::Unsupported(format!("{function}: {code:?}"))
        }
        RvError::KeyTypeInconsistent => HsmError::KeyTypeMismatch,
        RvError::KeyFunctionNotPermitted
        | RvError::KeyUnextractable
        | RvError::KeyNotWrappable
        | RvError::ActionProhibited => HsmError::PolicyDenied(format!("{function}: {code:?}")),
        _ => HsmError::Pkcs11 {
            function: function.to_owned(),
            code: format!("{code:?}"),
        },
    }
}
