//! The command line, and the checks that make it safe to start.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;

use crate::policy::{Access, User, Users};

/// ClickHouse's engine in one process, speaking ClickHouse's HTTP interface.
#[derive(Debug, Clone, Parser)]
#[command(name = "embedded-clickhouse", version)]
pub struct Args {
    /// Directory of the data; made if it is not there
    #[arg(long)]
    pub path: PathBuf,

    /// Address to listen on; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:8123")]
    pub listen: SocketAddr,

    /// Listen on an address other machines can reach; every user must then have a password
    #[arg(long)]
    pub allow_remote: bool,

    /// The engine, libchdb.so; otherwise $LIBCHDB_PATH or the file fetch-libchdb.sh has put into the cache
    #[arg(long)]
    pub library: Option<PathBuf>,

    /// The user who may do everything but stop the engine and read or write files
    #[arg(long, default_value = "default")]
    pub write_user: String,

    /// Environment variable with the writing user's password; without it no password is asked for
    #[arg(long, value_name = "VAR")]
    pub write_password_env: Option<String>,

    /// A user who may only read; NAME=VAR names the environment variable with the password
    #[arg(long, value_name = "NAME[=VAR]", default_value = "reader")]
    pub read_user: Vec<String>,

    /// What reading users may read besides system.*: DATABASE.TABLE, with * at the end for all that begin so
    #[arg(long, value_name = "PATTERN", default_value = "xiezhi.*")]
    pub read_grant: Vec<String>,

    /// Memory the engine may use, in MiB
    #[arg(long, default_value_t = 2048, value_parser = clap::value_parser!(u64).range(256..))]
    pub max_memory_mib: u64,

    /// Statements that run at once; as many inserts may be open besides them
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=200))]
    pub max_concurrent_queries: u16,

    /// File that receives the URL once requests are answered
    #[arg(long, value_name = "FILE")]
    pub ready_file: Option<PathBuf>,

    /// Stop when this process has ended
    #[arg(long, value_name = "PID")]
    pub parent_pid: Option<u32>,
}

impl Args {
    /// The users, or why the command line cannot be accepted.
    pub(crate) fn users(&self, environment: impl Fn(&str) -> Option<String>) -> Result<Users, String> {
        let password = |variable: &str| {
            environment(variable).ok_or_else(|| format!("the environment variable {variable} is not set"))
        };
        let write_password = self.write_password_env.as_deref().map(password).transpose()?;
        let mut users =
            vec![User { name: self.write_user.clone(), password: write_password, access: Access::Write }];
        for reader in &self.read_user {
            let (name, variable) =
                reader.split_once('=').map_or((reader.as_str(), None), |(n, v)| (n, Some(v)));
            let password = variable.map(password).transpose()?;
            users.push(User { name: name.to_owned(), password, access: Access::Read });
        }
        Users::new(users)
    }

    /// Beyond loopback nothing may be open to whoever asks.
    pub(crate) fn check_exposure(&self, users: &Users) -> Result<(), String> {
        if self.listen.ip().is_loopback() {
            return Ok(());
        }
        if !self.allow_remote {
            return Err(format!(
                "{} can be reached from other machines; say --allow-remote",
                self.listen.ip()
            ));
        }
        users.without_password().map_or(Ok(()), |name| {
            Err(format!("--allow-remote needs a password for every user, and `{name}` has none"))
        })
    }

    /// A pattern goes into the engine's grants as it is, so it may only be a name.
    pub(crate) fn check_read_grants(&self) -> Result<(), String> {
        let is_name =
            |name: &str| !name.is_empty() && name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_');
        for pattern in &self.read_grant {
            let sound = pattern.split_once('.').is_some_and(|(database, table)| {
                let prefix = table.strip_suffix('*');
                is_name(database) && (prefix == Some("") || is_name(prefix.unwrap_or(table)))
            });
            if !sound {
                return Err(format!(
                    "--read-grant `{pattern}` is not of the form DATABASE.TABLE or DATABASE.PREFIX*"
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(more: &[&str]) -> Args {
        Args::try_parse_from(["embedded-clickhouse", "--path", "/data"].iter().chain(more)).expect("valid")
    }

    fn environment(name: &str) -> Option<String> {
        (name == "PW").then(|| "secret".to_owned())
    }

    #[test]
    fn the_defaults_are_an_open_writer_and_an_open_reader_on_loopback() {
        let args = args(&[]);
        let users = args.users(environment).expect("users");
        assert_eq!(users.authenticate("default", "").map(|user| user.access), Ok(Access::Write));
        assert_eq!(users.authenticate("reader", "").map(|user| user.access), Ok(Access::Read));
        assert_eq!(args.check_exposure(&users), Ok(()));
    }

    #[test]
    fn a_password_comes_from_the_environment_or_nothing_starts() {
        let named = args(&["--write-password-env", "PW", "--read-user", "grafana=PW"]);
        let users = named.users(environment).expect("users");
        assert!(users.authenticate("default", "").is_err());
        assert!(users.authenticate("grafana", "secret").is_ok());
        assert!(args(&["--write-password-env", "MISSING"]).users(environment).is_err());
    }

    #[test]
    fn other_machines_need_a_word_and_passwords() {
        let exposed = args(&["--listen", "0.0.0.0:8123"]);
        assert!(exposed.check_exposure(&exposed.users(environment).expect("users")).is_err());
        let open = args(&["--listen", "0.0.0.0:8123", "--allow-remote"]);
        assert!(open.check_exposure(&open.users(environment).expect("users")).is_err());
        let closed =
            args(&["--listen=0.0.0.0:1", "--allow-remote", "--write-password-env=PW", "--read-user=r=PW"]);
        assert_eq!(closed.check_exposure(&closed.users(environment).expect("users")), Ok(()));
    }

    #[test]
    fn a_read_grant_is_a_name_and_nothing_else() {
        for good in ["xiezhi.*", "xiezhi.v_*", "xiezhi.alarms"] {
            assert_eq!(args(&["--read-grant", good]).check_read_grants(), Ok(()), "{good}");
        }
        for bad in ["xiezhi", "*.*", "a.b, c.*", "a.`b`", "a.*b", ".x", "a."] {
            assert!(args(&["--read-grant", bad]).check_read_grants().is_err(), "{bad}");
        }
    }
}
