//! Runs cargo in the node's workspace and reads what it resolved. A command that fails ends the build with the step's name.
use anyhow::{bail, Context, Result};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The workspace of the node, one level above this crate.
pub struct Workspace {
    /// The folder with `Cargo.toml`, `patches/` and `pkg/`.
    pub root: PathBuf,
}

impl Workspace {
    /// Finds the workspace from where cargo says this crate lies.
    pub fn locate() -> Result<Self> {
        let xtask = std::env::var("CARGO_MANIFEST_DIR").context("start this through `cargo xtask`")?;
        let root = Path::new(&xtask).parent().context("xtask lies in no folder")?;
        Ok(Self { root: root.to_owned() })
    }

    /// A cargo command in the workspace, of the same toolchain as this one.
    pub fn cargo_command(&self, arguments: &[&str]) -> Command {
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
        let mut command = Command::new(cargo);
        command.current_dir(&self.root).args(arguments);
        command
    }

    /// Runs a cargo command, its output visible.
    pub fn cargo(&self, step: &str, arguments: &[&str]) -> Result<()> {
        run(step, &mut self.cargo_command(arguments))
    }

    /// `cargo metadata` of a manifest relative to the workspace; fetches what is missing and checks its checksum.
    pub fn metadata(&self, manifest: &str, arguments: &[&str]) -> Result<Value> {
        let mut command = self.cargo_command(&["metadata", "--format-version", "1", "--manifest-path", manifest]);
        let output = command
            .args(arguments)
            .stderr(std::process::Stdio::inherit())
            .output()?;
        if !output.status.success() {
            bail!("cargo metadata of {manifest} failed");
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// Where cargo puts what it builds; `CARGO_TARGET_DIR` is respected.
    pub fn target_directory(&self) -> Result<PathBuf> {
        let metadata = self.metadata("Cargo.toml", &["--no-deps"])?;
        let directory = metadata["target_directory"]
            .as_str()
            .context("cargo metadata names no target directory")?;
        Ok(directory.into())
    }

    /// The folder of a package's published source.
    pub fn package_source(&self, manifest: &str, name: &str) -> Result<PathBuf> {
        let metadata = self.metadata(manifest, &["--locked"])?;
        let package = metadata["packages"]
            .as_array()
            .and_then(|packages| packages.iter().find(|package| package["name"] == name))
            .with_context(|| format!("{manifest} does not depend on {name}"))?;
        let manifest_path = package["manifest_path"]
            .as_str()
            .context("a package without manifest")?;
        Ok(Path::new(manifest_path)
            .parent()
            .context("a manifest in no folder")?
            .to_owned())
    }

    /// One entry of a Cargo.lock, as its `key = "value"` pairs say.
    pub fn locked(&self, lock: &str, package: &str, key: &str) -> Result<String> {
        let text = fs::read_to_string(self.root.join(lock)).with_context(|| format!("cannot read {lock}"))?;
        let name = format!("name = \"{package}\"");
        let prefix = format!("{key} = \"");
        text.split("[[package]]")
            .find(|entry| entry.lines().any(|line| line == name))
            .and_then(|entry| entry.lines().find_map(|line| line.strip_prefix(&prefix)))
            .map(|value| value.trim_end_matches('"').to_owned())
            .with_context(|| format!("{lock} has no {key} for {package}"))
    }
}

/// Runs a command, its output visible; says which step it was before, and again if it fails.
pub fn run(step: &str, command: &mut Command) -> Result<()> {
    progress(step);
    let status = command
        .status()
        .with_context(|| format!("{step}: cannot start {:?}", command.get_program()))?;
    if !status.success() {
        bail!("{step} failed ({status})");
    }
    Ok(())
}

/// One visible line a step.
pub fn progress(step: &str) {
    println!("==> {step}");
}
