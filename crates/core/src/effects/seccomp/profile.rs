//! A seccomp profile as containerd reads it: OCI's `LinuxSeccomp`.
//!
//! Docker's extra fields (`includes`, `excludes`, `archMap`, `minKernel`, `name`) are not OCI's and are ignored,
//! which makes every conditional entry of Docker's own default profile unconditional. Models containerd
//! contrib/seccomp/seccomp.go (WithProfile) and runtime-spec specs-go/config.go.

use gatehouse_model::{Value, json};

use super::decode::{self, Place};

/// A profile: what to do with calls by name. Field names and values are still the file's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// `defaultAction`, as written.
    pub default_action: String,
    /// `defaultErrnoRet`.
    pub default_errno: Option<u64>,
    /// `architectures`, as written.
    pub architectures: Vec<String>,
    /// `flags`, as written.
    pub flags: Vec<String>,
    /// `listenerPath`.
    pub listener_path: String,
    /// `syscalls`, in order.
    pub rules: Vec<Rule>,
}

/// One entry of `syscalls`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// The calls it is for.
    pub names: Vec<String>,
    /// `action`, as written.
    pub action: String,
    /// `errnoRet`.
    pub errno: Option<u64>,
    /// Conditions on arguments; all must hold.
    pub args: Vec<Argument>,
}

/// A condition on one argument of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Argument {
    /// Which argument, from 0.
    pub index: u64,
    /// The value compared with, or the mask of `SCMP_CMP_MASKED_EQ`.
    pub value: u64,
    /// What the masked value must be.
    pub value_two: u64,
    /// `op`, as written.
    pub op: String,
}

/// How an argument is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// Not equal.
    Ne,
    /// Less than.
    Lt,
    /// Less than or equal.
    Le,
    /// Equal.
    Eq,
    /// Greater than or equal.
    Ge,
    /// Greater than.
    Gt,
    /// The argument and the mask equal the second value.
    MaskedEq,
}

impl Operator {
    /// Reads an operator's name.
    #[must_use]
    pub fn from_oci(name: &str) -> Option<Self> {
        Some(match name {
            "SCMP_CMP_NE" => Self::Ne,
            "SCMP_CMP_LT" => Self::Lt,
            "SCMP_CMP_LE" => Self::Le,
            "SCMP_CMP_EQ" => Self::Eq,
            "SCMP_CMP_GE" => Self::Ge,
            "SCMP_CMP_GT" => Self::Gt,
            "SCMP_CMP_MASKED_EQ" => Self::MaskedEq,
            _ => return None,
        })
    }
}

impl Profile {
    /// Reads a profile's text.
    ///
    /// # Errors
    /// What `encoding/json` says: a syntax error, or the first field of a wrong type.
    pub fn parse(text: &str) -> Result<Self, String> {
        let tree = json::parse(text).map_err(|e| e.message)?;
        Self::from_value(&tree)
    }

    /// Reads a profile from a tree.
    ///
    /// # Errors
    /// The first field of a wrong type, in `encoding/json`'s words.
    pub fn from_value(tree: &Value) -> Result<Self, String> {
        let top = |path| Place { strukt: "LinuxSeccomp", path };
        let map = match tree {
            Value::Map(m) => m,
            Value::Null => return Ok(Self::default()),
            Value::Int(_) | Value::Float(_) => {
                return Err(
                    "json: cannot unmarshal number into Go value of type specs.LinuxSeccomp".to_owned()
                );
            }
            other => {
                return Err(format!(
                    "json: cannot unmarshal {} into Go value of type specs.LinuxSeccomp",
                    decode::describe(other)
                ));
            }
        };
        Ok(Self {
            default_action: decode::string(
                map,
                "defaultAction",
                top("defaultAction"),
                "specs.LinuxSeccompAction",
            )?,
            default_errno: decode::number(map, "defaultErrnoRet", top("defaultErrnoRet"), "uint")?,
            architectures: decode::strings(map, "architectures", top("architectures"), "specs.Arch")?,
            flags: decode::strings(map, "flags", top("flags"), "specs.LinuxSeccompFlag")?,
            listener_path: decode::string(map, "listenerPath", top("listenerPath"), "string")?,
            rules: decode::list(map, "syscalls", top("syscalls"), "specs.LinuxSyscall")?
                .iter()
                .map(rule)
                .collect::<Result<_, _>>()?,
        })
    }
}

fn rule(v: &Value) -> Result<Rule, String> {
    let map = decode::object(v, Place { strukt: "LinuxSeccomp", path: "syscalls" }, "specs.LinuxSyscall")?;
    let at = |path| Place { strukt: "LinuxSyscall", path };
    Ok(Rule {
        names: decode::strings(map, "names", at("syscalls.names"), "string")?,
        action: decode::string(map, "action", at("syscalls.action"), "specs.LinuxSeccompAction")?,
        errno: decode::number(map, "errnoRet", at("syscalls.errnoRet"), "uint")?,
        args: decode::list(map, "args", at("syscalls.args"), "specs.LinuxSeccompArg")?
            .iter()
            .map(argument)
            .collect::<Result<_, _>>()?,
    })
}

fn argument(v: &Value) -> Result<Argument, String> {
    let map =
        decode::object(v, Place { strukt: "LinuxSyscall", path: "syscalls.args" }, "specs.LinuxSeccompArg")?;
    let at = |path| Place { strukt: "LinuxSeccompArg", path };
    Ok(Argument {
        index: decode::number(map, "index", at("syscalls.args.index"), "uint")?.unwrap_or(0),
        value: decode::number(map, "value", at("syscalls.args.value"), "uint64")?.unwrap_or(0),
        value_two: decode::number(map, "valueTwo", at("syscalls.args.valueTwo"), "uint64")?.unwrap_or(0),
        op: decode::string(map, "op", at("syscalls.args.op"), "specs.LinuxSeccompOperator")?,
    })
}
