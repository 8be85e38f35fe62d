//! Which images the registries have: Docker Hub's own repositories and the tags they can have.
//!
//! Knows no registry but Docker Hub's `library`: an image of any other is believed to be there.

use super::{IMAGES, full_name, repository};

/// Repositories of Docker Hub's `library` besides those whose facts are known.
const OFFICIAL: &str = " adminer almalinux amazoncorretto amazonlinux api-firewall arangodb archlinux bash buildpack-deps caddy \
cassandra cirros clojure composer consul couchbase couchdb docker drupal eclipse-mosquitto eclipse-temurin elasticsearch \
elixir erlang fedora flink fluentd gcc ghost golang gradle groovy haproxy haskell hello-world hitch httpd ibmjava influxdb \
irssi jetty joomla jruby julia kibana kong krakend liquibase logstash mariadb maven mediawiki memcached mongo mongo-express \
monica nats neo4j nextcloud node openjdk oraclelinux percona perl photon php phpmyadmin postfixadmin pypy python r-base rabbitmq \
rakudo-star redmine registry rethinkdb rockylinux rocket.chat ros ruby rust sapmachine scratch solr sonarqube spiped swift \
swipl telegraf tomcat tomee traefik ubuntu unit varnish vault websphere-liberty wordpress xwiki yourls zookeeper centos ";

/// Words that stand for no version in a tag.
const WORDS: &str = " latest stable mainline perl otel alpine slim glibc musl uclibc fpm cli apache bookworm bullseye buster trixie \
sid testing oldstable experimental unstable rc beta focal jammy noble lunar mantic oracular plucky questing rolling edge devel \
backports debian management unprivileged oraclelinux9 windowsservercore nanoserver ltsc2022 ltsc2025 ";

/// Why an image cannot be had, as the registry says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// There is no such repository, or it is somebody's own: Docker Hub does not say which.
    Repository,
    /// The repository has no such tag.
    Tag,
}

impl Missing {
    /// The runtime's words, with the code its gRPC status has where that is shown.
    #[must_use]
    #[inline(never)]
    pub fn words(self, reference: &str, minor: u8) -> String {
        let full = full_name(reference);
        let what = if minor < 34 {
            format!("failed to resolve reference \"{full}\"")
        } else {
            "failed to resolve image".to_owned()
        };
        let start = format!("failed to pull and unpack image \"{full}\": {what}");
        match self {
            Self::Repository => {
                let code = if minor < 26 { "rpc error: code = Unknown desc = " } else { "" };
                format!(
                    "{code}{start}: pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed"
                )
            }
            Self::Tag => format!("rpc error: code = NotFound desc = {start}: {full}: not found"),
        }
    }
}

/// Whether an image can be pulled.
///
/// # Errors
/// What it lacks.
pub fn look_up(reference: &str) -> Result<(), Missing> {
    let name = repository(reference);
    let known = IMAGES.iter().find(|i| i.repository == name);
    if known.is_none() && !name.contains('/') && !official(name) {
        return Err(Missing::Repository);
    }
    let tag = super::tagged(reference);
    let tag = tag.rsplit_once(':').map_or("latest", |(_, t)| t);
    match known {
        Some(image) if !name.contains('/') && !reference.contains('@') && !fits(tag, image.newest) => {
            Err(Missing::Tag)
        }
        _ => Ok(()),
    }
}

/// Whether a repository is one of Docker Hub's own, besides those whose facts are known.
#[inline(never)]
fn official(name: &str) -> bool {
    OFFICIAL.contains(&format!(" {name} "))
}

/// Whether a tag may be one of a repository whose newest version is known: versions up to that and known words.
fn fits(tag: &str, newest: (u32, u32)) -> bool {
    tag.split('-').enumerate().all(|(i, part)| {
        let digits = part.trim_start_matches(|c: char| c.is_ascii_lowercase());
        let numbers: Vec<Option<u32>> = digits.split('.').map(|n| n.parse().ok()).collect();
        let word = |w: &str| WORDS.contains(&format!(" {w} "));
        match numbers.as_slice() {
            _ if word(part) => true,
            // `alpine3.22`, `rc1`, a date.
            [Some(_), ..] if i > 0 || digits.len() < part.len() => {
                let name = part.get(..part.len() - digits.len()).unwrap_or("");
                numbers.iter().all(Option::is_some) && (name.is_empty() || word(name))
            }
            [Some(major), rest @ ..] => {
                let minor = rest.first().copied().flatten().unwrap_or(0);
                numbers.len() <= 4 && numbers.iter().all(Option::is_some) && (*major, minor) <= newest
            }
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::{Missing, look_up};

    #[test]
    fn what_is_there() {
        for there in [
            "nginx",
            "nginx:1.29",
            "nginx:1.27.3-alpine",
            "nginx:alpine3.22-perl",
            "nginx:1.25.3-bookworm",
            "nginx:stable-alpine-slim",
            "busybox:1.37",
            "busybox:1.36.1-musl",
            "docker.io/library/busybox:latest",
            "ubuntu:24.04",
            "ubuntu:noble-20250101",
            "debian:13-slim",
            "debian:bookworm",
            "redis:8",
            "redis:7.2.4-alpine3.19",
            "postgres:17",
            "python:3.12-slim",
            "alpine:3.20",
            "nginx:1.999@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            "golang:nonsense",
            "nginxinc/nginx-unprivileged:what",
            "registry.example.com/app:v1",
            "me/app",
        ] {
            assert_eq!(look_up(there), Ok(()), "{there}");
        }
        for none in ["ngnix", "ngnix:1.27", "docker.io/library/busybx", "app:v1", "nonexistent"] {
            assert_eq!(look_up(none), Err(Missing::Repository), "{none}");
        }
        for none in [
            "nginx:1.999",
            "nginx:wrong",
            "nginx:doesnotexist",
            "busybox:1.99",
            "nginx:1.27-wrong",
            "alpine:v3",
            "nginx:latestt",
            "redis:99",
        ] {
            assert_eq!(look_up(none), Err(Missing::Tag), "{none}");
        }
    }
}
