//! Which words are words in which of the lexer's modes.

use super::lexer::Mode;
use super::token::Tok;

/// The mode a keyword switches to, until the rule's end.
pub(super) fn rule_mode(kind: Tok) -> Option<Mode> {
    Some(match kind {
        Tok::Rlimit => Mode::RLIMIT_MODE,
        Tok::Network => Mode::NETWORK_MODE,
        Tok::ChangeProfile => Mode::CHANGE_PROFILE_MODE,
        Tok::Mount | Tok::Remount | Tok::Umount => Mode::MOUNT_MODE,
        Tok::Dbus => Mode::DBUS_MODE,
        Tok::Signal => Mode::SIGNAL_MODE,
        Tok::Ptrace => Mode::PTRACE_MODE,
        Tok::Unix => Mode::UNIX_MODE,
        Tok::Abi => Mode::ABI_MODE,
        Tok::Userns => Mode::USERNS_MODE,
        Tok::Mqueue => Mode::MQUEUE_MODE,
        _ => return None,
    })
}

/// Words that are accesses, and the modes in which they are.
pub(super) const WORDS: &[(&str, Tok, &[Mode])] = {
    use Mode::{
        DBUS_MODE as D, MQUEUE_MODE as Q, NETWORK_MODE as N, PTRACE_MODE as P, SIGNAL_MODE as S,
        UNIX_MODE as U, USERNS_MODE as NS,
    };
    &[
        ("listen", Tok::Listen, &[U, N]),
        ("accept", Tok::Accept, &[U, N]),
        ("connect", Tok::Connect, &[U, N]),
        ("getopt", Tok::Getopt, &[U, N]),
        ("setopt", Tok::Setopt, &[U, N]),
        ("shutdown", Tok::Shutdown, &[U, N]),
        ("create", Tok::Create, &[U, NS, Q, N]),
        ("open", Tok::Open, &[Q]),
        ("delete", Tok::Delete, &[Q]),
        ("getattr", Tok::Getattr, &[U, Q, N]),
        ("setattr", Tok::Setattr, &[U, Q, N]),
        ("bind", Tok::Bind, &[D, U, N]),
        ("eavesdrop", Tok::Eavesdrop, &[D]),
        ("send", Tok::Send, &[D, S, U, N]),
        ("receive", Tok::Receive, &[D, S, U, N]),
        ("trace", Tok::Trace, &[P]),
        ("readby", Tok::ReadBy, &[P]),
        ("tracedby", Tok::TracedBy, &[P]),
        ("read", Tok::Read, &[D, S, P, U, Q, N]),
        ("write", Tok::Write, &[D, S, P, U, Q, N]),
    ]
};
