//! What a script is made of.

use std::sync::{Arc, OnceLock};

/// A list of commands.
pub type Script = Vec<Item>;

/// A command with what follows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Pipelines joined by `&&` and `||`.
    pub chain: Vec<(Join, Pipeline)>,
    /// Ended by `&`.
    pub background: bool,
    /// The line it starts on, from 1.
    pub line: usize,
    /// What was written, of one that runs in the background.
    pub text: String,
}

/// How a pipeline is joined to the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join {
    /// The first one.
    First,
    /// `&&`
    And,
    /// `||`
    Or,
}

/// Commands joined by `|`.
#[derive(Clone, Debug, PartialEq)]
pub struct Pipeline {
    /// `!` before it.
    pub negated: bool,
    /// Each with whether its standard error goes down the pipe as well (`|&`).
    pub commands: Vec<(Command, bool)>,
}

/// A command.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Assignments, words, redirections.
    Simple {
        /// `NAME=value` before the words.
        assigns: Vec<Assign>,
        /// The command's name and arguments.
        words: Vec<Word>,
        /// Redirections.
        redirects: Vec<Redirect>,
        /// The line it stands on.
        line: usize,
    },
    /// A compound command and its redirections.
    Compound(Box<Compound>, Vec<Redirect>),
    /// A function's definition.
    Function(String, Arc<Command>),
}

/// A compound command.
#[derive(Clone, Debug, PartialEq)]
pub enum Compound {
    /// `{ …; }`
    Group(Script),
    /// `( … )`
    Subshell(Script),
    /// `if`: conditions with their bodies, and `else`.
    If(Vec<(Script, Script)>, Option<Script>),
    /// `while` and `until`.
    While {
        /// Whether it is `until`.
        until: bool,
        /// The condition.
        test: Script,
        /// The body.
        body: Script,
    },
    /// `for NAME in …`; `None` goes over the arguments.
    For(String, Option<Vec<Word>>, Script),
    /// `for ((a; b; c))`
    ForArith([String; 3], Script),
    /// `case`: the word, and patterns with bodies.
    Case(Word, Vec<(Vec<Word>, Script)>),
    /// `[[ … ]]`
    Test(Vec<Word>),
    /// `(( … ))`
    Arith(String),
}

/// `NAME=value`, `NAME+=value`, `NAME[i]=value`, `NAME=(…)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Assign {
    /// The variable.
    pub name: String,
    /// The element.
    pub index: Option<String>,
    /// `+=`
    pub append: bool,
    /// The value.
    pub value: Value,
}

/// What is assigned.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// One word.
    Scalar(Word),
    /// An array's elements.
    Array(Vec<Word>),
}

/// A word: parts side by side.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Word(pub Vec<Part>);

/// A part of a word.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// Characters without quotes.
    Plain(String),
    /// Characters in quotes or behind a backslash.
    Quoted(String),
    /// `"…"`
    Double(Vec<Part>),
    /// `$name`, `${…}`
    Param(Box<Param>),
    /// `$(…)` and backticks.
    Command(Arc<Script>),
    /// `$((…))`
    Arith(Word),
    /// `<(…)`
    Process(Arc<Script>),
}

/// A parameter's expansion.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// The name, digit or special character.
    pub name: String,
    /// `[…]`
    pub index: Option<String>,
    /// What is done with it.
    pub op: ParamOp,
}

/// What is done with a parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum ParamOp {
    /// Nothing.
    Plain,
    /// `${#x}`
    Length,
    /// `${!x}`
    Indirect,
    /// `${x:-w}`, `${x=w}`, `${x:?w}`, `${x+w}`: whether empty counts as unset, the letter, the word.
    Default(bool, char, Word),
    /// `${x#p}`, `${x%%p}`: at the start, the longest, the pattern.
    Trim(bool, bool, Word),
    /// `${x/p/w}`: how (`/` once, `a` all, `#` at the start, `%` at the end), pattern, replacement.
    Replace(char, Word, Word),
    /// `${x:o:l}`
    Slice(String, Option<String>),
    /// `${x^^}`, `${x,}`: upper, all.
    Case(bool, bool),
    /// What this shell does not have.
    Bad,
}

/// A redirection.
#[derive(Clone, Debug, PartialEq)]
pub struct Redirect {
    /// The stream's number, if given.
    pub fd: Option<i32>,
    /// What happens to it.
    pub op: RedirectOp,
}

/// What a redirection does.
#[derive(Clone, Debug, PartialEq)]
pub enum RedirectOp {
    /// `<`
    Read(Word),
    /// `>`, `>|`
    Write(Word),
    /// `>>`
    Append(Word),
    /// `<>`
    ReadWrite(Word),
    /// `>&` and `<&`
    Dup(Word),
    /// `&>`, `>&file`
    Both(Word),
    /// `&>>`
    BothAppend(Word),
    /// `<<`; filled when the lines behind it are read.
    Heredoc(Arc<OnceLock<Word>>),
    /// `<<<`
    HereString(Word),
}
