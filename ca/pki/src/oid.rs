//! Object identifiers, each with the document that gives it its meaning.

use const_oid::ObjectIdentifier;

macro_rules! oids {
    ($($(#[$doc:meta])* $name:ident = $value:literal;)*) => {
        $( $(#[$doc])* pub const $name: ObjectIdentifier = ObjectIdentifier::new_unwrap($value); )*
    };
}

oids! {
    /// X.520 attribute types.
    COMMON_NAME = "2.5.4.3";
    SURNAME = "2.5.4.4";
    SERIAL_NUMBER = "2.5.4.5";
    COUNTRY = "2.5.4.6";
    LOCALITY = "2.5.4.7";
    ORGANIZATION = "2.5.4.10";
    TITLE = "2.5.4.12";
    GIVEN_NAME = "2.5.4.42";
    ORGANIZATION_IDENTIFIER = "2.5.4.97";
    /// PKCS#9, in old subjects.
    EMAIL_ADDRESS = "1.2.840.113549.1.9.1";

    /// RFC 5280 section 4.2, certificate and CRL extensions.
    SUBJECT_KEY_IDENTIFIER = "2.5.29.14";
    KEY_USAGE = "2.5.29.15";
    PRIVATE_KEY_USAGE_PERIOD = "2.5.29.16";
    SUBJECT_ALT_NAME = "2.5.29.17";
    BASIC_CONSTRAINTS = "2.5.29.19";
    CRL_NUMBER = "2.5.29.20";
    CRL_REASON = "2.5.29.21";
    INVALIDITY_DATE = "2.5.29.24";
    ISSUING_DISTRIBUTION_POINT = "2.5.29.28";
    NAME_CONSTRAINTS = "2.5.29.30";
    CRL_DISTRIBUTION_POINTS = "2.5.29.31";
    CERTIFICATE_POLICIES = "2.5.29.32";
    ANY_POLICY = "2.5.29.32.0";
    AUTHORITY_KEY_IDENTIFIER = "2.5.29.35";
    POLICY_CONSTRAINTS = "2.5.29.36";
    EXTENDED_KEY_USAGE = "2.5.29.37";
    ANY_EXTENDED_KEY_USAGE = "2.5.29.37.0";
    /// X.509 (2012) section 9.5.2.8: since when expired certificates stay on the list.
    EXPIRED_CERTS_ON_CRL = "2.5.29.60";
    INHIBIT_ANY_POLICY = "2.5.29.54";
    AUTHORITY_INFORMATION_ACCESS = "1.3.6.1.5.5.7.1.1";
    QC_STATEMENTS = "1.3.6.1.5.5.7.1.3";
    CPS_QUALIFIER = "1.3.6.1.5.5.7.2.1";
    /// RFC 9608: no revocation information will ever be available.
    NO_REVOCATION_AVAILABLE = "2.5.29.56";
    SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
    CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
    TIME_STAMPING = "1.3.6.1.5.5.7.3.8";
    OCSP_SIGNING = "1.3.6.1.5.5.7.3.9";
    CA_ISSUERS = "1.3.6.1.5.5.7.48.2";

    /// RFC 6960 section 4.4, RFC 9654.
    OCSP = "1.3.6.1.5.5.7.48.1";
    OCSP_BASIC = "1.3.6.1.5.5.7.48.1.1";
    OCSP_NONCE = "1.3.6.1.5.5.7.48.1.2";
    OCSP_NO_CHECK = "1.3.6.1.5.5.7.48.1.5";
    OCSP_ARCHIVE_CUTOFF = "1.3.6.1.5.5.7.48.1.6";
    OCSP_EXTENDED_REVOKED = "1.3.6.1.5.5.7.48.1.9";

    /// RFC 3739 section 3.2.6, EN 319 412-1 section 5.1, EN 319 412-5 section 4.
    QC_SYNTAX_V2 = "1.3.6.1.5.5.7.11.2";
    SEMANTICS_NATURAL = "0.4.0.194121.1.1";
    SEMANTICS_LEGAL = "0.4.0.194121.1.2";
    QC_COMPLIANCE = "0.4.0.1862.1.1";
    QC_SSCD = "0.4.0.1862.1.4";
    QC_PDS = "0.4.0.1862.1.5";
    QC_TYPE = "0.4.0.1862.1.6";
    QC_TYPE_ESIGN = "0.4.0.1862.1.6.1";
    QC_TYPE_ESEAL = "0.4.0.1862.1.6.2";
    QC_LEGISLATION = "0.4.0.1862.1.7";
    /// EN 319 412-1 section 5.2.2: a short-term certificate whose validity was assured when it was issued.
    VALIDITY_ASSURED_SHORT_TERM = "0.4.0.194121.2.1";
    /// EN 319 422 section 9.1: a qualified time stamp of the European Union.
    QUALIFIED_TIME_STAMP = "0.4.0.19422.1.1";

    /// EN 319 411-1 and EN 319 411-2 section 5.3, EN 319 421 section 5.2.
    NCP_PLUS = "0.4.0.2042.1.2";
    QCP_N = "0.4.0.194112.1.0";
    QCP_N_QSCD = "0.4.0.194112.1.2";
    QCP_L = "0.4.0.194112.1.1";
    QCP_L_QSCD = "0.4.0.194112.1.3";
    OVCP = "0.4.0.2042.1.7";
    /// CA/Browser Forum Baseline Requirements section 7.1.6.1: organisation validated.
    ORGANIZATION_VALIDATED = "2.23.140.1.2.2";
    BTSP = "0.4.0.2023.1.1";

    /// Algorithms: RFC 5480, RFC 5758, RFC 8017, FIPS 180.
    EC_PUBLIC_KEY = "1.2.840.10045.2.1";
    P256 = "1.2.840.10045.3.1.7";
    P384 = "1.3.132.0.34";
    P521 = "1.3.132.0.35";
    ECDSA_SHA256 = "1.2.840.10045.4.3.2";
    ECDSA_SHA384 = "1.2.840.10045.4.3.3";
    ECDSA_SHA512 = "1.2.840.10045.4.3.4";
    RSA_ENCRYPTION = "1.2.840.113549.1.1.1";
    RSA_SHA256 = "1.2.840.113549.1.1.11";
    RSA_SHA384 = "1.2.840.113549.1.1.12";
    RSA_SHA512 = "1.2.840.113549.1.1.13";
    SHA1 = "1.3.14.3.2.26";
    SHA256 = "2.16.840.1.101.3.4.2.1";
    SHA384 = "2.16.840.1.101.3.4.2.2";
    SHA512 = "2.16.840.1.101.3.4.2.3";

    /// CMS and time stamps: RFC 5652, RFC 3161, RFC 5816.
    SIGNED_DATA = "1.2.840.113549.1.7.2";
    TST_INFO = "1.2.840.113549.1.9.16.1.4";
    CONTENT_TYPE = "1.2.840.113549.1.9.3";
    MESSAGE_DIGEST = "1.2.840.113549.1.9.4";
    SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47";
}
