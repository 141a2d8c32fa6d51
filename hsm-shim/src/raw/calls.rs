//! The calls themselves: each unsafe block passes pointers into values that outlive it and that the module only reads, or
//! buffers whose true length goes with them.

use std::ptr;

use cryptoki::context::Function;
use cryptoki::error::{Error, Rv};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, ObjectHandle};
use cryptoki::session::Session;
use cryptoki_sys::{
    CK_ATTRIBUTE, CK_MECHANISM, CK_MECHANISM_INFO, CK_MECHANISM_TYPE, CK_OBJECT_HANDLE, CK_SLOT_ID, CK_ULONG,
    CKM_AES_KEY_GEN, CKM_AES_KEY_WRAP_KWP, CKM_RSA_PKCS_KEY_PAIR_GEN,
};

use super::Functions;
use super::template::{KeyLife, Template, Transport};
use crate::error::HsmError;
use crate::token::fault::Fault;

/// The longest wrapped private key: RSA-3072 in PKCS#8 under RFC 5649 has 1,808 octets.
const LONGEST_BLOB: usize = 8 * 1024;
/// Room for RSA-8192.
const LONGEST_SIGNATURE: usize = 1024;

impl Functions {
    /// Signs by one call of C_Sign, into a buffer of its own; cryptoki asks for the length by a call of its own first, which
    /// on a network HSM is one more journey.
    pub(crate) fn sign(
        &self,
        session: &Session,
        mechanism: &Mechanism<'_>,
        key: ObjectHandle,
        input: &[u8],
    ) -> Result<Vec<u8>, Fault> {
        let sign = self.list.C_Sign.ok_or(Error::NullFunctionPointer)?;
        session.sign_init(mechanism, key)?;
        let mut signature = vec![0; LONGEST_SIGNATURE];
        let mut length = signature.len() as CK_ULONG;
        // SAFETY: the function pointer and the session are as in `generate_kek`. The module reads `input` and writes at most
        // `length` octets, the buffer's length.
        let code = unsafe {
            sign(
                session.handle(),
                input.as_ptr().cast_mut(),
                input.len() as CK_ULONG,
                signature.as_mut_ptr(),
                &mut length,
            )
        };
        Rv::from(code).into_result(Function::Sign)?;
        signature.truncate(usize::try_from(length).map_err(|_| HsmError::SelfCheckFailed)?);
        Ok(signature)
    }

    /// Generates an AES-256 key that wraps and unwraps only, and whose unwrapped keys never leave.
    pub(crate) fn generate_kek(
        &self,
        session: &Session,
        life: KeyLife,
        label: &str,
        id: &[u8],
    ) -> Result<ObjectHandle, Fault> {
        let generate = self.list.C_GenerateKey.ok_or(Error::NullFunctionPointer)?;
        let mut values = Template::new(label, id);
        let mut template = values.kek(life);
        let mut mechanism = plain(CKM_AES_KEY_GEN);
        let mut handle = 0;
        // SAFETY: the pointer is the module's own and `self` keeps its code loaded. The session is open (borrowed, and not
        // Sync, so no other thread uses it). Mechanism, template and the values it points to live in this frame; the
        // lengths are those of the values; C_GenerateKey only reads them and writes one handle.
        let code = unsafe {
            generate(
                session.handle(),
                &mut mechanism,
                template.as_mut_ptr(),
                template.len() as CK_ULONG,
                &mut handle,
            )
        };
        Rv::from(code).into_result(Function::GenerateKey)?;
        Ok(object(handle))
    }

    /// Generates the RSA-3072 pair under whose public half KEKs travel to this token.
    pub(crate) fn generate_transport(&self, session: &Session, label: &str, id: &[u8]) -> Result<(), Fault> {
        let generate = self.list.C_GenerateKeyPair.ok_or(Error::NullFunctionPointer)?;
        let mut values = Transport::new(label, id);
        let (mut public, mut private) = values.pair();
        let mut mechanism = plain(CKM_RSA_PKCS_KEY_PAIR_GEN);
        let (mut public_handle, mut private_handle) = (0, 0);
        // SAFETY: as in `generate_kek`, with two templates and two handles.
        let code = unsafe {
            generate(
                session.handle(),
                &mut mechanism,
                public.as_mut_ptr(),
                public.len() as CK_ULONG,
                private.as_mut_ptr(),
                private.len() as CK_ULONG,
                &mut public_handle,
                &mut private_handle,
            )
        };
        Ok(Rv::from(code).into_result(Function::GenerateKeyPair)?)
    }

    /// Unwraps a KEK from its backup (`mechanism` under a private key of the token).
    pub(crate) fn unwrap_kek(
        &self,
        session: &Session,
        (mechanism, unwrapping): (&Mechanism<'_>, ObjectHandle),
        blob: &[u8],
        (life, label, id): (KeyLife, &str, &[u8]),
    ) -> Result<ObjectHandle, Fault> {
        let mut values = Template::new(label, id);
        let mut template = values.kek(life);
        self.unwrap(session, mechanism.into(), unwrapping, blob, &mut template)
    }

    /// `C_WrapKey` with `CKM_AES_KEY_WRAP_KWP` (RFC 5649).
    pub(crate) fn wrap_kwp(
        &self,
        session: &Session,
        wrapping: ObjectHandle,
        key: ObjectHandle,
    ) -> Result<Vec<u8>, Fault> {
        let wrap = self.list.C_WrapKey.ok_or(Error::NullFunctionPointer)?;
        let mut mechanism = plain(CKM_AES_KEY_WRAP_KWP);
        let mut blob = vec![0_u8; LONGEST_BLOB];
        let mut length = LONGEST_BLOB as CK_ULONG;
        // SAFETY: function pointer and session as above. `length` is the true length of the buffer; the module writes at
        // most as much, and says in `length` how much.
        let code = unsafe {
            wrap(
                session.handle(),
                &mut mechanism,
                wrapping.handle(),
                key.handle(),
                blob.as_mut_ptr(),
                &mut length,
            )
        };
        Rv::from(code).into_result(Function::WrapKey)?;
        blob.truncate(usize::try_from(length).map_err(|_| HsmError::SelfCheckFailed)?);
        Ok(blob)
    }

    /// `C_UnwrapKey` with `CKM_AES_KEY_WRAP_KWP`.
    pub(crate) fn unwrap_kwp(
        &self,
        session: &Session,
        unwrapping: ObjectHandle,
        blob: &[u8],
        attributes: &[Attribute],
    ) -> Result<ObjectHandle, Fault> {
        let mut template: Vec<CK_ATTRIBUTE> = attributes.iter().map(Into::into).collect();
        self.unwrap(session, plain(CKM_AES_KEY_WRAP_KWP), unwrapping, blob, &mut template)
    }

    /// The template's values are the caller's, alive in its frame.
    fn unwrap(
        &self,
        session: &Session,
        mut mechanism: CK_MECHANISM,
        unwrapping: ObjectHandle,
        blob: &[u8],
        template: &mut [CK_ATTRIBUTE],
    ) -> Result<ObjectHandle, Fault> {
        let unwrap = self.list.C_UnwrapKey.ok_or(Error::NullFunctionPointer)?;
        let mut handle = 0;
        // SAFETY: function pointer and session as above. Mechanism parameters, template values and blob are borrowed by
        // this method's callers for the whole call; the module only reads them (the blob too, though the binding has it
        // as a mutable pointer) and writes one handle.
        let code = unsafe {
            unwrap(
                session.handle(),
                &mut mechanism,
                unwrapping.handle(),
                blob.as_ptr().cast_mut(),
                blob.len() as CK_ULONG,
                template.as_mut_ptr(),
                template.len() as CK_ULONG,
                &mut handle,
            )
        };
        Rv::from(code).into_result(Function::UnwrapKey)?;
        Ok(object(handle))
    }

    /// The codes of all mechanisms of a slot, those without a name in cryptoki included.
    pub(crate) fn mechanisms(&self, slot: CK_SLOT_ID) -> Result<Vec<CK_MECHANISM_TYPE>, Fault> {
        let get = self.list.C_GetMechanismList.ok_or(Error::NullFunctionPointer)?;
        let mut count: CK_ULONG = 0;
        // SAFETY: function pointer as above; with a null list the module only writes the count (section 5.5).
        let code = unsafe { get(slot, ptr::null_mut(), &mut count) };
        Rv::from(code).into_result(Function::GetMechanismList)?;
        let mut codes = vec![0; usize::try_from(count).map_err(|_| HsmError::SelfCheckFailed)?];
        // SAFETY: `count` is the length of the buffer; the module writes at most as many codes.
        let code = unsafe { get(slot, codes.as_mut_ptr(), &mut count) };
        Rv::from(code).into_result(Function::GetMechanismList)?;
        codes.truncate(usize::try_from(count).map_err(|_| HsmError::SelfCheckFailed)?);
        Ok(codes)
    }

    /// `C_GetMechanismInfo`.
    pub(crate) fn mechanism_info(&self, slot: CK_SLOT_ID, code: CK_MECHANISM_TYPE) -> Result<CK_MECHANISM_INFO, Fault> {
        let get = self.list.C_GetMechanismInfo.ok_or(Error::NullFunctionPointer)?;
        let mut info = CK_MECHANISM_INFO::default();
        // SAFETY: function pointer as above; the module fills one structure of plain integers.
        let code = unsafe { get(slot, code, &mut info) };
        Rv::from(code).into_result(Function::GetMechanismInfo)?;
        Ok(info)
    }
}

/// A mechanism without parameters.
fn plain(mechanism: CK_MECHANISM_TYPE) -> CK_MECHANISM {
    CK_MECHANISM {
        mechanism,
        pParameter: ptr::null_mut(),
        ulParameterLen: 0,
    }
}

fn object(handle: CK_OBJECT_HANDLE) -> ObjectHandle {
    // SAFETY: a handle the module has just returned; the function is marked unsafe only to keep handles from being made up.
    unsafe { ObjectHandle::new_from_raw(handle) }
}
