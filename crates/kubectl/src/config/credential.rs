//! Who a kubeconfig's user is.
//!
//! The lab's certificates are PEM files. Whose they are is read from the DER inside (X.509 subject, `CN` and `O`), or
//! from a line `subject=CN=jane,O=developers` in the text or in the PEM's body, which is how the lab may write
//! certificates that nobody needs to verify. Verifies no signature: who may hand out certificates is the signer's
//! business.

use gatehouse_core::Credential;

use crate::der::{certificate_fields, elements, pem_blocks};

/// The identity in a client certificate, if there is one to be found.
#[must_use]
pub fn from_certificate(pem: &str) -> Option<Credential> {
    if let Some(found) = subject_line(pem) {
        return Some(found);
    }
    let bytes = pem_blocks(pem).into_iter().next()?.bytes;
    if let Ok(text) = std::str::from_utf8(&bytes)
        && let Some(found) = subject_line(text)
    {
        return Some(found);
    }
    subject_of_der(&bytes)
}

fn credential(parts: impl Iterator<Item = (String, String)>) -> Option<Credential> {
    let mut common_name = String::new();
    let mut organizations = Vec::new();
    for (key, value) in parts {
        match key.as_str() {
            "CN" => common_name = value,
            "O" => organizations.push(value),
            _ => {}
        }
    }
    (!common_name.is_empty()).then_some(Credential::Certificate { common_name, organizations })
}

fn subject_line(text: &str) -> Option<Credential> {
    let line = text.lines().find_map(|l| {
        let l = l.trim();
        l.strip_prefix("subject=")
            .or_else(|| l.strip_prefix("Subject:"))
            .or_else(|| l.strip_prefix("subject:"))
    })?;
    let parts = line.split([',', '/']).filter_map(|p| p.split_once('='));
    credential(parts.map(|(k, v)| (k.trim().to_owned(), v.trim().to_owned())))
}

/// The subject of an X.509 certificate: the fifth field of its first part, an optional version not counted.
fn subject_of_der(der: &[u8]) -> Option<Credential> {
    let fields = certificate_fields(der)?;
    let subject = *fields.get(4)?;
    let mut parts = Vec::new();
    for (_, set) in elements(subject) {
        for (_, pair) in elements(set) {
            if let [(_, oid), (_, value), ..] = elements(pair).as_slice() {
                let key = match *oid {
                    [0x55, 0x04, 0x03] => "CN",
                    [0x55, 0x04, 0x0a] => "O",
                    _ => continue,
                };
                parts.push((key.to_owned(), String::from_utf8_lossy(value).into_owned()));
            }
        }
    }
    credential(parts.into_iter())
}

#[cfg(test)]
mod tests {
    use gatehouse_model::base64;

    use super::*;

    #[test]
    fn a_subject_is_found_in_text_and_inside_pem() {
        let jane =
            Credential::Certificate { common_name: "jane".into(), organizations: vec!["developers".into()] };
        assert_eq!(from_certificate("subject=CN=jane,O=developers"), Some(jane.clone()));
        let body = base64::encode(b"subject=O=developers,CN=jane");
        let pem = format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n");
        assert_eq!(from_certificate(&pem), Some(jane));
        assert_eq!(from_certificate("nothing"), None);
    }
}
