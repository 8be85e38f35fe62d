//! Why a system call failed.

/// An error number of Linux.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Errno(pub u16);

macro_rules! errnos {
    ($($name:ident $number:literal $text:literal,)*) => {
        impl Errno {
            $(#[doc = $text] pub const $name: Self = Self($number);)*

            /// What `strerror` says.
            #[must_use]
            pub fn text(self) -> String {
                match self.0 { $($number => $text.to_owned(),)* n => format!("Unknown error {n}") }
            }

            /// The name, `ENOENT`.
            #[must_use]
            pub fn name(self) -> String {
                match self.0 { $($number => stringify!($name).to_owned(),)* n => n.to_string() }
            }

            /// The error number of a name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $(stringify!($name) => Some(Self::$name),)* _ => None }
            }
        }
    };
}

errnos! {
    EPERM 1 "Operation not permitted",
    ENOENT 2 "No such file or directory",
    ESRCH 3 "No such process",
    EINTR 4 "Interrupted system call",
    EIO 5 "Input/output error",
    ENXIO 6 "No such device or address",
    E2BIG 7 "Argument list too long",
    ENOEXEC 8 "Exec format error",
    EBADF 9 "Bad file descriptor",
    ECHILD 10 "No child processes",
    EAGAIN 11 "Resource temporarily unavailable",
    ENOMEM 12 "Cannot allocate memory",
    EACCES 13 "Permission denied",
    EFAULT 14 "Bad address",
    ENOTBLK 15 "Block device required",
    EBUSY 16 "Device or resource busy",
    EEXIST 17 "File exists",
    EXDEV 18 "Invalid cross-device link",
    ENODEV 19 "No such device",
    ENOTDIR 20 "Not a directory",
    EISDIR 21 "Is a directory",
    EINVAL 22 "Invalid argument",
    ENFILE 23 "Too many open files in system",
    EMFILE 24 "Too many open files",
    ENOTTY 25 "Inappropriate ioctl for device",
    ETXTBSY 26 "Text file busy",
    EFBIG 27 "File too large",
    ENOSPC 28 "No space left on device",
    ESPIPE 29 "Illegal seek",
    EROFS 30 "Read-only file system",
    EMLINK 31 "Too many links",
    EPIPE 32 "Broken pipe",
    EDOM 33 "Numerical argument out of domain",
    ERANGE 34 "Numerical result out of range",
    EDEADLK 35 "Resource deadlock avoided",
    ENAMETOOLONG 36 "File name too long",
    ENOSYS 38 "Function not implemented",
    ENOTEMPTY 39 "Directory not empty",
    ELOOP 40 "Too many levels of symbolic links",
    ENODATA 61 "No data available",
    EPROTO 71 "Protocol error",
    EOVERFLOW 75 "Value too large for defined data type",
    EPROTONOSUPPORT 93 "Protocol not supported",
    EOPNOTSUPP 95 "Operation not supported",
    EAFNOSUPPORT 97 "Address family not supported by protocol",
    ENOTSOCK 88 "Socket operation on non-socket",
    EADDRINUSE 98 "Address already in use",
    EADDRNOTAVAIL 99 "Cannot assign requested address",
    ENETUNREACH 101 "Network is unreachable",
    ECONNRESET 104 "Connection reset by peer",
    ENOTCONN 107 "Transport endpoint is not connected",
    ETIMEDOUT 110 "Connection timed out",
    ECONNREFUSED 111 "Connection refused",
    EHOSTUNREACH 113 "No route to host",
}
