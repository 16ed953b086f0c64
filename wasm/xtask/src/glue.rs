//! Compiles a crate to WebAssembly and writes its JavaScript and TypeScript beside it. wasm-bindgen and its generator are of one version.
use crate::cargo::{progress, run, Workspace};
use crate::toolchain;
use anyhow::{bail, Context, Result};
use std::fs;
use std::path::PathBuf;
use wasm_bindgen_cli_support::Bindgen;

/// The target triple of everything that runs in a browser.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// How much time goes into optimising.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    Release,
    Development,
}

impl Profile {
    fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Development => "wasm-dev",
        }
    }
}

/// A crate and where its module goes.
pub struct Module {
    pub package: &'static str,
    /// The stem of the files: `<out_name>.js`, `<out_name>.d.ts`, `<out_name>_bg.wasm`.
    pub out_name: &'static str,
    pub out_dir: PathBuf,
}

/// Compiles and binds. A release build keeps to Cargo.lock.
pub fn build(workspace: &Workspace, module: &Module, profile: Profile) -> Result<()> {
    assert_lockstep(workspace)?;
    let mut command = workspace.cargo_command(&[
        "build",
        "--target",
        TARGET,
        "--package",
        module.package,
        "--profile",
        profile.name(),
    ]);
    command.envs(toolchain::variables()?);
    if profile == Profile::Release {
        command.arg("--locked");
    }
    run(
        &format!("compiling {} ({})", module.package, profile.name()),
        &mut command,
    )?;

    progress("writing the JavaScript bindings");
    let artifact = format!("{TARGET}/{}/{}.wasm", profile.name(), module.package.replace('-', "_"));
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(workspace.target_directory()?.join(artifact))
        .out_name(module.out_name)
        .web(true)?
        .typescript(true)
        .remove_name_section(profile == Profile::Release);
    bindgen
        .generate(&module.out_dir)
        .context("wasm-bindgen could not read the module")?;

    let wasm = module.out_dir.join(format!("{}_bg.wasm", module.out_name));
    let size_bytes = fs::metadata(&wasm)?.len();
    progress(&format!("{} ({:.2} MB)", wasm.display(), size_bytes as f64 / 1e6));
    Ok(())
}

/// The module and the generator speak a format that changes with every release.
fn assert_lockstep(workspace: &Workspace) -> Result<()> {
    let library = workspace.locked("Cargo.lock", "wasm-bindgen", "version")?;
    let generator = workspace.locked("xtask/Cargo.lock", "wasm-bindgen-cli-support", "version")?;
    if library != generator {
        bail!("wasm-bindgen is {library} but wasm-bindgen-cli-support is {generator}: pin both to one version");
    }
    Ok(())
}
