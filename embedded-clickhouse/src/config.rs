//! What the operator says, and what the engine is told.
//!
//! The engine would otherwise read a `config.xml` from the working directory, the home directory or `/etc`. It is
//! always given ours, written anew at every start into the data directory.

pub(crate) mod args;
pub(crate) mod library;

use std::io;
use std::path::{Path, PathBuf};

/// The engine's roles; which one a request runs under is decided by `policy`.
pub(crate) const WRITE_ROLE: &str = "gateway_write";
pub(crate) const READ_ROLE: &str = "gateway_read";

/// The engine's two configuration files and the arguments every connection is opened with.
#[derive(Debug, Clone)]
pub(crate) struct EngineConfig {
    /// Absolute, without a trailing slash: the engine compares paths as text.
    pub(crate) data_directory: PathBuf,
    pub(crate) memory_bytes: u64,
    /// Patterns such as `xiezhi.*` or `xiezhi.v_*` that readers may read.
    pub(crate) read_grants: Vec<String>,
}

impl EngineConfig {
    pub(crate) fn write_files(&self) -> io::Result<()> {
        let directory = self.config_directory();
        std::fs::create_dir_all(&directory)?;
        std::fs::create_dir_all(self.store())?;
        std::fs::write(directory.join("config.xml"), self.config_xml())?;
        std::fs::write(directory.join("users.xml"), self.users_xml())
    }

    /// `implicit_select` and the introspection functions are on in the library and off in a server.
    pub(crate) fn connect_arguments(&self) -> Vec<String> {
        vec![
            format!("--path={}", self.store().display()),
            format!("--config-file={}", self.config_directory().join("config.xml").display()),
            "--implicit_select=0".to_owned(),
            "--allow_introspection_functions=0".to_owned(),
        ]
    }

    fn store(&self) -> PathBuf {
        self.data_directory.join("store")
    }

    fn config_directory(&self) -> PathBuf {
        self.data_directory.join("config")
    }

    /// An insert is answered only when its files and their directory are on the disk. The deduplication window makes
    /// `insert_deduplication_token` work on tables that do not ask for it.
    fn config_xml(&self) -> String {
        let path = |path: &Path| escape(&path.display().to_string());
        format!(
            "<clickhouse>
    <path>{store}/</path>
    <tmp_path>{store}/tmp/</tmp_path>
    <user_files_path>{store}/user_files/</user_files_path>
    <users_config>{users}</users_config>
    <timezone>UTC</timezone>
    <max_server_memory_usage>{memory}</max_server_memory_usage>
    <mark_cache_size>{cache}</mark_cache_size>
    <merge_tree>
        <fsync_after_insert>1</fsync_after_insert>
        <fsync_part_directory>1</fsync_part_directory>
        <non_replicated_deduplication_window>1000</non_replicated_deduplication_window>
    </merge_tree>
</clickhouse>
",
            store = path(&self.store()),
            users = path(&self.config_directory().join("users.xml")),
            memory = self.memory_bytes,
            cache = self.memory_bytes / 8,
        )
    }

    /// The engine knows one user. It holds nothing but the two roles: no source (file, URL, S3, …) in either, so a
    /// mistyped address cannot hold a request for minutes, and no way to stop the engine.
    fn users_xml(&self) -> String {
        let reads: String = self
            .read_grants
            .iter()
            .map(|pattern| grant(&format!("GRANT SELECT, SHOW, dictGet ON {pattern}")))
            .chain(
                ["system", "information_schema", "INFORMATION_SCHEMA"]
                    .map(|database| grant(&format!("GRANT SELECT ON {database}.*"))),
            )
            .collect();
        let writes: String = ["GRANT ALL ON *.*", "REVOKE SOURCES ON *.*", "REVOKE SYSTEM SHUTDOWN ON *.*"]
            .map(grant)
            .concat();
        let roles = [WRITE_ROLE, READ_ROLE].map(|role| grant(&format!("GRANT {role}"))).concat();
        format!(
            "<clickhouse>
    <profiles><default/></profiles>
    <quotas><default/></quotas>
    <roles>
        <{WRITE_ROLE}><grants>{writes}</grants></{WRITE_ROLE}>
        <{READ_ROLE}><grants>{reads}</grants></{READ_ROLE}>
    </roles>
    <users>
        <default>
            <password></password>
            <networks><ip>::/0</ip></networks>
            <profile>default</profile>
            <quota>default</quota>
            <grants>{roles}</grants>
        </default>
    </users>
</clickhouse>
"
        )
    }
}

fn grant(query: &str) -> String {
    format!("<query>{}</query>", escape(query))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> EngineConfig {
        EngineConfig {
            data_directory: PathBuf::from("/data/a&b"),
            memory_bytes: 1 << 30,
            read_grants: vec!["xiezhi.v_*".to_owned()],
        }
    }

    #[test]
    fn paths_are_escaped_and_inserts_reach_the_disk() {
        let xml = config().config_xml();
        assert!(xml.contains("<path>/data/a&amp;b/store/</path>"));
        assert!(xml.contains("<fsync_after_insert>1<") && xml.contains("<timezone>UTC<"));
    }

    #[test]
    fn readers_get_the_named_patterns_and_no_sources() {
        let xml = config().users_xml();
        assert!(xml.contains("GRANT SELECT, SHOW, dictGet ON xiezhi.v_*<"));
        assert!(xml.contains("REVOKE SOURCES ON *.*"));
    }

    #[test]
    fn every_connection_names_the_same_path_and_config() {
        let arguments = config().connect_arguments();
        assert_eq!(arguments[0], "--path=/data/a&b/store");
        assert_eq!(arguments[1], "--config-file=/data/a&b/config/config.xml");
    }
}
