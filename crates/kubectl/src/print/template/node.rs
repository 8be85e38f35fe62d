//! What a template consists of. Every node knows where it stands, for errors.

use std::fmt;

use gatehouse_model::Value;

/// A sequence of statements.
pub(super) type Block = Vec<Statement>;

/// Text or an action.
#[derive(Clone, Debug)]
pub(super) enum Statement {
    Text(String),
    /// A pipeline whose value is printed, unless it only sets variables.
    Action(Pipe),
    If(Pipe, Block, Block),
    With(Pipe, Block, Block),
    Range(Pipe, Block, Block),
    Template {
        pos: usize,
        name: String,
        pipe: Option<Pipe>,
    },
    Break,
    Continue,
}

/// `$x := a | b c`
#[derive(Clone, Debug, Default)]
pub(super) struct Pipe {
    pub(super) pos: usize,
    /// Variables set, dollar included.
    pub(super) declared: Vec<String>,
    /// `=` rather than `:=`.
    pub(super) assigns: bool,
    pub(super) commands: Vec<Command>,
}

/// An operand and its arguments.
#[derive(Clone, Debug)]
pub(super) struct Command {
    pub(super) pos: usize,
    pub(super) args: Vec<Node>,
}

/// An operand.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) pos: usize,
    pub(super) kind: Operand,
}

#[derive(Clone, Debug)]
pub(super) enum Operand {
    Dot,
    Nil,
    /// `.a.b`
    Field(Vec<String>),
    /// `$x.a`; the first is the variable.
    Variable(Vec<String>),
    /// A function.
    Identifier(String),
    /// A literal and how it was written.
    Constant(Value, String),
    /// `(…)`
    Pipe(Pipe),
    /// `(…).a.b`
    Chain(Box<Node>, Vec<String>),
}

impl fmt::Display for Pipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.declared.is_empty() {
            write!(f, "{} {} ", self.declared.join(", "), if self.assigns { "=" } else { ":=" })?;
        }
        for (i, command) in self.commands.iter().enumerate() {
            write!(f, "{}{command}", if i > 0 { " | " } else { "" })?;
        }
        Ok(())
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, arg) in self.args.iter().enumerate() {
            write!(f, "{}{arg}", if i > 0 { " " } else { "" })?;
        }
        Ok(())
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Operand::Dot => f.write_str("."),
            Operand::Nil => f.write_str("nil"),
            Operand::Field(names) => names.iter().try_for_each(|n| write!(f, ".{n}")),
            Operand::Variable(names) => f.write_str(&names.join(".")),
            Operand::Identifier(name) | Operand::Constant(_, name) => f.write_str(name),
            Operand::Pipe(pipe) => write!(f, "({pipe})"),
            Operand::Chain(node, names) => {
                write!(f, "{node}")?;
                names.iter().try_for_each(|n| write!(f, ".{n}"))
            }
        }
    }
}
