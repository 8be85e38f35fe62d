//! Who a kubeconfig's user is.
//!
//! A certificate is sent as it is: whose it is and whether to believe it is the server's business. Recordings write
//! certificates that nobody needs to verify as a line `subject=CN=jane,O=developers`, in the text or in the PEM's body.

use gatehouse_core::Credential;

use gatehouse_core::pki::{Certificate, Key, der, key};

/// The identity in a client certificate, if there is one to be found.
#[must_use]
pub fn from_certificate(pem: &str) -> Option<Credential> {
    if let Some(found) = subject_line(pem) {
        return Some(found);
    }
    let bytes = der::pem_blocks(pem).into_iter().find(|b| b.kind == "CERTIFICATE")?.bytes;
    if let Ok(text) = std::str::from_utf8(&bytes)
        && let Some(found) = subject_line(text)
    {
        return Some(found);
    }
    Certificate::read(&bytes).map(|_| Credential::Presented(bytes))
}

/// Whether a key in PEM is that of a certificate, as far as both can be read.
#[must_use]
pub fn matches(certificate: &str, private: &str) -> bool {
    match (Certificate::from_pem(certificate), Key::from_pem(private)) {
        (Some(certificate), Some(private)) => key::public_of(&certificate.key) == private.public,
        _ => true,
    }
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
