//! Configuration: a TOML file and the environment over documented defaults; what is unknown is refused.
//!
//! ```
//! use signum_core::config::{self, Secret};
//! signum_core::config! {
//!     /// The identity provider.
//!     pub struct Idp {
//!         /// Where it listens.
//!         listen: std::net::SocketAddr = ([127, 0, 0, 1], 8081).into(),
//!         /// How long a login lasts, in seconds.
//!         session_seconds: u32 = 3600,
//!         /// Password of the mail relay.
//!         relay_password: Secret = Secret::default(),
//!     }
//! }
//! signum_core::config! {
//!     /// Everything.
//!     pub struct Signum {
//!         /// A field without a default is a section of its own: `[idp]`.
//!         idp: Idp,
//!     }
//! }
//! // `SIGNUM__IDP__LISTEN=127.0.0.1:9081` in the environment comes before the file.
//! let settings: Signum = config::load(None)?;
//! println!("{}", config::show(&settings)); // commented TOML, secrets masked
//! # Ok::<(), config::ConfigError>(())
//! ```
//! The caller's crate needs `serde`. A leaf may have any type that serde reads and writes (lists and tables included).

mod load;
mod nearest;
mod secret;
mod show;

pub use load::{ConfigError, ENVIRONMENT_PREFIX, load, load_from};
pub use secret::Secret;
pub use show::show;

/// One documented value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// `idp.session_seconds`.
    pub path: String,
    /// TOML; empty when it is unset by default.
    pub default: String,
    pub doc: String,
}

/// A configuration made by [`config!`](crate::config!).
pub trait Settings: Default + serde::Serialize + serde::de::DeserializeOwned {
    /// Every value with its documentation; `prefix` is empty or ends with a dot.
    fn describe(prefix: &str) -> Vec<Described>;
}

/// The default of a leaf as TOML.
pub fn default_text(value: &impl serde::Serialize) -> String {
    toml::Value::try_from(value)
        .map(|value| value.to_string())
        .unwrap_or_default()
}

/// Defines a configuration struct: serde with unknown fields refused, defaults, and a description of every value.
#[macro_export]
macro_rules! config {
    (
        $(#[doc = $about:expr])+
        $visibility:vis struct $name:ident {
            $( $(#[doc = $doc:expr])+ $field:ident : $type:ty $(= $default:expr)? ),* $(,)?
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields, default)]
        $visibility struct $name {
            $( $(#[doc = $doc])+ pub $field: $type, )*
        }
        impl Default for $name {
            fn default() -> Self {
                Self { $( $field: $crate::config!(@default $type $(, $default)?), )* }
            }
        }
        impl $crate::config::Settings for $name {
            fn describe(prefix: &str) -> Vec<$crate::config::Described> {
                let mut all = Vec::new();
                $( $crate::config!(@describe all, prefix, $field, concat!($($doc, "\n"),+), $type $(, $default)?); )*
                all
            }
        }
    };
    (@default $type:ty) => { <$type>::default() };
    (@default $type:ty, $default:expr) => { $default };
    (@describe $all:ident, $prefix:ident, $field:ident, $doc:expr, $type:ty) => {
        let section = format!("{}{}.", $prefix, stringify!($field));
        $all.extend(<$type as $crate::config::Settings>::describe(&section));
    };
    (@describe $all:ident, $prefix:ident, $field:ident, $doc:expr, $type:ty, $default:expr) => {
        let default: $type = $default;
        $all.push($crate::config::Described {
            path: format!("{}{}", $prefix, stringify!($field)),
            default: $crate::config::default_text(&default),
            doc: $doc.lines().map(str::trim).collect::<Vec<_>>().join("\n"),
        });
    };
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    crate::config! {
        /// A service.
        struct Service {
            /// Where it listens.
            listen: std::net::SocketAddr = ([127, 0, 0, 1], 8081).into(),
            /// How long a login lasts, in seconds.
            ///
            /// An hour.
            session_seconds: u32 = 3600,
            /// A name.
            label: Option<String> = None,
            /// The relay's password.
            password: Secret = Secret::default(),
        }
    }
    crate::config! {
        /// Everything.
        struct All {
            /// The provider.
            idp: Service,
            /// Whether this is a demonstration.
            demo: bool = true,
            /// Names.
            names: Vec<String> = vec!["a".to_owned()],
        }
    }

    fn read(file: &str, environment: &[(&str, &str)]) -> Result<All, ConfigError> {
        let environment = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        load_from(Some(("signum.toml", file)), environment)
    }

    #[test]
    fn every_value_is_described_once_with_its_default() {
        let all = All::describe("");
        let paths: Vec<&str> = all.iter().map(|d| d.path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "idp.listen",
                "idp.session_seconds",
                "idp.label",
                "idp.password",
                "demo",
                "names"
            ]
        );
        assert_eq!(all[0].default, "\"127.0.0.1:8081\"");
        assert_eq!(all[1].doc, "How long a login lasts, in seconds.\n\nAn hour.");
        assert_eq!(all[2].default, "");
    }

    #[test]
    fn environment_comes_before_file_before_default() {
        let file = "demo = false\n[idp]\nsession_seconds = 60\nlabel = \"file\"\n";
        let environment = [
            ("SIGNUM__IDP__LABEL", "environment"),
            ("SIGNUM__IDP__LISTEN", "127.0.0.1:9"),
            ("SIGNUM__NAMES", "[\"x\", \"y\"]"),
            ("PATH", "/bin"),
        ];
        let all = read(file, &environment).unwrap();
        assert!(!all.demo);
        assert_eq!(all.idp.session_seconds, 60);
        assert_eq!(all.idp.label.as_deref(), Some("environment"));
        assert_eq!(all.idp.listen.port(), 9);
        assert_eq!(all.names, ["x", "y"]);
    }

    #[test]
    fn a_text_that_looks_like_a_number_stays_a_text() {
        assert_eq!(
            read("", &[("SIGNUM__IDP__PASSWORD", "1234")])
                .unwrap()
                .idp
                .password
                .expose(),
            "1234"
        );
    }

    #[test]
    fn an_unknown_field_is_named_with_its_place_and_the_nearest_known_name() {
        let error = read("demo = true\n\n[idp]\nsesion_seconds = 1\n", &[])
            .unwrap_err()
            .to_string();
        assert_eq!(
            error,
            "signum.toml, line 4: there is no setting `idp.sesion_seconds`; did you mean `idp.session_seconds`?"
        );
        let error = read("", &[("SIGNUM__IDP__LISTN", "x")]).unwrap_err().to_string();
        assert_eq!(
            error,
            "environment variable SIGNUM__IDP__LISTN: there is no setting `idp.listn`; did you mean `idp.listen`?"
        );
        let error = read("[ipd]\n", &[]).unwrap_err().to_string();
        assert_eq!(
            error,
            "signum.toml, line 1: there is no setting `ipd`; did you mean `idp`?"
        );
    }

    #[test]
    fn a_wrong_type_and_broken_syntax_are_located() {
        let error = read("[idp]\nsession_seconds = \"long\"\n", &[])
            .unwrap_err()
            .to_string();
        assert!(error.contains("session_seconds"), "{error}");
        let error = read("[idp]\npassword = 8421\n", &[]).unwrap_err().to_string();
        assert!(error.contains("invalid type: integer, expected a string"), "{error}");
        assert!(!error.contains("8421"), "{error}");
        let error = read("idp = [", &[]).unwrap_err().to_string();
        assert!(error.starts_with("signum.toml"), "{error}");
        assert!(read("idp = 3", &[]).is_err());
    }

    #[test]
    fn what_is_shown_reads_back_and_hides_secrets() {
        let all = read("[idp]\npassword = \"hunter2\"\n", &[]).unwrap();
        let text = show(&all);
        assert!(!text.contains("hunter2"), "{text}");
        assert!(text.contains("password = \"***\""), "{text}");
        assert!(
            text.contains(
                "# How long a login lasts, in seconds.\n#\n# An hour.\n# Default: 3600\nsession_seconds = 3600\n"
            ),
            "{text}"
        );
        assert!(text.contains("# label is not set\n"), "{text}");
        assert!(
            text.find("demo = true").unwrap() < text.find("[idp]").unwrap(),
            "{text}"
        );
        assert!(!format!("{all:?}").contains("hunter2"));
        read(&text, &[]).unwrap();
    }
}
