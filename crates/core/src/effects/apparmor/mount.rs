//! Mount flags: their words in rules and in log lines.

/// Bits of `mount(2)`.
pub mod flag {
    /// `MS_RDONLY`
    pub const RDONLY: u32 = 1;
    /// `MS_REMOUNT`
    pub const REMOUNT: u32 = 1 << 5;
    /// `MS_BIND`
    pub const BIND: u32 = 1 << 12;
    /// `MS_MOVE`
    pub const MOVE: u32 = 1 << 13;
    /// `MS_REC`
    pub const REC: u32 = 1 << 14;
    /// `MS_SILENT`
    pub const SILENT: u32 = 1 << 15;
    /// `MS_UNBINDABLE`
    pub const UNBINDABLE: u32 = 1 << 17;
    /// `MS_PRIVATE`
    pub const PRIVATE: u32 = 1 << 18;
    /// `MS_SLAVE`
    pub const SLAVE: u32 = 1 << 19;
    /// `MS_SHARED`
    pub const SHARED: u32 = 1 << 20;
    /// Those that change how mounts propagate.
    pub const PROPAGATION: u32 = UNBINDABLE | PRIVATE | SLAVE | SHARED;
    /// Those that make the call something other than a new mount.
    pub const COMMANDS: u32 = REMOUNT | BIND | MOVE | REC | PROPAGATION;
}

/// Words of `options=`: bits that must be set, bits that must not.
pub(super) const OPTIONS: &[(&str, u32, u32)] = &[
    ("ro", 1, 0),
    ("r", 1, 0),
    ("read-only", 1, 0),
    ("rw", 0, 1),
    ("w", 0, 1),
    ("suid", 0, 2),
    ("nosuid", 2, 0),
    ("dev", 0, 4),
    ("nodev", 4, 0),
    ("exec", 0, 8),
    ("noexec", 8, 0),
    ("sync", 16, 0),
    ("async", 0, 16),
    ("remount", 32, 0),
    ("mand", 64, 0),
    ("nomand", 0, 64),
    ("dirsync", 128, 0),
    ("symfollow", 0, 256),
    ("nosymfollow", 256, 0),
    ("atime", 0, 1024),
    ("noatime", 1024, 0),
    ("diratime", 0, 2048),
    ("nodiratime", 2048, 0),
    ("bind", flag::BIND, 0),
    ("B", flag::BIND, 0),
    ("move", flag::MOVE, 0),
    ("M", flag::MOVE, 0),
    ("rbind", flag::BIND | flag::REC, 0),
    ("R", flag::BIND | flag::REC, 0),
    ("verbose", flag::SILENT, 0),
    ("silent", flag::SILENT, 0),
    ("loud", 0, flag::SILENT),
    ("acl", 1 << 16, 0),
    ("noacl", 0, 1 << 16),
    ("unbindable", flag::UNBINDABLE, 0),
    ("make-unbindable", flag::UNBINDABLE, 0),
    ("runbindable", flag::UNBINDABLE | flag::REC, 0),
    ("make-runbindable", flag::UNBINDABLE | flag::REC, 0),
    ("private", flag::PRIVATE, 0),
    ("make-private", flag::PRIVATE, 0),
    ("rprivate", flag::PRIVATE | flag::REC, 0),
    ("make-rprivate", flag::PRIVATE | flag::REC, 0),
    ("slave", flag::SLAVE, 0),
    ("make-slave", flag::SLAVE, 0),
    ("rslave", flag::SLAVE | flag::REC, 0),
    ("make-rslave", flag::SLAVE | flag::REC, 0),
    ("shared", flag::SHARED, 0),
    ("make-shared", flag::SHARED, 0),
    ("rshared", flag::SHARED | flag::REC, 0),
    ("make-rshared", flag::SHARED | flag::REC, 0),
    ("relatime", 1 << 21, 0),
    ("norelatime", 0, 1 << 21),
    ("iversion", 1 << 23, 0),
    ("noiversion", 0, 1 << 23),
    ("strictatime", 1 << 24, 0),
    ("nostrictatime", 0, 1 << 24),
    ("lazytime", 1 << 25, 0),
    ("nolazytime", 0, 1 << 25),
    ("user", 0, 1 << 31),
    ("nouser", 1 << 31, 0),
];

/// The value of `flags=` in a log line. Models audit_mnt_flags in security/apparmor/mount.c.
#[must_use]
pub(super) fn flags_text(flags: u32) -> String {
    let mut out = if flags & flag::RDONLY != 0 { "ro" } else { "rw" }.to_owned();
    let recursive = flags & flag::REC != 0;
    for (bit, word) in [
        (2, "nosuid"),
        (4, "nodev"),
        (8, "noexec"),
        (16, "sync"),
        (32, "remount"),
        (64, "mand"),
        (128, "dirsync"),
        (1024, "noatime"),
        (2048, "nodiratime"),
        (flag::BIND, "bind"),
        (flag::MOVE, "move"),
        (flag::SILENT, "silent"),
        (1 << 16, "acl"),
        (flag::UNBINDABLE, "unbindable"),
        (flag::PRIVATE, "private"),
        (flag::SLAVE, "slave"),
        (flag::SHARED, "shared"),
        (1 << 21, "relatime"),
        (1 << 23, "iversion"),
        (1 << 24, "strictatime"),
        (1 << 31, "nouser"),
    ] {
        if flags & bit != 0 {
            let takes_r = bit == flag::BIND || bit & flag::PROPAGATION != 0;
            out.push_str(if takes_r && recursive { ", r" } else { ", " });
            out.push_str(word);
        }
    }
    out
}
