//! Which distribution an image is made from, as `/etc/os-release` tells it.

use crate::process::Userland;

/// A distribution and its version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// None: an image with nothing but its own program, or busybox's.
    None,
    /// Alpine 3.x.
    Alpine(u8),
    /// Debian.
    Debian(u8),
    /// Ubuntu, by the year of a version with long support.
    Ubuntu(u8),
}

/// The newest patch of each Alpine 3.x, from 3.12 on.
const ALPINE: [u8; 11] = [12, 12, 10, 11, 9, 10, 12, 9, 8, 5, 2];
/// The Alpine that `latest` is.
const NEWEST: u8 = 22;

impl Release {
    /// The distribution of an image by its repository and tag.
    #[must_use]
    pub fn of(repository: &str, tag: &str, userland: Option<Userland>) -> Self {
        let minor = |text: &str| -> Option<u8> {
            let digits = text.strip_prefix("3.")?;
            digits.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
        };
        let name = repository.rsplit('/').next().unwrap_or(repository);
        if let Some((_, after)) = tag.split_once("alpine") {
            return Self::Alpine(minor(after).unwrap_or(NEWEST));
        }
        match (name, userland) {
            (_, None) => Self::None,
            ("alpine", _) => Self::Alpine(minor(tag).unwrap_or(NEWEST)),
            (_, Some(Userland::Busybox)) => Self::None,
            ("ubuntu", _) => Self::Ubuntu(match tag {
                tag if tag.starts_with("20.04") || tag.starts_with("focal") => 20,
                tag if tag.starts_with("22.04") || tag.starts_with("jammy") => 22,
                _ => 24,
            }),
            _ => {
                let named = [("buster", 10), ("bullseye", 11), ("bookworm", 12), ("trixie", 13)];
                let named =
                    named.into_iter().find(|(name, _)| tag.contains(name)).map(|(_, version)| version);
                let number = |text: &str| text.split(['.', '-']).next().and_then(|n| n.parse::<u8>().ok());
                // nginx is made from Debian 13 since 1.29.
                let own = match name {
                    "debian" => number(tag),
                    "nginx" => tag.strip_prefix("1.").and_then(number).map(|minor| match minor {
                        ..=20 => 10,
                        21..=24 => 11,
                        25..=28 => 12,
                        _ => 13,
                    }),
                    _ => None,
                };
                Self::Debian(named.or(own).filter(|version| (10..=13).contains(version)).unwrap_or(13))
            }
        }
    }

    /// The files that tell it: path and content.
    #[must_use]
    pub fn files(self) -> Vec<(&'static str, String)> {
        match self {
            Self::None => Vec::new(),
            Self::Alpine(minor) => {
                let patch =
                    minor.checked_sub(12).and_then(|at| ALPINE.get(usize::from(at))).copied().unwrap_or(0);
                let version = format!("3.{minor}.{patch}");
                let text = format!(
                    "NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID={version}\nPRETTY_NAME=\"Alpine Linux v3.{minor}\"\nHOME_URL=\"https://alpinelinux.org/\"\nBUG_REPORT_URL=\"https://gitlab.alpinelinux.org/alpine/aports/-/issues\"\n"
                );
                vec![("/etc/os-release", text), ("/etc/alpine-release", format!("{version}\n"))]
            }
            Self::Debian(version) => {
                let (code, point) = match version {
                    10 => ("buster", 13),
                    11 => ("bullseye", 11),
                    12 => ("bookworm", 12),
                    _ => ("trixie", 1),
                };
                let full = if version >= 13 {
                    format!("DEBIAN_VERSION_FULL={version}.{point}\n")
                } else {
                    String::new()
                };
                let text = format!(
                    "PRETTY_NAME=\"Debian GNU/Linux {version} ({code})\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"{version}\"\nVERSION=\"{version} ({code})\"\nVERSION_CODENAME={code}\n{full}ID=debian\nHOME_URL=\"https://www.debian.org/\"\nSUPPORT_URL=\"https://www.debian.org/support\"\nBUG_REPORT_URL=\"https://bugs.debian.org/\"\n"
                );
                vec![("/etc/os-release", text), ("/etc/debian_version", format!("{version}.{point}\n"))]
            }
            Self::Ubuntu(year) => {
                let (point, code, name) = match year {
                    20 => (6, "focal", "Focal Fossa"),
                    22 => (5, "jammy", "Jammy Jellyfish"),
                    _ => (3, "noble", "Noble Numbat"),
                };
                let text = format!(
                    "PRETTY_NAME=\"Ubuntu {year}.04.{point} LTS\"\nNAME=\"Ubuntu\"\nVERSION_ID=\"{year}.04\"\nVERSION=\"{year}.04.{point} LTS ({name})\"\nVERSION_CODENAME={code}\nID=ubuntu\nID_LIKE=debian\nHOME_URL=\"https://www.ubuntu.com/\"\nSUPPORT_URL=\"https://help.ubuntu.com/\"\nBUG_REPORT_URL=\"https://bugs.launchpad.net/ubuntu/\"\nPRIVACY_POLICY_URL=\"https://www.ubuntu.com/legal/terms-and-policies/privacy-policy\"\nUBUNTU_CODENAME={code}\nLOGO=ubuntu-logo\n"
                );
                vec![("/etc/os-release", text)]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Release;
    use crate::images::find;

    #[test]
    fn images_are_made_from_distributions() {
        for (reference, release) in [
            ("nginx", Release::Debian(13)),
            ("nginx:1.27.3", Release::Debian(12)),
            ("nginx:1.19", Release::Debian(10)),
            ("nginx:1.27-bullseye", Release::Debian(11)),
            ("nginx:alpine", Release::Alpine(22)),
            ("docker.io/library/redis:7.2-alpine3.19@sha256:abc", Release::Alpine(19)),
            ("alpine:3.20.1", Release::Alpine(20)),
            ("busybox", Release::None),
            ("ubuntu:22.04", Release::Ubuntu(22)),
            ("debian:12-slim", Release::Debian(12)),
            ("registry.k8s.io/pause:3.10", Release::None),
        ] {
            assert_eq!(find(reference).release, release, "{reference}");
        }
        let files = Release::Alpine(20).files();
        assert!(files.iter().any(|(path, text)| *path == "/etc/alpine-release" && text == "3.20.8\n"));
        assert!(
            Release::Ubuntu(24).files().iter().any(|(_, text)| text.contains("24.04.3 LTS (Noble Numbat)"))
        );
    }
}
