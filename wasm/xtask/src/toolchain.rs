//! Finds the C compiler for WebAssembly that libsecp256k1 needs. Only one that really targets wasm32 is taken.
use anyhow::{Context, Result};
use std::process::{Command, Stdio};

const COMPILER_VARIABLE: &str = "CC_wasm32_unknown_unknown";
const ARCHIVER_VARIABLE: &str = "AR_wasm32_unknown_unknown";
const VERSIONS: std::ops::RangeInclusive<u32> = 14..=24;

/// The variables that name compiler and archiver; what the environment already names is left alone.
pub fn variables() -> Result<Vec<(&'static str, String)>> {
    let mut variables = Vec::new();
    if std::env::var_os(COMPILER_VARIABLE).is_none() {
        let compiler = find("clang", targets_wasm)
            .context("no clang with a wasm32 target was found: install it (Debian: apt install clang llvm)")?;
        variables.push((COMPILER_VARIABLE, compiler));
    }
    if std::env::var_os(ARCHIVER_VARIABLE).is_none() {
        let archiver = find("llvm-ar", |name| succeeds(name, &["--version"]))
            .context("no llvm-ar was found: install it (Debian: apt install llvm)")?;
        variables.push((ARCHIVER_VARIABLE, archiver));
    }
    Ok(variables)
}

/// The plain name first, then the numbered ones, newest first.
fn find(name: &str, works: impl Fn(&str) -> bool) -> Option<String> {
    let numbered = VERSIONS.rev().map(|version| format!("{name}-{version}"));
    std::iter::once(name.to_owned())
        .chain(numbered)
        .find(|candidate| works(candidate))
}

fn targets_wasm(compiler: &str) -> bool {
    succeeds(
        compiler,
        &[
            "--target=wasm32-unknown-unknown",
            "-fsyntax-only",
            "-x",
            "c",
            "/dev/null",
        ],
    )
}

fn succeeds(program: &str, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
