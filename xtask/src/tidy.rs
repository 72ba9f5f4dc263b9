//! The rules that no compiler knows, each a small function: who may depend on whom, which words have no place in the
//! code, how long a file may grow, which licences may come in.

mod complaint;
mod dependencies;
mod edges;
mod functions;
mod license;
mod mask;
mod npm;
mod text;

use anyhow::{Context, Result};

use self::complaint::{Complaint, Weight};
use crate::{metadata, repository};

/// Where the product runs; crates that only other systems need are no concern of the rule on duplicates.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

/// Checks everything, prints what is wrong, and says whether nothing was.
pub(crate) fn run() -> Result<bool> {
    let root = repository::root()?;
    let packages = metadata::packages(&root, None)?;
    let on_platform = metadata::packages(&root, Some(PLATFORM))?;
    let deny = std::fs::read_to_string(root.join("deny.toml")).context("reading deny.toml")?;

    let allowed = license::allowed_by(&deny)?;
    let mut complaints = edges::check(&packages);
    complaints.extend(dependencies::check_sources(&packages));
    complaints.extend(dependencies::check_licenses(&packages, &allowed));
    complaints.extend(dependencies::check_duplicates(&on_platform));
    for file in repository::files(&root)? {
        complaints.extend(text::check(&file));
        if file.path.ends_with(".rs") {
            complaints.extend(functions::check(&file));
        }
        if file.path == npm::LOCK {
            complaints.extend(npm::check(&file.text, &allowed));
        }
    }
    Ok(report(&complaints))
}

fn report(complaints: &[Complaint]) -> bool {
    for complaint in complaints {
        println!("{complaint}");
    }
    let errors = complaints.iter().filter(|c| c.weight == Weight::Error).count();
    println!("tidy: {errors} errors, {} warnings", complaints.len() - errors);
    errors == 0
}
