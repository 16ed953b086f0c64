//! What must hold before Rust code is merged: formatted, and not one warning, natively and for the browser.
use crate::cargo::{run, Workspace};
use crate::glue::TARGET;
use crate::toolchain;
use anyhow::Result;

/// Runs every check; the first that fails ends it.
pub fn check(workspace: &Workspace) -> Result<()> {
    workspace.cargo("rustfmt", &["fmt", "--check"])?;
    workspace.cargo(
        "rustfmt, xtask",
        &["fmt", "--check", "--manifest-path", "xtask/Cargo.toml"],
    )?;
    workspace.cargo(
        "clippy, xtask",
        &["clippy", "--manifest-path", "xtask/Cargo.toml", "--", "-D", "warnings"],
    )?;
    workspace.cargo(
        "clippy, native",
        &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"],
    )?;
    let mut wasm = workspace.cargo_command(&[
        "clippy",
        "--workspace",
        "--lib",
        "--target",
        TARGET,
        "--",
        "-D",
        "warnings",
    ]);
    run("clippy, wasm32", wasm.envs(toolchain::variables()?))
}
