//! What cryptoki 0.12.1 cannot do: nested attribute templates and mechanisms it has no name for (PKCS#11 v2.40 section 4.10,
//! v3.1 section 2.13).
//!
//! The only unsafe code of the workspace. Miri does not run here: it interprets Rust, and each of these calls goes into a
//! shared library (docs/decisions/0006). What Miri would look for is argued at each block, and there are few: loading,
//! the function list, one call per function, one handle returned.
#![allow(unsafe_code)]

mod calls;
mod template;

use std::path::Path;
use std::ptr;

use cryptoki::context::Function;
use cryptoki::error::{Error, Rv};
use cryptoki_sys::CK_FUNCTION_LIST;

use crate::token::fault::Fault;

pub(crate) use template::KeyLife;

/// The functions of a module that cryptoki has loaded already.
pub(crate) struct Functions {
    list: CK_FUNCTION_LIST,
    /// Keeps the code behind `list` loaded.
    _library: cryptoki_sys::Pkcs11,
}

impl Functions {
    pub(crate) fn load(module: &Path) -> Result<Self, Fault> {
        // SAFETY: loading runs the module's initialisers. The context of `token::module` has loaded this same path, so the
        // dynamic linker only counts one more reference to the code that is running anyway.
        let library = unsafe { cryptoki_sys::Pkcs11::new(module) }.map_err(Error::LibraryLoading)?;
        let get = library
            .C_GetFunctionList
            .as_ref()
            .map_err(|_| Error::MissingSymbol("C_GetFunctionList"))?;
        let mut list: *mut CK_FUNCTION_LIST = ptr::null_mut();
        // SAFETY: C_GetFunctionList may be called at any time (PKCS#11 v2.40 section 5.4) and writes one pointer.
        let code = unsafe { get(&mut list) };
        Rv::from(code).into_result(Function::GetFunctionList)?;
        if list.is_null() {
            return Err(Error::NullFunctionPointer.into());
        }
        // SAFETY: not null, and after CKR_OK it points to the module's static function list, valid while it is loaded.
        let list = unsafe { *list };
        Ok(Self {
            list,
            _library: library,
        })
    }
}
