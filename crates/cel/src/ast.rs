//! The tree an expression is parsed into. Macros are expanded by the parser.

use std::sync::Arc;

/// A node and the place of what makes it one: an operator, a dot, an opening bracket.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Expr {
    /// Its number among the nodes of its tree.
    pub(crate) id: u32,
    pub(crate) at: usize,
    /// How many operators, selections and calls lie one inside the other.
    pub(crate) depth: u16,
    pub(crate) kind: Kind,
}

/// A value written down.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Literal {
    Null,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Double(f64),
    String(Arc<str>),
    Bytes(Arc<[u8]>),
}

/// What a loop over a list or a map makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loop {
    All,
    Exists,
    ExistsOne,
    Map,
    Filter,
    TransformList,
    TransformMap,
    TransformMapEntry,
    SortBy,
}

/// A field of an object that is written down: `name: value`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Field {
    /// The place of the colon.
    pub(crate) at: usize,
    pub(crate) name: String,
    pub(crate) value: Expr,
    pub(crate) optional: bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Kind {
    /// Where a syntax error was.
    #[default]
    Nothing,
    Literal(Literal),
    Ident(String),
    /// `operand.field`; optional for `.?`, a presence test for `has(…)`.
    Select {
        operand: Box<Expr>,
        field: String,
        optional: bool,
        test: bool,
    },
    /// `operand[index]`; optional for `[?`.
    Index {
        operand: Box<Expr>,
        index: Box<Expr>,
        optional: bool,
    },
    /// A function, or a method of `target`.
    Call {
        function: String,
        target: Option<Box<Expr>>,
        args: Vec<Expr>,
        /// Whether exactly one of the function's overloads fits, as the checker found.
        settled: bool,
    },
    /// Elements; optional ones are left out when empty.
    List(Vec<(Expr, bool)>),
    /// Keys and values.
    Map(Vec<(Expr, Expr, bool)>),
    /// `Name{field: value}`
    Struct {
        name: String,
        fields: Vec<Field>,
    },
    /// A loop: the range, one or two variables, a condition on each (`map` with three arguments), the body.
    Loop {
        kind: Loop,
        range: Box<Expr>,
        names: Vec<String>,
        condition: Option<Box<Expr>>,
        body: Box<Expr>,
    },
    /// `optMap` and `optFlatMap`.
    Opt {
        target: Box<Expr>,
        name: String,
        body: Box<Expr>,
        flat: bool,
    },
}

impl Expr {
    /// Whether something holds for this node or one below it.
    pub(crate) fn any(&self, holds: &impl Fn(&Self) -> bool) -> bool {
        let all = |list: &[Self]| list.iter().any(|e| e.any(holds));
        holds(self)
            || match &self.kind {
                Kind::Nothing | Kind::Literal(_) | Kind::Ident(_) => false,
                Kind::Struct { fields, .. } => fields.iter().any(|f| f.value.any(holds)),
                Kind::Select { operand, .. } => operand.any(holds),
                Kind::Index { operand, index, .. } => operand.any(holds) || index.any(holds),
                Kind::Call { target, args, .. } => target.iter().any(|e| e.any(holds)) || all(args),
                Kind::List(items) => items.iter().any(|(e, _)| e.any(holds)),
                Kind::Map(entries) => entries.iter().any(|(k, v, _)| k.any(holds) || v.any(holds)),
                Kind::Loop { range, condition, body, .. } => {
                    range.any(holds) || condition.iter().any(|e| e.any(holds)) || body.any(holds)
                }
                Kind::Opt { target, body, .. } => target.any(holds) || body.any(holds),
            }
    }

    /// The dotted name this is, if it is nothing but names and dots.
    pub(crate) fn dotted(&self) -> Option<String> {
        match &self.kind {
            Kind::Ident(name) => Some(name.clone()),
            Kind::Select { operand, field, optional: false, test: false } => {
                Some(format!("{}.{field}", operand.dotted()?))
            }
            _ => None,
        }
    }
}
