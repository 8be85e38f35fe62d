//! What the SSH server of a node was told: /etc/ssh/sshd_config, read when the unit starts.
//!
//! Models openssh's servconf.c for keywords' names and the few that decide who may log in. The first value counts.

use super::manifest::{Sight, look};
use crate::machine::Machine;

const PATH: &str = "/etc/ssh/sshd_config";

/// The file as Ubuntu ships it, without most of its remarks.
pub(super) const STOCK: &str = "Include /etc/ssh/sshd_config.d/*.conf\n\n#Port 22\n#AddressFamily any\n#ListenAddress 0.0.0.0\n\n#LoginGraceTime 2m\n#PermitRootLogin prohibit-password\n#StrictModes yes\n#MaxAuthTries 6\n#MaxSessions 10\n\n#PubkeyAuthentication yes\n\n#PasswordAuthentication yes\n#PermitEmptyPasswords no\n\nKbdInteractiveAuthentication no\n\nUsePAM yes\n\n#AllowAgentForwarding yes\n#AllowTcpForwarding yes\nX11Forwarding yes\nPrintMotd no\n#ClientAliveInterval 0\n#ClientAliveCountMax 3\n#Banner none\n\nAcceptEnv LANG LC_*\n\nSubsystem\tsftp\t/usr/lib/openssh/sftp-server\n";

/// Keywords, in small letters.
const KEYWORDS: &str = "acceptenv addressfamily allowagentforwarding allowgroups allowstreamlocalforwarding allowtcpforwarding allowusers authenticationmethods authorizedkeyscommand authorizedkeyscommanduser authorizedkeysfile authorizedprincipalsfile banner casignaturealgorithms challengeresponseauthentication chrootdirectory ciphers clientalivecountmax clientaliveinterval compression denygroups denyusers disableforwarding exposeauthinfo fingerprinthash forcecommand gatewayports gssapiauthentication gssapicleanupcredentials hostbasedauthentication hostcertificate hostkey hostkeyagent hostkeyalgorithms ignorerhosts ignoreuserknownhosts include ipqos kbdinteractiveauthentication kerberosauthentication kexalgorithms listenaddress logingracetime loglevel logverbose macs match maxauthtries maxsessions maxstartups passwordauthentication permitemptypasswords permitlisten permitopen permitrootlogin permittty permittunnel permituserenvironment permituserrc persourcemaxstartups pidfile port printlastlog printmotd protocol pubkeyacceptedalgorithms pubkeyauthentication rekeylimit requiredrsasize revokedkeys strictmodes subsystem syslogfacility tcpkeepalive trustedusercakeys usedns usepam versionaddendum x11displayoffset x11forwarding x11uselocalhost xauthlocation";

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// Keywords in small letters with their values, the first of each.
    pub values: Vec<(String, String)>,
}

impl Config {
    /// Reads the file.
    ///
    /// # Errors
    /// What sshd says before it ends.
    pub fn read(machine: &Machine) -> Result<Self, String> {
        let Sight::File(text) = look(machine, PATH) else {
            return Err(format!("{PATH}: No such file or directory\n"));
        };
        if text == STOCK { Ok(Self::default()) } else { Self::parse(&text) }
    }

    #[inline(never)]
    fn parse(text: &str) -> Result<Self, String> {
        let mut config = Self::default();
        let mut wrong = String::new();
        let mut bad = 0;
        let lines = text.lines().map(str::trim).enumerate();
        for (i, line) in lines.filter(|(_, l)| !l.is_empty() && !l.starts_with('#')) {
            let (key, value) = line.split_once([' ', '\t', '=']).unwrap_or((line, ""));
            let (low, value) = (key.to_lowercase(), value.trim());
            let line = i + 1;
            if !KEYWORDS.split(' ').any(|k| k == low) {
                wrong.push_str(&format!("{PATH}: line {line}: Bad configuration option: {key}\n"));
                bad += 1;
                continue;
            }
            let allowed: &[&str] = match low.as_str() {
                "permitrootlogin" => {
                    &["yes", "no", "prohibit-password", "without-password", "forced-commands-only"]
                }
                "passwordauthentication"
                | "pubkeyauthentication"
                | "permitemptypasswords"
                | "x11forwarding"
                | "usepam" => &["yes", "no"],
                _ => &[],
            };
            if value.is_empty() {
                wrong.push_str(&format!("{PATH} line {line}: no argument after keyword {key:?}\n"));
                bad += 1;
            } else if !allowed.is_empty() && !allowed.contains(&value) {
                return Err(format!("{wrong}{PATH} line {line}: unsupported option \"{value}\".\n"));
            }
            if !config.values.iter().any(|(k, _)| *k == low) {
                config.values.push((low, value.to_owned()));
            }
        }
        if bad == 0 {
            return Ok(config);
        }
        Err(format!("{wrong}{PATH}: terminating, {bad} bad configuration options\n"))
    }

    fn value(&self, key: &str) -> Option<&str> {
        self.values.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }

    /// Whether a user may log in with a key.
    #[must_use]
    pub fn admits(&self, user: &str) -> bool {
        let listed = |key: &str| self.value(key).map(|l| l.split_whitespace().any(|u| u == user));
        let root =
            user != "root" || !matches!(self.value("permitrootlogin"), Some("no" | "forced-commands-only"));
        root && listed("denyusers") != Some(true)
            && listed("allowusers") != Some(false)
            && self.value("pubkeyauthentication") != Some("no")
    }

    /// `sshd -T`, of what was set.
    #[must_use]
    pub fn effective(&self) -> String {
        let usual = [
            ("port", "22"),
            ("permitrootlogin", "without-password"),
            ("maxauthtries", "6"),
            ("pubkeyauthentication", "yes"),
            ("passwordauthentication", "yes"),
            ("permitemptypasswords", "no"),
            ("x11forwarding", "no"),
        ];
        let one = |(key, value): &(&str, &str)| format!("{key} {}\n", self.value(key).unwrap_or(value));
        usual.iter().map(one).collect()
    }
}
