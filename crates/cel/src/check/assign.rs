//! Which type may stand for which, and what type variables turn out to be. Models cel-go `checker/types.go` and
//! `checker/mapping.go`.

use crate::signatures::Signature;
use crate::types::Type;

/// What the type variables are known to be, by their number.
#[derive(Default)]
pub(super) struct Bindings(Vec<Option<Type>>);

impl Bindings {
    /// A type variable that nothing is known of.
    pub(super) fn fresh(&mut self) -> Type {
        self.0.push(None);
        Type::Param(u32::try_from(self.0.len() - 1).unwrap_or(u32::MAX))
    }

    fn find(&self, n: u32) -> Option<&Type> {
        self.0.get(n as usize)?.as_ref()
    }

    fn bind(&mut self, n: u32, t: Type) {
        if let Some(slot) = self.0.get_mut(n as usize) {
            *slot = Some(t);
        }
    }

    /// A signature's parameters and result, with type variables of its own.
    pub(super) fn instantiated(&mut self, signature: &Signature) -> (Vec<Type>, Type) {
        let own = [self.fresh(), self.fresh()];
        let with = |t: &Type| t.replaced(&|n| own.get(n as usize).cloned());
        (signature.params.iter().map(with).collect(), with(&signature.result))
    }

    /// The type with everything known put in.
    pub(super) fn open(&self, t: &Type) -> Type {
        t.replaced(&|n| self.find(n).map(|t| self.open(t)))
    }

    /// As [`Bindings::open`]; what is not known may be anything.
    pub(super) fn closed(&self, t: &Type) -> Type {
        t.replaced(&|n| Some(self.find(n).map_or(Type::Dyn, |t| self.closed(t))))
    }

    /// Whether `b` may stand where `a` is wanted; if so, what that tells of type variables is kept.
    pub(super) fn assignable(&mut self, a: &Type, b: &Type) -> bool {
        self.all_assignable(std::slice::from_ref(a), std::slice::from_ref(b))
    }

    pub(super) fn all_assignable(&mut self, a: &[Type], b: &[Type]) -> bool {
        let before = self.0.clone();
        let fits = a.iter().zip(b).all(|(a, b)| self.fits(a, b));
        if !fits {
            self.0 = before;
        }
        fits
    }

    fn fits(&mut self, a: &Type, b: &Type) -> bool {
        if let Type::Param(n) = b {
            match self.substitutes(a, *n) {
                (true, _) => return true,
                (false, true) => return false,
                (false, false) => {}
            }
        }
        if let Type::Param(n) = a {
            return self.substitutes(b, *n).0;
        }
        match (a, b) {
            (Type::Dyn | Type::Error, _) | (_, Type::Dyn | Type::Error) => true,
            (Type::Null, other) | (other, Type::Null) => matches!(
                other,
                Type::Null
                    | Type::Opaque(_)
                    | Type::Struct(_)
                    | Type::Timestamp
                    | Type::Duration
                    | Type::Optional(_)
            ),
            (Type::Type(_) | Type::Meta, Type::Type(_) | Type::Meta) => true,
            (Type::List(a), Type::List(b)) | (Type::Optional(a), Type::Optional(b)) => self.fits(a, b),
            (Type::Map(a, b), Type::Map(c, d)) => self.fits(a, c) && self.fits(b, d),
            (Type::Struct(a), Type::Struct(b)) => a.name == b.name,
            _ => a == b,
        }
    }

    /// Whether `t` may be what variable `n` is, and whether that one was known.
    fn substitutes(&mut self, t: &Type, n: u32) -> (bool, bool) {
        if *t == Type::Param(n) {
            return (true, true);
        }
        if let Some(known) = self.find(n).cloned() {
            if *t == known {
                return (true, true);
            }
            if !self.fits(t, &known) {
                return (false, true);
            }
            let wider = most_general(t.clone(), known);
            if self.absent(n, &wider) {
                self.bind(n, wider);
            }
            return (true, true);
        }
        if self.absent(n, t) {
            self.bind(n, t.clone());
            return (true, false);
        }
        (false, false)
    }

    /// Whether variable `n` does not occur in a type.
    fn absent(&self, n: u32, within: &Type) -> bool {
        match within {
            Type::Param(m) if *m == n => false,
            Type::Param(m) => self.find(*m).is_none_or(|t| self.absent(n, t)),
            Type::List(t) | Type::Optional(t) | Type::Type(t) => self.absent(n, t),
            Type::Map(k, v) => self.absent(n, k) && self.absent(n, v),
            _ => true,
        }
    }
}

/// The more general of two types that fit.
pub(super) fn most_general(a: Type, b: Type) -> Type {
    if no_more_special(&a, &b) { a } else { b }
}

fn no_more_special(a: &Type, b: &Type) -> bool {
    match (a, b) {
        (Type::Dyn | Type::Param(_), _) => true,
        (_, Type::Dyn | Type::Param(_)) => false,
        (Type::List(a), Type::List(b)) | (Type::Optional(a), Type::Optional(b)) => no_more_special(a, b),
        (Type::Map(a, b), Type::Map(c, d)) => no_more_special(a, c) && no_more_special(b, d),
        (Type::Type(_) | Type::Meta, Type::Type(_) | Type::Meta) => true,
        _ => a == b,
    }
}
