//! Certificate signing requests, with what the request itself says.

use gatehouse_core::pki::der::{OCTET_STRING, OID, elements};
use gatehouse_model::{Object, Value, base64, time};

use super::{Description, date};
use crate::der::inside;
use crate::error::Error;
use crate::tables::csr_status;

pub(super) fn describe(d: &mut Description<'_, '_, '_>, csr: &Object) -> Result<(), Error> {
    let spec = csr.get("spec").unwrap_or(&Value::Null);
    let pem = base64::decode(spec.str_at(&["request"])).unwrap_or_default();
    let request = Request::parse(&String::from_utf8_lossy(&pem))
        .ok_or_else(|| Error::plain("Error parsing CSR: PEM block type must be CERTIFICATE REQUEST"))?;
    let w = &mut d.w;
    w.field(0, "Name", csr.name());
    w.flat_labels("Labels", csr.labels());
    w.flat_labels("Annotations", csr.annotations());
    w.field(0, "CreationTimestamp", date(csr, &["metadata", "creationTimestamp"]));
    w.field(0, "Requesting User", spec.str_at(&["username"]));
    if !spec.str_at(&["signerName"]).is_empty() {
        w.field(0, "Signer", spec.str_at(&["signerName"]));
    }
    if let Some(seconds) = spec.i64_at(&["expirationSeconds"]) {
        w.field(0, "Requested Duration", time::human_duration(seconds));
    }
    w.field(0, "Status", csr_status(csr));
    w.line(0, "Subject:");
    w.field(0, "\tCommon Name", request.subject(&[3]).last().map_or("", String::as_str));
    w.field(0, "\tSerial Number", request.subject(&[5]).last().map_or("", String::as_str));
    for (title, attribute) in [
        ("Organization", 10),
        ("Organizational Unit", 11),
        ("Country", 6),
        ("Locality", 7),
        ("Province", 8),
        ("StreetAddress", 9),
        ("PostalCode", 17),
    ] {
        list(w, title, &request.subject(&[attribute]));
    }
    if !request.names.is_empty() {
        w.line(0, "Subject Alternative Names:");
        for (title, tag) in [("DNS Names", 2), ("Email Addresses", 1), ("URIs", 6), ("IP Addresses", 7)] {
            let names: Vec<String> =
                request.names.iter().filter(|(t, _)| *t == tag).map(|(_, n)| n.clone()).collect();
            list(w, title, &names);
        }
    }
    d.events(csr);
    Ok(())
}

fn list(w: &mut super::writer::Writer, title: &str, values: &[String]) {
    if !values.is_empty() {
        w.line(0, format!("\t{title}:\t{}", values.join("\n\t\t")));
    }
}

/// What a PKCS#10 request asks for.
struct Request {
    /// Attributes of the subject: the last number of `2.5.4.N`, and the value.
    attributes: Vec<(u8, String)>,
    /// Alternative names by their tag.
    names: Vec<(u8, String)>,
}

const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];

impl Request {
    fn parse(pem: &str) -> Option<Self> {
        let (_, rest) = pem.split_once("-----BEGIN CERTIFICATE REQUEST-----")?;
        let (body, _) = rest.split_once("-----END CERTIFICATE REQUEST-----")?;
        let body: String = body.chars().filter(|c| !c.is_whitespace()).collect();
        let der = base64::decode(&body).ok()?;
        let parts = elements(inside(inside(&der)?)?);
        let mut attributes = Vec::new();
        for (.., set) in elements(parts.get(1)?.2) {
            for (.., pair) in elements(set) {
                if let [(OID, _, oid), (.., value)] = elements(pair).as_slice()
                    && let [0x55, 0x04, attribute] = oid
                {
                    attributes.push((*attribute, String::from_utf8_lossy(value).into_owned()));
                }
            }
        }
        let mut names = Vec::new();
        for (.., extras) in parts.get(3..).unwrap_or(&[]) {
            alternative_names(extras, &mut names);
        }
        Some(Self { attributes, names })
    }

    fn subject(&self, attributes: &[u8]) -> Vec<String> {
        self.attributes.iter().filter(|(a, _)| attributes.contains(a)).map(|(_, v)| v.clone()).collect()
    }
}

/// Looks through attributes and extensions for the one with alternative names.
fn alternative_names(bytes: &[u8], names: &mut Vec<(u8, String)>) {
    let parts = elements(bytes);
    if let [(OID, _, oid), .., (OCTET_STRING, _, value)] = parts.as_slice()
        && *oid == SUBJECT_ALT_NAME
    {
        let Some(list) = inside(value) else { return };
        for (tag, _, content) in elements(list) {
            let tag = tag & 0x1f;
            let text =
                if tag == 7 { address(content) } else { String::from_utf8_lossy(content).into_owned() };
            names.push((tag, text));
        }
        return;
    }
    for (tag, _, content) in parts {
        // Only what is made of elements itself: sequences and sets.
        if tag & 0x20 != 0 {
            alternative_names(content, names);
        }
    }
}

fn address(bytes: &[u8]) -> String {
    if let Ok(v4) = <[u8; 4]>::try_from(bytes) {
        return std::net::Ipv4Addr::from(v4).to_string();
    }
    <[u8; 16]>::try_from(bytes).map_or_else(|_| String::new(), |v6| std::net::Ipv6Addr::from(v6).to_string())
}
