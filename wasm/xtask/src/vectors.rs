//! Runs libsecp256k1's published vectors through the very C code and flags that ship, compiled to WebAssembly, under Node.
use crate::cargo::{run, Workspace};
use crate::glue::{self, Module, Profile};
use anyhow::{bail, Result};
use std::fs;
use std::path::Path;
use std::process::Command;

/// With window 8 the module is a fifth of a megabyte; the tables of window 15 alone are one.
const LARGEST_SIZE_BYTES: u64 = 500_000;

/// Builds the vectors' module as a release, and lets Node judge it.
pub fn run_under_node(workspace: &Workspace) -> Result<()> {
    let out_dir = workspace.target_directory()?.join("vectors");
    let module = Module {
        package: "tern-vectors",
        out_name: "vectors",
        out_dir: out_dir.clone(),
    };
    glue::build(workspace, &module, Profile::Release)?;
    assert_flags_arrived(&out_dir.join("vectors_bg.wasm"))?;
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

/// Without the flags of `.cargo/config.toml` the vectors pass as well, but against C code that does not ship.
fn assert_flags_arrived(wasm: &Path) -> Result<()> {
    let size_bytes = fs::metadata(wasm)?.len();
    if size_bytes > LARGEST_SIZE_BYTES {
        bail!(
            "{} has {size_bytes} bytes: libsecp256k1 was compiled without the CFLAGS of .cargo/config.toml",
            wasm.display()
        );
    }
    Ok(())
}
