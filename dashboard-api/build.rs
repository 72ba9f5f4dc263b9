//! Lists what `cargo xtask console` has built, so that it stands in the binary. It builds none of it: without the files
//! the binary has no console and says so.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let package = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let dist = package.join("../console/dist");
    println!("cargo::rerun-if-changed={}", dist.display());
    let site = dist.join("site");
    let mut files = Vec::new();
    if site.is_dir() {
        list(&site, &mut files)?;
    }
    files.sort();
    let mut code = String::from("pub(crate) static FILES: &[File] = &[\n");
    for file in files.iter().filter(|file| !is_packed(file)) {
        let path = file.strip_prefix(&site).unwrap_or(file).to_string_lossy().replace('\\', "/");
        let packed = |ending: &str| {
            let packed = PathBuf::from(format!("{}.{ending}", file.display()));
            if packed.is_file() { format!("Some({})", included(&packed)) } else { "None".to_owned() }
        };
        let (br, gzip) = (packed("br"), packed("gz"));
        let plain = included(file);
        writeln!(code, "    File {{ path: {path:?}, plain: {plain}, br: {br}, gzip: {gzip} }},").ok();
    }
    code.push_str("];\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("console.rs"), code)
}

fn list(dir: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() { list(&path, files)? } else { files.push(path) }
    }
    Ok(())
}

fn is_packed(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "br" || ending == "gz")
}

fn included(path: &Path) -> String {
    format!("include_bytes!({:?})", path.display().to_string())
}
