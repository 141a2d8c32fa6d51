//! Where each browser looks for a user's native-messaging hosts, and how it names its extensions.

use std::path::{Path, PathBuf};

use clap::ValueEnum;

/// A browser that knows native messaging.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Browser {
    Chromium,
    Chrome,
    Edge,
    Firefox,
}

/// Who may start this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extension {
    /// Our own, `clients/extension`.
    Ours,
    /// The official Web eID extension.
    WebEid,
}

impl Extension {
    /// The name of the host that the extension asks for.
    pub fn host(self) -> &'static str {
        match self {
            Self::Ours => "signum.card_agent",
            Self::WebEid => "eu.webeid",
        }
    }
}

impl Browser {
    pub const ALL: [Self; 4] = [Self::Chromium, Self::Chrome, Self::Edge, Self::Firefox];

    pub fn name(self) -> &'static str {
        match self {
            Self::Chromium => "Chromium",
            Self::Chrome => "Google Chrome",
            Self::Edge => "Microsoft Edge",
            Self::Firefox => "Firefox",
        }
    }

    /// The manifest's place below the user's home.
    pub fn manifest(self, home: &Path, extension: Extension) -> PathBuf {
        let file = format!("{}.json", extension.host());
        home.join(self.folder()).join(file)
    }

    #[cfg(not(target_os = "macos"))]
    fn folder(self) -> &'static str {
        match self {
            Self::Chromium => ".config/chromium/NativeMessagingHosts",
            Self::Chrome => ".config/google-chrome/NativeMessagingHosts",
            Self::Edge => ".config/microsoft-edge/NativeMessagingHosts",
            Self::Firefox => ".mozilla/native-messaging-hosts",
        }
    }

    #[cfg(target_os = "macos")]
    fn folder(self) -> &'static str {
        match self {
            Self::Chromium => "Library/Application Support/Chromium/NativeMessagingHosts",
            Self::Chrome => "Library/Application Support/Google/Chrome/NativeMessagingHosts",
            Self::Edge => "Library/Application Support/Microsoft Edge/NativeMessagingHosts",
            Self::Firefox => "Library/Application Support/Mozilla/NativeMessagingHosts",
        }
    }

    /// The manifest's field of callers, and the callers.
    pub fn callers(self, extension: Extension) -> (&'static str, &'static [&'static str]) {
        match (self, extension) {
            (Self::Firefox, Extension::Ours) => ("allowed_extensions", &["card-agent@signum.example"]),
            (Self::Firefox, Extension::WebEid) => ("allowed_extensions", &["{e68418bc-f2b0-4459-a9ea-3e72b6751b07}"]),
            (_, Extension::Ours) => (
                "allowed_origins",
                &["chrome-extension://nohildncbpgcoloidkeekkmkigigbdik/"],
            ),
            (_, Extension::WebEid) => (
                "allowed_origins",
                &[
                    "chrome-extension://ncibgoaomkmdpilpocfeponihegamlic/",
                    "chrome-extension://gnmckgbandlkacikdndelhfghdejfido/",
                ],
            ),
        }
    }
}
