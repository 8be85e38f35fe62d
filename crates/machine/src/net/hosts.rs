//! The world outside the cluster, as a table of hosts: who has which name and address, which ports are open, what they say.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::{Certificate, Request, Response};

/// The address at which clouds tell machines about themselves.
pub const METADATA: &str = "169.254.169.254";

/// A host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Host {
    /// Its name; empty where it has none.
    pub name: String,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
    /// The TCP ports it listens on: HTTPS on 443, HTTP on all others.
    pub ports: Vec<u16>,
    /// What it answers, by path; other paths are not found. `*` stands for every path.
    pub pages: BTreeMap<String, String>,
}

/// Every host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hosts {
    /// In no particular order.
    pub hosts: Vec<Host>,
}

/// Name, addresses, ports, pages.
type Row = (&'static str, &'static [&'static str], &'static [u16], &'static [(&'static str, &'static str)]);

/// The hosts every lab has.
const TABLE: &[Row] = &[
    (
        "example.com",
        &["93.184.215.14"],
        &[80, 443],
        &[(
            "*",
            "<!doctype html>\n<html>\n<head>\n    <title>Example Domain</title>\n</head>\n<body>\n<h1>Example Domain</h1>\n</body>\n</html>\n",
        )],
    ),
    ("kubernetes.io", &["15.197.167.90"], &[80, 443], &[("*", "<!doctype html><title>Kubernetes</title>\n")]),
    ("github.com", &["140.82.121.4"], &[22, 80, 443], &[("*", "<!doctype html><title>GitHub</title>\n")]),
    ("google.com", &["142.250.185.78"], &[80, 443], &[("*", "<!doctype html><title>Google</title>\n")]),
    ("one.one.one.one", &["1.1.1.1"], &[53, 80, 443], &[("*", "1.1.1.1\n")]),
    ("dns.google", &["8.8.8.8", "8.8.4.4"], &[53, 443], &[("*", "Google Public DNS\n")]),
    (
        "",
        &[METADATA],
        &[80],
        &[
            ("/", "latest\n"),
            ("/latest", "dynamic\nmeta-data\nuser-data\n"),
            (
                "/latest/meta-data",
                "ami-id\nhostname\niam/\ninstance-id\ninstance-type\nlocal-ipv4\nplacement/\nsecurity-groups\n",
            ),
            ("/latest/meta-data/hostname", "node01"),
            ("/latest/meta-data/instance-id", "i-0a1b2c3d4e5f60718"),
            ("/latest/meta-data/instance-type", "t3.medium"),
            ("/latest/meta-data/iam", "info\nsecurity-credentials/\n"),
            ("/latest/meta-data/iam/security-credentials", "node-role"),
            (
                "/latest/meta-data/iam/security-credentials/node-role",
                "{\n  \"Code\" : \"Success\",\n  \"LastUpdated\" : \"2026-11-20T00:00:00Z\",\n  \"Type\" : \"AWS-HMAC\",\n  \"AccessKeyId\" : \"ASIAEXAMPLEKEYID0000\",\n  \"SecretAccessKey\" : \"exampleSecretKeyOfTheNodeRole/0000000000\",\n  \"Token\" : \"exampleSessionToken\",\n  \"Expiration\" : \"2026-11-20T06:00:00Z\"\n}",
            ),
            ("/latest/user-data", "#!/bin/bash\n/etc/eks/bootstrap.sh lab\n"),
        ],
    ),
];

impl Default for Hosts {
    fn default() -> Self {
        let row = |(name, addresses, ports, pages): &Row| Host {
            name: (*name).to_owned(),
            addresses: addresses.iter().filter_map(|a| a.parse().ok()).collect(),
            ports: ports.to_vec(),
            pages: gatehouse_model::order::map(pages.iter().map(|(p, t)| ((*p).to_owned(), (*t).to_owned()))),
        };
        Self { hosts: TABLE.iter().map(row).collect() }
    }
}

impl Hosts {
    /// Adds a host; one of the same name or with one of its addresses gives way.
    pub fn add(&mut self, host: Host) {
        let same = |h: &Host| {
            !h.name.is_empty() && h.name == host.name
                || h.addresses.iter().any(|a| host.addresses.contains(a))
        };
        self.hosts.retain(|h| !same(h));
        self.hosts.push(host);
    }

    /// The addresses of a name, if it is one; `www.` of a known name is that host too.
    #[must_use]
    pub fn resolve(&self, name: &str) -> Option<Vec<IpAddr>> {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let find = |n: &str| self.hosts.iter().find(|h| !h.name.is_empty() && h.name == n);
        find(&name).or_else(|| find(name.strip_prefix("www.")?)).map(|h| h.addresses.clone())
    }

    /// Who has an address.
    #[must_use]
    pub fn at(&self, address: IpAddr) -> Option<&Host> {
        self.hosts.iter().find(|h| h.addresses.contains(&address))
    }
}

impl Host {
    /// What it answers to a request.
    #[must_use]
    pub fn answer(&self, request: &Request, now: i64) -> Response {
        let path = request.path.split('?').next().unwrap_or_default();
        let short = if path.len() > 1 { path.trim_end_matches('/') } else { path };
        let page = self.pages.get(path).or_else(|| self.pages.get(short)).or_else(|| self.pages.get("*"));
        let kind = |text: &str| if text.starts_with("<!") { "text/html" } else { "text/plain" };
        let response = match page {
            Some(text) => Response::new(200, kind(text), text.as_str()),
            None => Response::new(404, "text/html", "<h1>404 Not Found</h1>\n"),
        };
        response.with("Date", crate::programs::http_date(now))
    }

    /// The certificate it shows, from an authority that everybody trusts.
    #[must_use]
    pub fn certificate(&self, now: i64) -> Certificate {
        let common = |name: &str| vec![("CN".to_owned(), name.to_owned())];
        Certificate {
            subject: common(&self.name),
            issuer: PUBLIC.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
            names: vec![self.name.clone(), format!("*.{}", self.name)],
            from: now - 30 * 86_400_000,
            until: now + 60 * 86_400_000,
            ..Certificate::default()
        }
    }
}

/// The authority behind public certificates: one that every image's bundle has.
pub const PUBLIC: &[(&str, &str)] = &[("C", "US"), ("O", "Let's Encrypt"), ("CN", "R12")];
