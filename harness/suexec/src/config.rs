//! Two files of root: this program's own, which says in which mode it works,
//! and the original's, which says where a caller's programs lie. Neither
//! argument nor environment changes what is read.

use sekisho_rules::lines;

/// This program's own configuration; fixed when it is compiled.
pub const CONFIGURATION: &str = "/etc/sekisho/suexec.conf";

/// Which of two behaviours a request meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The rules of the registry: component-wise, exact, by descriptor.
    Strict,
    /// As the original does it.
    SuexecExact,
}

impl Mode {
    /// Word in the configuration.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::SuexecExact => "suexec-exact",
        }
    }
}

/// Values of this program's own configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `mode`: `strict` (default) or `suexec-exact`.
    pub mode: Mode,
    /// `callers`: directory with one file per allowed caller, named after it.
    pub callers: String,
    /// `log`: file that records are appended to.
    pub log: String,
    /// `httpd-user`: who beside root is told the settings.
    pub httpd_user: String,
    /// `minimum-uid`: least target uid.
    pub minimum_uid: u32,
    /// `minimum-gid`: least target gid.
    pub minimum_gid: u32,
    /// `path`: `PATH` of every program.
    pub path: String,
}

impl Default for Settings {
    /// What Debian compiles into `suexec-custom`, with a log of our own.
    fn default() -> Self {
        Self {
            mode: Mode::Strict,
            callers: "/etc/apache2/suexec".to_owned(),
            log: "/var/log/apache2/sekisho-suexec.log".to_owned(),
            httpd_user: "www-data".to_owned(),
            minimum_uid: 100,
            minimum_gid: 100,
            path: "/usr/local/bin:/usr/bin:/bin".to_owned(),
        }
    }
}

impl Settings {
    /// Reads [`CONFIGURATION`], which only root can have written
    /// ([`sekisho_sys::trusted`]).
    ///
    /// # Errors
    /// One line: file, line and remedy.
    pub fn load() -> Result<Self, String> {
        let (directory, name) = CONFIGURATION.rsplit_once('/').unwrap_or_default();
        let [text] = sekisho_sys::trusted::read(directory, [name])?;
        Self::parse(&text).map_err(|error| format!("{CONFIGURATION}: {error}"))
    }

    /// `key = value` lines; `#` starts a comment; absent keys keep their
    /// default.
    ///
    /// # Errors
    /// Names the line of an unknown or repeated key or an unusable value.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut settings = Self::default();
        lines::each(text, |key, value| settings.set(key, value))
            .map_err(|error| error.to_string())?;
        Ok(settings)
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        let absolute = || match value.starts_with('/') {
            true => Ok(value.to_owned()),
            false => Err(format!("`{key}` must be an absolute path, found `{value}`")),
        };
        let number = || {
            value.parse().map_err(|_| {
                format!("`{key}` must be a number from 0 to 4294967295, found `{value}`")
            })
        };
        match key {
            "mode" => {
                let modes = [Mode::Strict, Mode::SuexecExact];
                let found = modes.into_iter().find(|mode| mode.word() == value);
                self.mode = found
                    .ok_or_else(|| format!("`mode` is strict or suexec-exact, found `{value}`"))?;
            }
            "callers" => self.callers = absolute()?,
            "log" => self.log = absolute()?,
            "httpd-user" => value.clone_into(&mut self.httpd_user),
            "minimum-uid" => self.minimum_uid = number()?,
            "minimum-gid" => self.minimum_gid = number()?,
            "path" => value.clone_into(&mut self.path),
            _ => {
                return Err(format!(
                    "unknown key `{key}`; known keys: mode, callers, log, httpd-user, minimum-uid, minimum-gid, path"
                ));
            }
        }
        Ok(())
    }
}

/// The two lines of a caller's file, as Debian's `suexec-custom.patch` reads
/// them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallerFile {
    /// First line; `None` when there is none.
    pub docroot: Option<Vec<u8>>,
    /// Second line, likewise.
    pub userdir: Option<Vec<u8>>,
}

/// Most bytes of one line there (`PATH_MAX`); what is beyond counts as the
/// next line.
const LONGEST_LINE: usize = 4096;

impl CallerFile {
    /// The first two lines of a text.
    #[must_use]
    pub fn parse(text: &[u8]) -> Self {
        let mut rest = text;
        Self {
            docroot: line(&mut rest),
            userdir: line(&mut rest),
        }
    }

    /// Whether the first line allows requests without `~`: an absolute path.
    #[must_use]
    pub fn allows_docroot(&self) -> bool {
        matches!(self.docroot.as_deref(), Some([b'/', ..]))
    }

    /// Whether that path is more than `/`, `//…` or `/.…`.
    #[must_use]
    pub fn has_valid_docroot(&self) -> bool {
        let second = self.docroot.as_deref().and_then(|line| line.get(1));
        !matches!(second, None | Some(b'/' | b'.'))
    }

    /// Whether the second line allows `~user`: it begins with a letter, a
    /// digit or a dot.
    #[must_use]
    pub fn allows_userdir(&self) -> bool {
        let first = self.userdir.as_deref().and_then(|line| line.first());
        first.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'.')
    }
}

/// Takes one line, ended as `fgets(3)` and a C string end it, without blanks
/// and then slashes at its end.
fn line(rest: &mut &[u8]) -> Option<Vec<u8>> {
    if rest.is_empty() {
        return None;
    }
    let end = rest.iter().position(|byte| *byte == b'\n');
    let length = end.map_or(rest.len(), |at| at + 1).min(LONGEST_LINE);
    let (taken, left) = rest.split_at(length);
    *rest = left;
    let end = taken.iter().position(|byte| *byte == 0);
    let mut line = taken[..end.unwrap_or(length)].to_vec();
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r');
    while line.last().is_some_and(is_blank) {
        line.pop();
    }
    while line.last() == Some(&b'/') {
        line.pop();
    }
    Some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_keys_keep_the_strict_default() {
        assert_eq!(Settings::parse("# nothing\n"), Ok(Settings::default()));
        assert_eq!(Settings::default().mode, Mode::Strict);
        let text = "mode = suexec-exact # why\nminimum-uid=7\nlog = /l";
        let settings = Settings::parse(text).unwrap();
        assert_eq!(settings.mode, Mode::SuexecExact);
        assert_eq!((settings.minimum_uid, settings.log.as_str()), (7, "/l"));
    }

    #[test]
    fn errors_name_the_line_and_the_remedy() {
        for (text, part) in [
            ("\nmod = x", "line 2: unknown key `mod`"),
            ("mode = exact", "strict or suexec-exact"),
            ("log = here", "absolute path"),
            ("minimum-gid = -1", "a number"),
            ("mode", "key = value"),
            (
                "mode = strict\nmode = suexec-exact",
                "line 2: `mode` is given twice",
            ),
        ] {
            let error = Settings::parse(text).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn a_callers_file_is_read_line_by_line() {
        let file = CallerFile::parse(b"/var/www// \t\npublic_html/\n#more\n");
        assert_eq!(file.docroot.as_deref(), Some(&b"/var/www"[..]));
        assert_eq!(file.userdir.as_deref(), Some(&b"public_html"[..]));
        assert!(file.allows_docroot() && file.has_valid_docroot() && file.allows_userdir());
        // Slashes go after blanks, so what they hide stays.
        let file = CallerFile::parse(b"/a /\n");
        assert_eq!(file.docroot.as_deref(), Some(&b"/a "[..]));
        assert_eq!(file.userdir, None);
        assert_eq!(CallerFile::parse(b""), CallerFile::default());
        let file = CallerFile::parse(b"/x\0y\n\n");
        assert_eq!(file.docroot.as_deref(), Some(&b"/x"[..]));
        assert_eq!(file.userdir.as_deref(), Some(&b""[..]));
        assert!(!file.allows_userdir());
    }

    #[test]
    fn what_is_no_docroot_is_told_apart() {
        for (text, allows, valid) in [
            ("#/var/www", false, true),
            ("var/www", false, true),
            ("/", false, false),
            ("/.x", true, false),
            ("//x", true, false),
            ("/x", true, true),
        ] {
            let file = CallerFile::parse(text.as_bytes());
            assert_eq!(file.allows_docroot(), allows, "{text}");
            if allows {
                assert_eq!(file.has_valid_docroot(), valid, "{text}");
            }
        }
    }

    #[test]
    fn a_line_that_is_too_long_goes_on_as_the_next() {
        let text = [vec![b'/'; 1], vec![b'a'; 5000], b"\nb\n".to_vec()].concat();
        let file = CallerFile::parse(&text);
        assert_eq!(file.docroot.unwrap().len(), 4096);
        assert_eq!(file.userdir.unwrap().len(), 905);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(text: Vec<u8>) {
            let file = CallerFile::parse(&text);
            let _ = (file.allows_docroot(), file.has_valid_docroot(), file.allows_userdir());
            let _ = Settings::parse(&String::from_utf8_lossy(&text));
        }
    }
}
