//! The workspace as `cargo metadata` describes it: packages, normal dependencies, closures; and its source files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value as Json;

/// Packages and their normal (neither build nor dev) dependencies on this machine's platform.
pub struct Workspace {
    pub members: BTreeSet<String>,
    names: BTreeMap<String, String>,
    edges: BTreeMap<String, BTreeSet<String>>,
}

/// The folder of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("tests/it lies two folders down")
        .to_owned()
}

fn output(command: &mut Command) -> String {
    let output = command.current_dir(root()).output().expect("starts");
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn text(json: &Json) -> String {
    json.as_str().expect("a string").to_owned()
}

impl Workspace {
    pub fn load() -> Self {
        let rustc = output(Command::new("rustc").arg("-vV"));
        let host = rustc
            .lines()
            .find_map(|line| line.strip_prefix("host: "))
            .expect("rustc names its host");
        let metadata = output(Command::new("cargo").args([
            "metadata",
            "--format-version=1",
            "--offline",
            "--locked",
            "--filter-platform",
            host,
        ]));
        let metadata: Json = serde_json::from_str(&metadata).expect("JSON");
        let list = |json: &Json| json.as_array().expect("an array").clone();
        let names: BTreeMap<_, _> = list(&metadata["packages"])
            .iter()
            .map(|p| (text(&p["id"]), text(&p["name"])))
            .collect();
        let members = list(&metadata["workspace_members"])
            .iter()
            .map(|id| names[&text(id)].clone())
            .collect();
        let normal = |dep: &Json| list(&dep["dep_kinds"]).iter().any(|kind| kind["kind"].is_null());
        let edges = list(&metadata["resolve"]["nodes"])
            .iter()
            .map(|node| {
                let deps = list(&node["deps"]);
                (
                    text(&node["id"]),
                    deps.iter().filter(|d| normal(d)).map(|d| text(&d["pkg"])).collect(),
                )
            })
            .collect();
        Self { members, names, edges }
    }

    /// Names of every package in the graph, our own and others'.
    pub fn packages(&self) -> BTreeSet<&str> {
        self.names.values().map(String::as_str).collect()
    }

    /// The members that `package` depends on directly.
    pub fn member_dependencies(&self, package: &str) -> BTreeSet<&str> {
        let direct = self.edges[self.id(package)].iter().map(|id| self.names[id].as_str());
        direct.filter(|name| self.members.contains(*name)).collect()
    }

    /// Everything that is linked into `package`, itself included.
    pub fn closure(&self, package: &str) -> BTreeSet<&str> {
        let mut seen = BTreeSet::new();
        let mut waiting = vec![self.id(package)];
        while let Some(id) = waiting.pop() {
            if seen.insert(id) {
                waiting.extend(self.edges[id].iter().map(String::as_str));
            }
        }
        seen.into_iter().map(|id| self.names[id].as_str()).collect()
    }

    fn id(&self, package: &str) -> &str {
        let (id, _) = self
            .names
            .iter()
            .find(|(_, name)| *name == package)
            .expect("a package of the graph");
        id
    }
}

/// Every Rust file of the workspace with its path from the root; build output and data folders are left out.
pub fn rust_files() -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("readable") {
            let path = entry.expect("readable").path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if path.is_dir() && !name.starts_with('.') && !["target", "var"].contains(&name) {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("UTF-8");
                files.push((path.strip_prefix(root()).expect("below the root").to_owned(), text));
            }
        }
    }
    files.sort();
    files
}
