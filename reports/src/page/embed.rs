//! Putting text of others into the page without letting it become more than
//! text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::{Error, Result};

/// The policy that the page declares for itself (Content Security Policy
/// Level 3): nothing is loaded from anywhere, and only this script and this
/// style count.
pub(super) fn policy(script: &str, style: &str) -> String {
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
    format!(
        "default-src 'none'; script-src {}; style-src {}; base-uri 'none'; form-action 'none'",
        hash(script),
        hash(style)
    )
}

/// A value as JSON that may stand in a `script` element: no character in it
/// can end the element or begin a comment (HTML, 4.12.1.3, "Restrictions for
/// contents of script elements").
///
/// # Errors
/// The value has no form in JSON; a fault of this crate.
pub(super) fn json(value: &impl Serialize) -> Result<String> {
    let json = serde_json::to_string(value).map_err(|error| Error::Template(error.to_string()))?;
    let mut safe = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                safe.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            _ => safe.push(character),
        }
    }
    Ok(safe)
}

/// Text with characters that cannot be seen, or that turn the text around them
/// about (Unicode Standard Annex 9), made visible.
pub(super) fn visible(text: &str) -> String {
    let mut seen = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\r' | '\t' => seen.push(' '),
            '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}' => seen.extend(character.escape_unicode()),
            control if control.is_control() => seen.extend(control.escape_unicode()),
            _ => seen.push(character),
        }
    }
    seen
}

/// A text of this project as HTML: `` `code` `` and `*stress*`.
pub(super) fn rich(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    let (mut code, mut stress) = (false, false);
    for character in text.chars() {
        match character {
            '`' => {
                html.push_str(if code { "</code>" } else { "<code>" });
                code = !code;
            }
            '*' if !code => {
                html.push_str(if stress { "</em>" } else { "<em>" });
                stress = !stress;
            }
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '&' => html.push_str("&amp;"),
            _ => html.push(character),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_the_data_can_end_its_element() {
        let text = "</script><!--<script>&\u{2028}\"'";
        let safe = json(&text).expect("JSON");
        for part in ["<", ">", "&", "\u{2028}"] {
            assert!(!safe.contains(part), "{safe}");
        }
        assert_eq!(serde_json::from_str::<String>(&safe).expect("JSON"), text);
    }

    #[test]
    fn what_cannot_be_seen_is_made_visible() {
        assert_eq!(
            visible("a\u{202e}b\u{0}c\u{200b}"),
            "a\\u{202e}b\\u{0}c\\u{200b}"
        );
        assert_eq!(visible("日本 é\t"), "日本 é ");
    }

    #[test]
    fn marks_become_elements_and_nothing_else_does() {
        assert_eq!(
            rich("*seen* with `a*b` <b> & c"),
            "<em>seen</em> with <code>a*b</code> &lt;b&gt; &amp; c"
        );
    }

    #[test]
    fn the_policy_names_what_may_run() {
        // echo -n 'alert(1)' | openssl dgst -sha256 -binary | base64
        let policy = policy("alert(1)", "");
        assert!(
            policy.contains("script-src 'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='"),
            "{policy}"
        );
        assert!(policy.starts_with("default-src 'none';"), "{policy}");
    }
}
