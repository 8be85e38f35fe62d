//! The passwords of nginx's `auth_basic`: files of `htpasswd`.
//!
//! Models `ngx_crypt.c` and the Apache Portable Runtime's `apr_md5.c`: `{PLAIN}` and `$apr1$`. Knows none of the
//! hashes that the C library's crypt() takes (`$1$`, `$5$`, `$6$`, bcrypt), nor `{SHA}`: nobody gets in with these.

use gatehouse_model::base64;

use crate::programs::sums::md5;

/// Whether a file lets somebody in who sent this `Authorization` header.
pub(super) fn admits(file: &str, authorization: Option<&str>) -> bool {
    let sent = authorization.and_then(|a| {
        let (scheme, token) = a.split_once(' ')?;
        let token = scheme.eq_ignore_ascii_case("basic").then(|| token.trim())?;
        String::from_utf8(base64::decode(token).ok()?).ok()
    });
    let Some((user, password)) = sent.as_deref().and_then(|s| s.split_once(':')) else { return false };
    // The first line of a name counts.
    let line = file.lines().find_map(|line| line.split_once(':').filter(|(name, _)| *name == user));
    line.is_some_and(|(_, hash)| fits(hash.split(':').next().unwrap_or_default().trim_end(), password))
}

fn fits(hash: &str, password: &str) -> bool {
    if let Some(plain) = hash.strip_prefix("{PLAIN}") {
        return plain == password;
    }
    let Some(salt) = hash.strip_prefix("$apr1$").and_then(|rest| rest.split('$').next()) else {
        return false;
    };
    apr1(password, salt) == hash
}

fn digest(bytes: &[u8]) -> Vec<u8> {
    let hex = md5(bytes);
    (0..16).filter_map(|i| u8::from_str_radix(hex.get(2 * i..2 * i + 2)?, 16).ok()).collect()
}

/// The hash that `htpasswd -m` and `openssl passwd -apr1` write.
fn apr1(password: &str, salt: &str) -> String {
    let (password, salt) = (password.as_bytes(), salt.get(..8).unwrap_or(salt));
    let mut text = [password, b"$apr1$", salt.as_bytes()].concat();
    let other = digest(&[password, salt.as_bytes(), password].concat());
    text.extend(other.iter().cycle().take(password.len()));
    let mut bits = password.len();
    while bits > 0 {
        text.push(if bits & 1 == 1 { 0 } else { password.first().copied().unwrap_or(0) });
        bits >>= 1;
    }
    let mut last = digest(&text);
    for round in 0..1000 {
        let (odd, mut text) = (round % 2 == 1, Vec::new());
        text.extend_from_slice(if odd { password } else { &last });
        if round % 3 != 0 {
            text.extend_from_slice(salt.as_bytes());
        }
        if round % 7 != 0 {
            text.extend_from_slice(password);
        }
        text.extend_from_slice(if odd { &last } else { password });
        last = digest(&text);
    }
    let byte = |i: usize| u32::from(last.get(i).copied().unwrap_or(0));
    let mut out = format!("$apr1${salt}$");
    let mut write = |mut value: u32, letters: usize| {
        const LETTERS: &[u8] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        for _ in 0..letters {
            out.push(char::from(LETTERS.get((value & 63) as usize).copied().unwrap_or(b'.')));
            value >>= 6;
        }
    };
    for (a, b, c) in [(0, 6, 12), (1, 7, 13), (2, 8, 14), (3, 9, 15), (4, 10, 5)] {
        write(byte(a) << 16 | byte(b) << 8 | byte(c), 4);
    }
    write(byte(11), 2);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_htpasswd_writes_is_read() {
        let file = "# people\nfoo:$apr1$OFG3Xybp$ckL0FHDAkoXYIlH9.cysT0\nann:{PLAIN}let me in\n";
        let sent = |text: &str| format!("Basic {}", base64::encode(text.as_bytes()));
        assert!(admits(file, Some(&sent("foo:bar"))));
        assert!(admits(file, Some(&sent("ann:let me in"))));
        for wrong in ["foo:baz", "foo:", "bob:bar", "ann:", "nobody"] {
            assert!(!admits(file, Some(&sent(wrong))), "{wrong}");
        }
        assert!(!admits(file, None) && !admits(file, Some("Bearer x")));
    }
}
