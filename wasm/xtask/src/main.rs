//! The commands of the Rust build. Every one of them prepares the patched sources first, so none can build without the patches.
mod cargo;
mod check;
mod glue;
mod prepare;
mod toolchain;
mod vectors;

use anyhow::{bail, Result};
use cargo::Workspace;
use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask <command>
  prepare        fetch the published crates that patches/ changes, and apply the patches to a copy under target/
  build [--dev]  compile the node to WebAssembly into pkg/ (--dev: quick to build, slow to run)
  test           run the native tests
  test-wasm      run libsecp256k1's own vectors through the WebAssembly build, under Node
  check          rustfmt and clippy, native and for WebAssembly";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let workspace = Workspace::locate()?;
    match arguments.as_slice() {
        ["prepare"] => prepare::prepare(&workspace),
        ["build"] => build(&workspace, glue::Profile::Release),
        ["build", "--dev"] => build(&workspace, glue::Profile::Development),
        ["test"] => {
            prepare::prepare(&workspace)?;
            workspace.cargo("native tests", &["test", "--workspace"])
        }
        ["test-wasm"] => {
            prepare::prepare(&workspace)?;
            vectors::run_under_node(&workspace)
        }
        ["check"] => {
            prepare::prepare(&workspace)?;
            check::check(&workspace)
        }
        _ => bail!(USAGE),
    }
}

fn build(workspace: &Workspace, profile: glue::Profile) -> Result<()> {
    prepare::prepare(workspace)?;
    glue::build(
        workspace,
        &glue::Module {
            package: "tern-bindings",
            out_name: "tern",
            out_dir: workspace.root.join("pkg"),
        },
        profile,
    )
}
