//! Writes the table of the WGSL files, so that a new one needs no line elsewhere. A test validates them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=wgsl");
    let root = Path::new(&env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("wgsl");
    let mut files = Vec::new();
    collect(&root, &mut files)?;
    files.sort();
    let mut table = "/// Path and text of every file.\npub const FILES: &[(&str, &str)] = &[\n".to_owned();
    for file in files {
        let name = file.strip_prefix(&root).unwrap_or(&file).to_string_lossy().replace('\\', "/");
        let _ = writeln!(table, "    ({name:?}, include_str!({:?})),", file.to_string_lossy());
    }
    table += "];\n";
    fs::write(Path::new(&env::var_os("OUT_DIR").unwrap_or_default()).join("files.rs"), table)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|e| e == "wgsl") {
            files.push(path);
        }
    }
    Ok(())
}
