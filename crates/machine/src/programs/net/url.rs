//! URLs, as `wget` and `curl` take them apart.

/// A URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Url {
    /// In small letters.
    pub(super) scheme: String,
    /// `user:password`
    pub(super) user: Option<String>,
    /// Without brackets.
    pub(super) host: String,
    pub(super) port: u16,
    /// Whether the port was written.
    pub(super) explicit: bool,
    /// With the query, without the fragment; starts with a slash.
    pub(super) path: String,
}

impl Url {
    /// Reads a URL; without a scheme it is HTTP's. `None` where host or port are nonsense.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let rest = rest.split('#').next().unwrap_or(rest);
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end)?;
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        let (user, authority) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user.to_owned()), host),
            None => (None, authority),
        };
        let scheme = scheme.to_ascii_lowercase();
        let default = if scheme == "https" { 443 } else { 80 };
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, Some(port)),
            _ => (authority, None),
        };
        let number = match port {
            None | Some("") => default,
            Some(port) => port.parse().ok()?,
        };
        let bad = |c: char| c.is_whitespace() || c.is_control();
        if host.is_empty() || host.contains(bad) {
            return None;
        }
        Some(Self {
            scheme,
            user,
            host: host.trim_matches(['[', ']']).to_owned(),
            port: number,
            explicit: port.is_some_and(|p| !p.is_empty()),
            path,
        })
    }

    /// Whether it asks for TLS.
    pub(super) fn secure(&self) -> bool {
        self.scheme == "https"
    }

    /// The `Host` header: the port only where it is not the scheme's own.
    pub(super) fn authority(&self) -> String {
        let default = if self.secure() { 443 } else { 80 };
        if self.port == default { self.host.clone() } else { format!("{}:{}", self.host, self.port) }
    }

    /// The whole again.
    pub(super) fn text(&self) -> String {
        format!("{}://{}{}", self.scheme, self.authority(), self.path)
    }

    /// Where a `Location` leads from here.
    pub(super) fn join(&self, location: &str) -> Option<Self> {
        if location.contains("://") {
            return Self::parse(location);
        }
        let path = match location.strip_prefix('/') {
            Some(_) => location.to_owned(),
            None => {
                let folder =
                    self.path.split('?').next().and_then(|p| p.rsplit_once('/')).map_or("", |(f, _)| f);
                format!("{folder}/{location}")
            }
        };
        Some(Self { path, ..self.clone() })
    }

    /// The last part of the path, the name a download gets.
    pub(super) fn file(&self) -> &str {
        let path = self.path.split('?').next().unwrap_or("");
        path.rsplit('/').next().filter(|f| !f.is_empty()).unwrap_or("index.html")
    }
}

#[cfg(test)]
mod tests {
    use super::Url;

    #[test]
    fn parts() {
        let url = Url::parse("https://a:b@web.shop.svc:8443/x/y?z=1#f").expect("a URL");
        assert_eq!((url.host.as_str(), url.port, url.path.as_str()), ("web.shop.svc", 8443, "/x/y?z=1"));
        assert_eq!(url.user.as_deref(), Some("a:b"));
        assert_eq!(url.join("/n").map(|u| u.text()).as_deref(), Some("https://web.shop.svc:8443/n"));
        assert_eq!(Url::parse("web?q").map(|u| u.path).as_deref(), Some("/?q"));
        assert_eq!(Url::parse("http://[::1]:80/").map(|u| u.host).as_deref(), Some("::1"));
        assert!(Url::parse("http://web:99999").is_none());
        assert!(Url::parse("http://we b/").is_none());
    }
}
