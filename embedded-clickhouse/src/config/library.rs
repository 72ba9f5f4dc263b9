//! Where the engine's library is.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The same as in deploy/clickhouse/fetch-libchdb.sh; a test holds them together.
pub(crate) const LIBRARY_VERSION: &str = "26.7.3-stable.1";

/// The first of: the path given, `$LIBCHDB_PATH`, the cache that fetch-libchdb.sh fills.
pub(crate) fn locate(
    given: Option<&Path>,
    environment: impl Fn(&str) -> Option<OsString>,
) -> Result<PathBuf, String> {
    let from_environment = environment("LIBCHDB_PATH").filter(|path| !path.is_empty()).map(PathBuf::from);
    let path = match given.map(Path::to_path_buf).or(from_environment) {
        Some(path) => path,
        None => cached(&environment).ok_or("neither XDG_CACHE_HOME nor HOME is set")?,
    };
    if path.is_file() {
        return std::path::absolute(&path).map_err(|error| error.to_string());
    }
    Err(format!(
        "the engine's library is not at {}; run deploy/clickhouse/fetch-libchdb.sh to get it, \
         or name it with --library or LIBCHDB_PATH",
        path.display()
    ))
}

fn cached(environment: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let set = |name: &str| environment(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")))?;
    Some(cache.join("libchdb").join(format!("{LIBRARY_VERSION}-x86_64")).join("libchdb.so"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home_only(name: &str) -> Option<OsString> {
        (name == "HOME").then(|| "/nowhere".into())
    }

    #[test]
    fn a_missing_library_says_where_it_was_sought_and_how_to_get_it() {
        let error = locate(None, home_only).expect_err("not there");
        assert!(error.contains("/nowhere/.cache/libchdb/26.7.3-stable.1-x86_64/libchdb.so"), "{error}");
        assert!(error.contains("fetch-libchdb.sh"), "{error}");
    }

    #[test]
    fn a_given_path_goes_before_the_environment() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let found = locate(Some(&here), |_| Some("/elsewhere".into()));
        assert_eq!(found, Ok(here));
    }

    #[test]
    fn the_script_fetches_the_version_that_is_sought() {
        let script = include_str!("../../../deploy/clickhouse/fetch-libchdb.sh");
        assert!(script.contains(&format!("\nversion={LIBRARY_VERSION}\n")));
    }
}
