//! The values that rules compare with, and their text form.
//!
//! The text form is one `key = value` per line; `#` starts a comment. Lists
//! are separated by spaces. The research launcher reads it from a root-owned
//! file, the hardened launcher has it baked in at build time.

use alloc::borrow::Cow;
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt;

use crate::evidence::Limit;
use crate::lines::{self, LineError};
use crate::names::Names;

/// Values that rules compare with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// uid of the only caller that may use the launcher.
    pub caller: u32,
    /// Directory that every bundle must lie in; absolute.
    pub base: String,
    /// Least target uid.
    pub minimum_uid: u32,
    /// Least target gid.
    pub minimum_gid: u32,
    /// Most bytes in one argument.
    pub longest_argument: usize,
    /// Environment names that pass; a trailing `*` matches any rest.
    pub environment: Names,
    /// Environment names that make a program load code or trust; a trailing
    /// `*` matches any rest.
    pub loading_environment: Names,
    /// Most environment entries.
    pub most_environment: usize,
    /// Most bytes in one environment entry.
    pub longest_environment: usize,
    /// `PATH` of every start.
    pub path: String,
    /// Resource limits that an init starts with, each name once; those not listed
    /// are left as they are.
    pub limits: Vec<Limit>,
    /// Capabilities that may be asked for, bit `n` for capability `n`.
    pub capabilities: u64,
    /// Filesystem types that may be mounted.
    pub mount_types: Vec<String>,
    /// Host directories that may be bound read-only (themselves and beneath).
    pub mount_sources: Vec<String>,
    /// Programs that hooks may run.
    pub hooks: Vec<String>,
    /// Namespaces that may be shared with the host.
    pub shared_namespaces: Vec<String>,
    /// Highest host id that counts as the system's, for user mappings.
    pub highest_system_id: u32,
    /// Owner uid of configurations (the launcher's effective uid).
    pub launcher_uid: u32,
    /// Owner gid of configurations (the launcher's effective gid).
    pub launcher_gid: u32,
}

impl Default for Policy {
    /// The policy of a small hosting platform: front service `www-data`,
    /// tenants from 10000, suEXEC's environment list.
    fn default() -> Self {
        Self {
            caller: 33,
            base: "/srv/containers".to_owned(),
            minimum_uid: 1000,
            minimum_gid: 1000,
            longest_argument: 4096,
            environment: Names::of(SUEXEC_ENVIRONMENT),
            loading_environment: Names::of(LOADING_ENVIRONMENT),
            most_environment: 256,
            longest_environment: 32 * 1024,
            path: "/usr/local/bin:/usr/bin:/bin".to_owned(),
            limits: limits(DEFAULT_LIMITS).unwrap_or_default(),
            capabilities: 1 << 10, // CAP_NET_BIND_SERVICE
            mount_types: words("proc sysfs tmpfs devpts mqueue bind"),
            mount_sources: words("/usr /srv/shared"),
            hooks: Vec::new(),
            shared_namespaces: Vec::new(),
            highest_system_id: 999,
            launcher_uid: 0,
            launcher_gid: 0,
        }
    }
}

/// Names that Apache suEXEC lets through (httpd `support/suexec.c`, 2.4);
/// `HTTP_PROXY` is taken out by the matching function, as there.
pub const SUEXEC_ENVIRONMENT: &str = "HTTP_* SSL_* AUTH_TYPE CONTENT_LENGTH CONTENT_TYPE \
     CONTEXT_DOCUMENT_ROOT CONTEXT_PREFIX DATE_GMT DATE_LOCAL DOCUMENT_ARGS DOCUMENT_NAME \
     DOCUMENT_PATH_INFO DOCUMENT_ROOT DOCUMENT_URI GATEWAY_INTERFACE HTTPS LAST_MODIFIED \
     PATH_INFO PATH_TRANSLATED QUERY_STRING QUERY_STRING_UNESCAPED REMOTE_ADDR REMOTE_HOST \
     REMOTE_IDENT REMOTE_PORT REMOTE_USER REDIRECT_ERROR_NOTES REDIRECT_HANDLER \
     REDIRECT_QUERY_STRING REDIRECT_REMOTE_USER REDIRECT_SCRIPT_FILENAME REDIRECT_STATUS \
     REDIRECT_URL REQUEST_METHOD REQUEST_SCHEME REQUEST_URI SCRIPT_FILENAME SCRIPT_NAME \
     SCRIPT_URI SCRIPT_URL SERVER_ADDR SERVER_ADMIN SERVER_NAME SERVER_PORT SERVER_PROTOCOL \
     SERVER_SIGNATURE SERVER_SOFTWARE UNIQUE_ID USER_NAME TZ";

/// Variables that make a loader, an interpreter, a shell or a TLS library
/// load code or trust from where their value says.
pub const LOADING_ENVIRONMENT: &str = "LD_* GLIBC_TUNABLES GCONV_PATH LOCPATH NLSPATH \
     HOSTALIASES RESOLV_HOST_CONF MALLOC_* BASH_ENV ENV BASH_FUNC_* SHELLOPTS BASHOPTS PS4 IFS \
     CDPATH GLOBIGNORE PROMPT_COMMAND PERL5LIB PERL5OPT PERLLIB PERL5DB PYTHONPATH PYTHONHOME \
     PYTHONSTARTUP PYTHONINSPECT RUBYLIB RUBYOPT NODE_OPTIONS NODE_PATH JAVA_TOOL_OPTIONS \
     _JAVA_OPTIONS CLASSPATH PHPRC PHP_INI_SCAN_DIR LUA_PATH LUA_CPATH LUA_INIT \
     SSL_CERT_FILE SSL_CERT_DIR OPENSSL_CONF OPENSSL_MODULES HTTP_PROXY";

/// What the Linux kernel gives its first process, with core dumps off
/// (torvalds/linux, `include/asm-generic/resource.h`).
pub const DEFAULT_LIMITS: &str = "nofile=1024:4096 core=0:0 fsize=unlimited:unlimited \
     data=unlimited:unlimited as=unlimited:unlimited stack=8388608:unlimited \
     cpu=unlimited:unlimited";

/// Names of resource limits, as in `getrlimit(2)` without the prefix.
pub const LIMIT_NAMES: [&str; 16] = [
    "as",
    "core",
    "cpu",
    "data",
    "fsize",
    "locks",
    "memlock",
    "msgqueue",
    "nice",
    "nofile",
    "nproc",
    "rss",
    "rtprio",
    "rttime",
    "sigpending",
    "stack",
];

impl Policy {
    /// Reads the text form; keys that are absent keep their default.
    ///
    /// # Errors
    /// Names the line of an unknown key, a repeated key or an unusable value.
    pub fn parse(text: &str) -> Result<Self, LineError> {
        let mut policy = Self::default();
        lines::each(text, |key, value| policy.set(key, value))?;
        Ok(policy)
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        match key {
            "caller" => self.caller = number(key, value)?,
            "base" if value.starts_with('/') => value.clone_into(&mut self.base),
            "base" => return Err(format!("`base` must be an absolute path, found `{value}`")),
            "minimum-uid" => self.minimum_uid = number(key, value)?,
            "minimum-gid" => self.minimum_gid = number(key, value)?,
            "longest-argument" => self.longest_argument = number(key, value)?,
            "environment" => self.environment = names(value),
            "loading-environment" => self.loading_environment = names(value),
            "most-environment" => self.most_environment = number(key, value)?,
            "longest-environment" => self.longest_environment = number(key, value)?,
            "path" => value.clone_into(&mut self.path),
            "limits" => self.limits = limits(value)?,
            "capabilities" => self.capabilities = number(key, value)?,
            "mount-types" => self.mount_types = words(value),
            "mount-sources" => self.mount_sources = words(value),
            "hooks" => self.hooks = words(value),
            "shared-namespaces" => self.shared_namespaces = words(value),
            "highest-system-id" => self.highest_system_id = number(key, value)?,
            "launcher-uid" => self.launcher_uid = number(key, value)?,
            "launcher-gid" => self.launcher_gid = number(key, value)?,
            _ => {
                return Err(format!(
                    "unknown key `{key}`; known keys: {}",
                    Self::KEYS.join(", ")
                ));
            }
        }
        Ok(())
    }

    /// Keys of the text form.
    pub const KEYS: [&'static str; 19] = [
        "caller",
        "base",
        "minimum-uid",
        "minimum-gid",
        "longest-argument",
        "environment",
        "loading-environment",
        "most-environment",
        "longest-environment",
        "path",
        "limits",
        "capabilities",
        "mount-types",
        "mount-sources",
        "hooks",
        "shared-namespaces",
        "highest-system-id",
        "launcher-uid",
        "launcher-gid",
    ];

    /// Whether the environment name passes; `HTTP_PROXY` never does
    /// (CVE-2016-5387), and `PATH` always does, since suEXEC keeps a `PATH`
    /// for every program: its value is the fact of `path-differs-from-policy`.
    #[must_use]
    pub fn passes_environment(&self, name: &[u8]) -> bool {
        name == b"PATH" || name != b"HTTP_PROXY" && self.environment.has(name)
    }

    /// Whether the variable makes a program load code or trust.
    #[must_use]
    pub fn is_loading_environment(&self, name: &[u8]) -> bool {
        self.loading_environment.has(name)
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "caller = {}", self.caller)?;
        writeln!(f, "base = {}", self.base)?;
        writeln!(f, "minimum-uid = {}", self.minimum_uid)?;
        writeln!(f, "minimum-gid = {}", self.minimum_gid)?;
        writeln!(f, "longest-argument = {}", self.longest_argument)?;
        writeln!(f, "environment = {}", self.environment)?;
        writeln!(f, "loading-environment = {}", self.loading_environment)?;
        writeln!(f, "most-environment = {}", self.most_environment)?;
        writeln!(f, "longest-environment = {}", self.longest_environment)?;
        writeln!(f, "path = {}", self.path)?;
        let limits: Vec<_> = self.limits.iter().map(limit_text).collect();
        writeln!(f, "limits = {}", limits.join(" "))?;
        writeln!(f, "capabilities = {}", self.capabilities)?;
        writeln!(f, "mount-types = {}", self.mount_types.join(" "))?;
        writeln!(f, "mount-sources = {}", self.mount_sources.join(" "))?;
        writeln!(f, "hooks = {}", self.hooks.join(" "))?;
        let shared = self.shared_namespaces.join(" ");
        writeln!(f, "shared-namespaces = {shared}")?;
        writeln!(f, "highest-system-id = {}", self.highest_system_id)?;
        writeln!(f, "launcher-uid = {}", self.launcher_uid)?;
        writeln!(f, "launcher-gid = {}", self.launcher_gid)
    }
}

fn words(text: &str) -> Vec<String> {
    text.split_ascii_whitespace().map(str::to_owned).collect()
}

fn names(text: &str) -> Names {
    words(text).into_iter().map(Cow::Owned).collect()
}

fn number<T: core::str::FromStr>(key: &str, value: &str) -> Result<T, String> {
    value
        .parse()
        .map_err(|_| format!("`{key}` must be a non-negative number, found `{value}`"))
}

/// Limits written as `name=soft:hard`, each a number or `unlimited`.
fn limits(text: &str) -> Result<Vec<Limit>, String> {
    let mut limits: Vec<Limit> = Vec::new();
    for word in text.split_ascii_whitespace() {
        let wrong = || {
            format!(
                "`limits` takes name=soft:hard with numbers or `unlimited` and soft <= hard, \
                 each name once; found `{word}`; names: {}",
                LIMIT_NAMES.join(", ")
            )
        };
        let value = |text: &str| match text {
            "unlimited" => Ok(u64::MAX),
            _ => text.parse().map_err(|_| wrong()),
        };
        let (name, values) = word.split_once('=').ok_or_else(wrong)?;
        let (soft, hard) = values.split_once(':').ok_or_else(wrong)?;
        let name = LIMIT_NAMES.into_iter().find(|known| *known == name);
        let limit = Limit {
            name: name.ok_or_else(wrong)?,
            soft: value(soft)?,
            hard: value(hard)?,
        };
        if limit.soft > limit.hard || limits.iter().any(|other| other.name == limit.name) {
            return Err(wrong());
        }
        limits.push(limit);
    }
    Ok(limits)
}

fn limit_text(limit: &Limit) -> String {
    let value = |value: u64| match value {
        u64::MAX => "unlimited".to_owned(),
        number => number.to_string(),
    };
    format!("{}={}:{}", limit.name, value(limit.soft), value(limit.hard))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_form_comes_back_as_it_was() {
        let policy = Policy {
            caller: 42,
            hooks: vec!["/usr/bin/true".to_owned()],
            ..Policy::default()
        };
        assert_eq!(Policy::parse(&policy.to_string()), Ok(policy));
    }

    #[test]
    fn errors_name_line_and_key() {
        let unknown = Policy::parse("caller = 33\nbasis = /x").unwrap_err();
        assert_eq!(unknown.line, 2);
        assert!(unknown.message.contains("unknown key `basis`"), "{unknown}");
        let twice = Policy::parse("caller = 1\ncaller = 2").unwrap_err();
        assert!(twice.message.contains("twice"), "{twice}");
        let text = Policy::parse("minimum-uid = many").unwrap_err();
        assert!(text.message.contains("non-negative number"), "{text}");
        assert!(Policy::parse("base = here").is_err());
        assert!(Policy::parse("base").is_err());
    }

    #[test]
    fn limits_are_read_by_name_and_must_make_sense() {
        let policy = Policy::parse("limits = nofile=10:20 core=0:unlimited").unwrap();
        let limit = |name, soft, hard| Limit { name, soft, hard };
        let expected = vec![limit("nofile", 10, 20), limit("core", 0, u64::MAX)];
        assert_eq!(policy.limits, expected);
        assert_eq!(Policy::default().limits.len(), 7);
        assert_eq!(Policy::parse("limits =").unwrap().limits, []);
        for wrong in [
            "files=1:2",
            "core=1",
            "core=2:1",
            "core=0:0 core=0:0",
            "core=-1:0",
        ] {
            let error = Policy::parse(&format!("limits = {wrong}")).unwrap_err();
            assert!(error.message.contains("name=soft:hard"), "{error}");
        }
    }

    #[test]
    fn http_proxy_never_passes_although_the_prefix_does() {
        let policy = Policy::default();
        assert!(policy.passes_environment(b"HTTP_HOST"));
        assert!(policy.passes_environment(b"PATH"));
        assert!(!policy.passes_environment(b"HTTP_PROXY"));
        assert!(!policy.passes_environment(b"LD_PRELOAD"));
        assert!(policy.is_loading_environment(b"LD_PRELOAD"));
        assert!(!policy.is_loading_environment(b"LDFLAGS"));
    }
}
