//! Runs libsecp256k1's published vectors through the very C code and flags that ship, compiled to WebAssembly, under Node.
use crate::cargo::{run, Workspace};
use crate::glue::{self, Module, Profile};
use anyhow::Result;
use std::process::Command;

/// Builds the vectors' module as a release, and lets Node judge it.
pub fn run_under_node(workspace: &Workspace) -> Result<()> {
    let out_dir = workspace.target_directory()?.join("vectors");
    let module = Module {
        package: "tern-vectors",
        out_name: "vectors",
        out_dir: out_dir.clone(),
    };
    glue::build(workspace, &module, Profile::Release)?;
    let secp256k1 = workspace
        .package_source("Cargo.toml", "secp256k1-sys")?
        .join("depend/secp256k1");
    run(
        "libsecp256k1's vectors under Node",
        Command::new("node")
            .arg(workspace.root.join("vectors/run.mjs"))
            .arg(out_dir)
            .arg(secp256k1),
    )
}
