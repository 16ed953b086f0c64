//! Makes `target/patched/`: published crates with the diffs of `patches/` applied. The copy always equals checksum + patches, or is made anew.
use crate::cargo::{progress, run, Workspace};
use anyhow::{bail, Context, Result};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The crate that all patches change; `Cargo.lock` beside this crate pins its version and checksum.
const PATCHED: &str = "lightning";
const LOCK: &str = "xtask/Cargo.lock";
const MANIFEST: &str = "xtask/Cargo.toml";
/// Cargo hides the warnings of published crates, but not those of a local copy.
const LINTS: &str = "\n[lints.rust]\nwarnings = \"allow\"\n";
const STAMP: &str = ".patched-from";

/// Fetches and patches, unless the copy is already what it should be.
pub fn prepare(workspace: &Workspace) -> Result<()> {
    let parent = workspace.root.join("target/patched");
    fs::create_dir_all(&parent)?;
    let guard = File::create(parent.join(".lock"))?;
    guard.lock().context("cannot lock target/patched")?;

    let patches = patches(&workspace.root.join("patches"))?;
    let wanted = fingerprint(workspace, &patches)?;
    let target = parent.join(PATCHED);
    if fs::read_to_string(target.join(STAMP)).is_ok_and(|stamp| stamp == wanted) {
        return Ok(());
    }

    let source = workspace.package_source(MANIFEST, PATCHED)?;
    let partial = parent.join(format!("{PATCHED}.partial"));
    remove(&partial)?;
    progress(&format!(
        "copying {}",
        source.file_name().unwrap_or_default().to_string_lossy()
    ));
    copy(&source, &partial)?;
    for patch in &patches {
        apply(patch, &partial)?;
    }
    silence(&partial.join("Cargo.toml"))?;
    fs::write(partial.join(STAMP), wanted)?;
    remove(&target)?;
    fs::rename(&partial, &target)?;
    Ok(())
}

fn patches(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut patches = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "patch") {
            patches.push(path);
        }
    }
    patches.sort();
    if patches.is_empty() {
        bail!("{} holds no patch: is the checkout complete?", directory.display());
    }
    Ok(patches)
}

/// What the copy is made from: the published crate's checksum, and each patch.
fn fingerprint(workspace: &Workspace, patches: &[PathBuf]) -> Result<String> {
    let mut hash = Sha256::new();
    hash.update(LINTS);
    hash.update(workspace.locked(LOCK, PATCHED, "checksum")?);
    for patch in patches {
        let bytes = fs::read(patch)?;
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// `git apply` refuses a patch that does not fit; the ceiling keeps it from treating the copy as part of this repository,
/// where it would skip ignored paths in silence.
fn apply(patch: &Path, directory: &Path) -> Result<()> {
    let name = patch.file_name().unwrap_or_default().to_string_lossy();
    let ceiling = directory.parent().context("the copy lies in no folder")?;
    run(
        &format!("applying patches/{name}"),
        Command::new("git")
            .current_dir(directory)
            .env("GIT_CEILING_DIRECTORIES", ceiling)
            .env_remove("GIT_DIR")
            .args(["apply", "--whitespace=nowarn"])
            .arg(patch),
    )
}

fn silence(manifest: &Path) -> Result<()> {
    let text = fs::read_to_string(manifest)?;
    if text.contains("[lints") {
        bail!(
            "{} brings its own lints: say here how to silence them",
            manifest.display()
        );
    }
    fs::write(manifest, format!("{text}{LINTS}"))?;
    Ok(())
}

fn remove(directory: &Path) -> Result<()> {
    if directory.exists() {
        fs::remove_dir_all(directory).with_context(|| format!("cannot remove {}", directory.display()))?;
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}
