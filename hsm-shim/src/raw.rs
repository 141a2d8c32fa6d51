//! The one call cryptoki 0.12.1 cannot make: generating the KEK with `CKA_UNWRAP_TEMPLATE` (PKCS#11 v2.40 section 4.10).
//!
//! The only unsafe code of the workspace.
#![allow(unsafe_code)]

use std::path::Path;
use std::ptr;

use cryptoki::context::Function;
use cryptoki::error::{Error, Rv};
use cryptoki::session::Session;
use cryptoki_sys::{
    CK_ATTRIBUTE, CK_ATTRIBUTE_TYPE, CK_BBOOL, CK_FALSE, CK_FUNCTION_LIST, CK_MECHANISM, CK_TRUE, CK_ULONG,
    CKA_DECRYPT, CKA_DERIVE, CKA_ENCRYPT, CKA_EXTRACTABLE, CKA_ID, CKA_LABEL, CKA_MODIFIABLE, CKA_PRIVATE,
    CKA_SENSITIVE, CKA_SIGN, CKA_TOKEN, CKA_UNWRAP, CKA_UNWRAP_TEMPLATE, CKA_VALUE_LEN, CKA_VERIFY, CKA_WRAP,
    CKM_AES_KEY_GEN,
};

use crate::token::fault::Fault;

/// Generates an AES-256 key of the token that wraps and unwraps only, never leaves, and whose unwrapped keys never leave.
pub(crate) fn generate_kek(module: &Path, session: &Session, label: &str, id: &[u8]) -> Result<(), Fault> {
    let (yes, no, length): (CK_BBOOL, CK_BBOOL, CK_ULONG) = (CK_TRUE, CK_FALSE, 32);
    let unwrap_template = [attribute(CKA_EXTRACTABLE, &no), attribute(CKA_SENSITIVE, &yes)];
    let mut template = [
        attribute(CKA_TOKEN, &yes),
        attribute(CKA_PRIVATE, &yes),
        attribute(CKA_SENSITIVE, &yes),
        attribute(CKA_EXTRACTABLE, &no),
        attribute(CKA_MODIFIABLE, &no),
        attribute(CKA_WRAP, &yes),
        attribute(CKA_UNWRAP, &yes),
        attribute(CKA_ENCRYPT, &no),
        attribute(CKA_DECRYPT, &no),
        attribute(CKA_SIGN, &no),
        attribute(CKA_VERIFY, &no),
        attribute(CKA_DERIVE, &no),
        attribute(CKA_VALUE_LEN, &length),
        attribute(CKA_LABEL, label.as_bytes()),
        attribute(CKA_ID, id),
        attribute(CKA_UNWRAP_TEMPLATE, &unwrap_template),
    ];
    let mut mechanism = CK_MECHANISM {
        mechanism: CKM_AES_KEY_GEN,
        pParameter: ptr::null_mut(),
        ulParameterLen: 0,
    };
    let mut handle = 0;
    // SAFETY: loading runs the module's initialisers. The session's context has loaded this same path already, so the
    // dynamic linker only counts one more reference to the code that is running anyway.
    let library = unsafe { cryptoki_sys::Pkcs11::new(module) }.map_err(Error::LibraryLoading)?;
    let functions = function_list(&library)?;
    let generate = functions.C_GenerateKey.ok_or(Error::NullFunctionPointer)?;
    // SAFETY: the function pointer is the module's own and `library` keeps it loaded. The session is open (borrowed, and
    // not Sync, so no other thread uses it). Mechanism, template, the nested template and every value they point to live
    // in this frame; lengths are taken from the values; C_GenerateKey only reads templates and writes one handle.
    let code = unsafe {
        generate(
            session.handle(),
            &mut mechanism,
            template.as_mut_ptr(),
            template.len() as CK_ULONG,
            &mut handle,
        )
    };
    Ok(Rv::from(code).into_result(Function::GenerateKey)?)
}

/// A copy of the module's function list.
fn function_list(library: &cryptoki_sys::Pkcs11) -> Result<CK_FUNCTION_LIST, Fault> {
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
    Ok(unsafe { *list })
}

/// An attribute that borrows its value: the caller keeps the value alive until the call is over.
fn attribute<T: ?Sized>(kind: CK_ATTRIBUTE_TYPE, value: &T) -> CK_ATTRIBUTE {
    CK_ATTRIBUTE {
        type_: kind,
        pValue: ptr::from_ref(value).cast_mut().cast(),
        ulValueLen: size_of_val(value) as CK_ULONG,
    }
}
