//! Tokens to a tree, with ANTLR's strategy against errors: a token too many is passed over, one too few is thought
//! of, and otherwise the rule is left and what cannot follow it skipped.
//!
//! Each rule of the grammar is a function of the same name. Models cel-go `parser/gen/CEL.g4`, `parser/parser.go` and
//! ANTLR's `DefaultErrorStrategy`.

mod recovery;

use crate::ast::{Expr, Field, Kind};
use crate::error::Issue;
use crate::lexer::{self, *};
use crate::{literals, macros};
use recovery::{Set, Trail};

/// How deep rules, and operators in the tree, may nest.
const MAX_DEPTH: u16 = 250;

/// How deep expressions may stand in one another here. The server goes as deep as [`MAX_DEPTH`]; the stack of a page
/// does not, and nobody writes such expressions.
const MAX_NESTED: u16 = 100;

/// The longest expression, in characters.
const MAX_LENGTH: usize = 100_000;

/// Words that may name fields but no variable.
pub const RESERVED: [&str; 21] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "false",
    "for",
    "function",
    "if",
    "import",
    "in",
    "let",
    "loop",
    "package",
    "namespace",
    "null",
    "return",
    "true",
    "var",
    "void",
    "while",
];

const OPERATORS: [(lexer::Kind, &str); 12] = [
    (1, "_==_"),
    (2, "_!=_"),
    (IN, "@in"),
    (4, "_<_"),
    (5, "_<=_"),
    (6, "_>=_"),
    (7, "_>_"),
    (MINUS, "_-_"),
    (22, "_+_"),
    (23, "_*_"),
    (24, "_/_"),
    (25, "_%_"),
];

const RELATIONS: Set = Set::of(&[1, 2, IN, 4, 5, 6, 7]);
const PRODUCTS: Set = Set::of(&[23, 24, 25]);
const SUMS: Set = Set::of(&[MINUS, 22]);
const LITERALS: Set = Set::of(&[TRUE, FALSE, NULL, FLOAT, INT, UINT, STRING, BYTES]);
const PRIMARY: Set = Set::of(&[LBRACKET, LBRACE, LPAREN, DOT, MINUS, IDENT]).and(LITERALS);
const START: Set = PRIMARY.and(Set::of(&[EXCLAM]));
const OPTIONAL: Set = START.and(Set::of(&[QUESTION]));
const NAME: Set = Set::of(&[IDENT, ESCAPED]);
const FIELD: Set = NAME.and(Set::of(&[QUESTION]));
const SUFFIX: Set = Set::of(&[DOT, LBRACKET]).open();
const END: Set = Set::of(&[]).open();

/// Why a rule was left.
enum Failed {
    /// At this state of it, with this message.
    Rule(u16, String),
    /// Nothing more is to be parsed.
    Stop,
}

/// Boxed: what is handed up through many rules should be small.
type Parsed<T = Box<Expr>> = Result<T, Failed>;

/// Parses a rule after which something may come. A rule that fails is left where something that may follow comes.
/// No function, so that expressions may nest deeply.
macro_rules! rule {
    ($parser:ident, $follow:expr, $body:expr) => {{
        let depths = $parser.open_rule($follow);
        let result = $body;
        $parser.close_rule(depths, result)?
    }};
}

/// The rules whose nesting is counted.
#[derive(Clone, Copy)]
enum Counted {
    Expr,
    Relation,
    Calc,
    Member,
}

/// Parses an expression; gives it and the number of its nodes.
pub(crate) fn parse(source: &str) -> Result<(Expr, u32), Vec<Issue>> {
    let chars: Vec<char> = source.chars().collect();
    if chars.len() > MAX_LENGTH {
        let why =
            format!("expression code point size exceeds limit: size: {}, limit {MAX_LENGTH}", chars.len());
        return Err(vec![Issue::nowhere(why)]);
    }
    let mut issues = Vec::new();
    let tokens = lexer::tokens(&chars, &mut issues);
    let mut parser =
        Parser { chars: &chars, tokens, at: 0, trail: Trail::default(), depths: [0; 4], nodes: 0, issues };
    let root = *parser.start().unwrap_or_default();
    if parser.issues.is_empty() && root.depth > MAX_DEPTH {
        parser.issues.push(Issue::nowhere("max recursion depth exceeded"));
    }
    if parser.issues.is_empty() { Ok((root, parser.nodes)) } else { Err(parser.issues) }
}

struct Parser<'s> {
    chars: &'s [char],
    tokens: Vec<Token>,
    at: usize,
    trail: Trail,
    depths: [u16; 4],
    nodes: u32,
    issues: Vec<Issue>,
}

impl Parser<'_> {
    fn text(&self, token: Token) -> String {
        self.chars.get(token.at..token.end).unwrap_or(&[]).iter().collect()
    }

    fn enter(&mut self, rule: Counted) -> Parsed<()> {
        let Some(depth) = self.depths.get_mut(rule as usize) else { return Ok(()) };
        *depth += 1;
        let most = if matches!(rule, Counted::Expr) { MAX_NESTED } else { MAX_DEPTH };
        if *depth > most {
            self.issues.push(Issue::nowhere(format!("expression recursion limit exceeded: {MAX_DEPTH}")));
            return Err(Failed::Stop);
        }
        Ok(())
    }

    fn leave(&mut self, rule: Counted, times: u16) {
        if let Some(depth) = self.depths.get_mut(rule as usize) {
            *depth -= times;
        }
    }

    /// A node; `counted` where it counts as one level of nesting.
    fn node(&mut self, at: usize, kind: Kind, inside: u16, counted: bool) -> Box<Expr> {
        self.nodes += 1;
        Box::new(Expr { id: self.nodes - 1, at, depth: inside + u16::from(counted), kind })
    }

    fn call(&mut self, at: usize, function: &str, args: Vec<Expr>, counted: bool) -> Box<Expr> {
        let inside = deepest(&args);
        self.node(
            at,
            Kind::Call { function: function.to_owned(), target: None, args, settled: false },
            inside,
            counted,
        )
    }

    fn issue(&mut self, at: usize, why: &str) {
        self.issues.push(Issue::new(at, why));
    }

    fn start(&mut self) -> Parsed {
        let root = rule!(self, Set::of(&[EOF]), self.expr());
        if let Err(Failed::Rule(state, why)) = self.expect(EOF, 1, END) {
            self.recover(state, &why);
        }
        Ok(root)
    }

    fn expr(&mut self) -> Parsed {
        self.enter(Counted::Expr)?;
        let condition = rule!(self, Set::of(&[QUESTION]).open(), self.conditional_or());
        if self.la() != QUESTION {
            self.leave(Counted::Expr, 1);
            return Ok(condition);
        }
        let at = self.expect(QUESTION, 2, START)?;
        let yes = rule!(self, Set::of(&[COLON]), self.conditional_or());
        self.expect(COLON, 3, START)?;
        let no = rule!(self, END, self.expr());
        self.leave(Counted::Expr, 1);
        Ok(self.call(at, "_?_:_", vec![*condition, *yes, *no], true))
    }

    fn conditional_or(&mut self) -> Parsed {
        let follow = Set::of(&[OR]).open();
        let mut left = rule!(self, follow, self.conditional_and());
        while self.la() == OR {
            let at = self.expect(OR, 4, START)?;
            let right = rule!(self, follow, self.conditional_and());
            left = self.call(at, "_||_", vec![*left, *right], false);
        }
        Ok(left)
    }

    fn conditional_and(&mut self) -> Parsed {
        let follow = Set::of(&[AND]).open();
        let mut left = rule!(self, follow, self.relation(0));
        while self.la() == AND {
            let at = self.expect(AND, 5, START)?;
            let right = rule!(self, follow, self.relation(0));
            left = self.call(at, "_&&_", vec![*left, *right], false);
        }
        Ok(left)
    }

    fn relation(&mut self, precedence: u8) -> Parsed {
        self.binary(Counted::Relation, precedence, RELATIONS.open())
    }

    fn calc(&mut self, precedence: u8) -> Parsed {
        self.binary(Counted::Calc, precedence, PRODUCTS.and(SUMS).open())
    }

    /// A chain of binary operators, those that bind at least as strongly as `precedence`.
    fn binary(&mut self, rule: Counted, precedence: u8, operators: Set) -> Parsed {
        self.enter(rule)?;
        let mut entered = 1;
        let relation = matches!(rule, Counted::Relation);
        let mut left = if relation {
            rule!(self, operators, self.calc(0))
        } else {
            rule!(self, operators, self.unary())
        };
        loop {
            let la = self.la();
            let strength = if PRODUCTS.has(la) { 2 } else { 1 };
            if !operators.has(la) || strength < precedence {
                break;
            }
            self.enter(rule)?;
            entered += 1;
            let at = self.take().at;
            let right = if relation {
                rule!(self, operators, self.relation(2))
            } else {
                rule!(self, operators, self.calc(strength + 1))
            };
            let function = OPERATORS.iter().find(|(k, _)| *k == la).map_or("", |(_, f)| f);
            left = self.call(at, function, vec![*left, *right], true);
        }
        self.leave(rule, entered);
        Ok(left)
    }

    fn unary(&mut self) -> Parsed {
        self.sync(START, 6)?;
        let first = self.here();
        let function = match first.kind {
            EXCLAM => "!_",
            MINUS if matches!(self.look(1), INT | FLOAT) => "",
            MINUS if PRIMARY.has(self.look(1)) => "-_",
            MINUS => return Err(self.no_viable(7, first, 1)),
            kind if PRIMARY.has(kind) => "",
            _ => return Err(self.no_viable(7, first, 0)),
        };
        let mut signs = 0;
        if !function.is_empty() {
            while self.la() == first.kind {
                if signs > 0 && first.kind == MINUS && !PRIMARY.has(self.look(1)) {
                    let again = self.here();
                    return Err(self.no_viable(8, again, 1));
                }
                self.take();
                signs += 1;
                self.sync_back(if first.kind == MINUS { PRIMARY } else { START });
            }
        }
        let operand = rule!(self, END, self.member());
        // Two of a kind undo each other.
        Ok(if signs % 2 == 0 { operand } else { self.call(first.at, function, vec![*operand], false) })
    }

    fn member(&mut self) -> Parsed {
        self.enter(Counted::Member)?;
        let mut entered = 1;
        let mut left = rule!(self, SUFFIX, self.primary());
        while matches!(self.la(), DOT | LBRACKET) {
            self.enter(Counted::Member)?;
            entered += 1;
            left = self.suffix(left)?;
        }
        self.leave(Counted::Member, entered);
        Ok(left)
    }

    fn suffix(&mut self, left: Box<Expr>) -> Parsed {
        let first = self.here();
        let inside = left.depth;
        if first.kind == LBRACKET {
            self.take();
            self.sync(OPTIONAL, 9)?;
            let optional = self.take_if(QUESTION);
            let index = rule!(self, Set::of(&[RBRACKET]), self.expr());
            self.expect(RBRACKET, 10, SUFFIX)?;
            let inside = inside.max(index.depth);
            let kind = Kind::Index { operand: left, index, optional };
            return Ok(self.node(first.at, kind, inside, true));
        }
        match self.look(1) {
            IDENT if self.look(2) == LPAREN => {
                self.take();
                let name = self.take();
                let open = self.take();
                self.sync(START.and(Set::of(&[RPAREN])), 11)?;
                let args = self.arguments()?;
                self.expect(RPAREN, 12, SUFFIX)?;
                let name = self.text(name);
                self.method(*left, &name, args, open.at)
            }
            IDENT | ESCAPED | QUESTION => {
                self.take();
                self.sync(FIELD, 13)?;
                let optional = self.take_if(QUESTION);
                let field = rule!(self, SUFFIX, self.escape_ident());
                let kind = Kind::Select { operand: left, field, optional, test: false };
                Ok(self.node(first.at, kind, inside, true))
            }
            _ => Err(self.no_viable(14, first, 1)),
        }
    }

    fn escape_ident(&mut self) -> Parsed<String> {
        self.sync(NAME, 15)?;
        let token = self.here();
        match token.kind {
            IDENT => {
                self.take();
            }
            ESCAPED => {
                self.take();
                self.issue(token.at, "unsupported syntax: '`'");
            }
            _ => return Err(self.no_viable(16, token, 0)),
        }
        Ok(self.text(token))
    }

    fn arguments(&mut self) -> Parsed<Vec<Expr>> {
        if START.has(self.la()) {
            Ok(rule!(self, Set::of(&[RPAREN]), self.expr_list()))
        } else {
            Ok(Vec::new())
        }
    }

    fn expr_list(&mut self) -> Parsed<Vec<Expr>> {
        let follow = Set::of(&[COMMA]).open();
        let mut list = vec![*rule!(self, follow, self.expr())];
        while self.la() == COMMA {
            self.expect(COMMA, 17, START)?;
            list.push(*rule!(self, follow, self.expr()));
        }
        Ok(list)
    }

    fn primary(&mut self) -> Parsed {
        self.sync(PRIMARY, 18)?;
        let first = self.here();
        match first.kind {
            LPAREN => {
                self.take();
                let inner = rule!(self, Set::of(&[RPAREN]), self.expr());
                self.expect(RPAREN, 19, END)?;
                Ok(inner)
            }
            LBRACKET => self.create_list(),
            LBRACE => self.create_map(),
            DOT if self.look(1) != IDENT => Err(self.no_viable(20, first, 1)),
            DOT | IDENT => self.named(),
            kind if kind == MINUS || LITERALS.has(kind) => Ok(rule!(self, END, self.literal())),
            _ => Err(self.no_viable(20, first, 0)),
        }
    }

    /// What begins with a name: a variable, a function's call, an object.
    fn named(&mut self) -> Parsed {
        let first = self.here();
        let dot = self.take_if(DOT);
        if self.look(1) != LPAREN && self.opens_object() {
            return self.create_message(dot);
        }
        let token = self.take();
        let name = self.text(token);
        let reserved = RESERVED.contains(&name.as_str());
        let full = if dot { format!(".{name}") } else { name.clone() };
        let result = if self.la() == LPAREN {
            let open = self.take();
            self.sync(START.and(Set::of(&[RPAREN])), 21)?;
            let args = self.arguments()?;
            self.expect(RPAREN, 22, END)?;
            if reserved { Ok(Box::default()) } else { self.function(&full, args, open.at) }
        } else {
            Ok(self.node(token.at, Kind::Ident(full), 0, false))
        };
        if reserved {
            self.issue(first.at, &format!("reserved identifier: {name}"));
        }
        result
    }

    /// Whether the names and dots that follow end in an opening brace.
    fn opens_object(&self) -> bool {
        let mut ahead = 1;
        while self.look(ahead) == DOT && self.look(ahead + 1) == IDENT {
            ahead += 2;
        }
        self.look(ahead) == LBRACE
    }

    fn create_message(&mut self, dot: bool) -> Parsed {
        let mut name = if dot { ".".to_owned() } else { String::new() };
        while matches!(self.la(), IDENT | DOT) {
            let token = self.take();
            name.push_str(&self.text(token));
        }
        let open = self.take();
        let close = Set::of(&[COMMA, RBRACE]);
        self.sync(FIELD.and(close), 23)?;
        let fields =
            if FIELD.has(self.la()) { rule!(self, close, self.field_initializers()) } else { Vec::new() };
        self.sync(close, 24)?;
        self.take_if(COMMA);
        self.expect(RBRACE, 25, END)?;
        let inside = fields.iter().map(|f| f.value.depth).max().unwrap_or(0);
        Ok(self.node(open.at, Kind::Struct { name, fields }, inside, false))
    }

    fn field_initializers(&mut self) -> Parsed<Vec<Field>> {
        let mut fields = Vec::new();
        loop {
            let (name, optional) = rule!(self, Set::of(&[COLON]), self.opt_field());
            let at = self.expect(COLON, 27, START)?;
            let value = rule!(self, Set::of(&[COMMA]).open(), self.expr());
            fields.push(Field { at, name, value: *value, optional });
            if !(self.la() == COMMA && FIELD.has(self.look(1))) {
                return Ok(fields);
            }
            self.take();
        }
    }

    fn opt_field(&mut self) -> Parsed<(String, bool)> {
        self.sync(FIELD, 26)?;
        let optional = self.take_if(QUESTION);
        Ok((rule!(self, END, self.escape_ident()), optional))
    }

    fn create_list(&mut self) -> Parsed {
        let open = self.take();
        let close = Set::of(&[COMMA, RBRACKET]);
        self.sync(OPTIONAL.and(close), 28)?;
        let items = if OPTIONAL.has(self.la()) { rule!(self, close, self.list_init()) } else { Vec::new() };
        self.sync(close, 29)?;
        self.take_if(COMMA);
        self.expect(RBRACKET, 30, END)?;
        let inside = items.iter().map(|(e, _)| e.depth).max().unwrap_or(0);
        Ok(self.node(open.at, Kind::List(items), inside, false))
    }

    fn list_init(&mut self) -> Parsed<Vec<(Expr, bool)>> {
        let mut items = Vec::new();
        loop {
            let (item, optional) = rule!(self, Set::of(&[COMMA]).open(), self.opt_expr());
            items.push((*item, optional));
            if !(self.la() == COMMA && OPTIONAL.has(self.look(1))) {
                return Ok(items);
            }
            self.take();
        }
    }

    fn opt_expr(&mut self) -> Parsed<(Box<Expr>, bool)> {
        self.sync(OPTIONAL, 31)?;
        let optional = self.take_if(QUESTION);
        Ok((rule!(self, END, self.expr()), optional))
    }

    fn create_map(&mut self) -> Parsed {
        let open = self.take();
        let close = Set::of(&[COMMA, RBRACE]);
        self.sync(OPTIONAL.and(close), 32)?;
        let entries =
            if OPTIONAL.has(self.la()) { rule!(self, close, self.map_initializers()) } else { Vec::new() };
        self.sync(close, 33)?;
        self.take_if(COMMA);
        self.expect(RBRACE, 34, END)?;
        let inside = entries.iter().map(|(k, v, _)| k.depth.max(v.depth)).max().unwrap_or(0);
        Ok(self.node(open.at, Kind::Map(entries), inside, false))
    }

    fn map_initializers(&mut self) -> Parsed<Vec<(Expr, Expr, bool)>> {
        let mut entries = Vec::new();
        loop {
            let (key, optional) = rule!(self, Set::of(&[COLON]), self.opt_expr());
            self.expect(COLON, 35, START)?;
            let value = rule!(self, Set::of(&[COMMA]).open(), self.expr());
            entries.push((*key, *value, optional));
            if !(self.la() == COMMA && OPTIONAL.has(self.look(1))) {
                return Ok(entries);
            }
            self.take();
        }
    }

    fn literal(&mut self) -> Parsed {
        let first = self.here();
        self.sync(LITERALS.and(Set::of(&[MINUS])), 36)?;
        if first.kind == MINUS {
            if !matches!(self.look(1), INT | FLOAT) {
                return Err(self.no_viable(37, first, 1));
            }
            self.take();
        }
        let token = self.take();
        let mut text = self.text(token);
        if first.kind == MINUS {
            text.insert(0, '-');
        }
        match literals::value(token.kind, &text) {
            Ok(literal) => Ok(self.node(first.at, Kind::Literal(literal), 0, false)),
            Err(why) => {
                self.issue(first.at, why);
                Ok(Box::default())
            }
        }
    }

    fn function(&mut self, name: &str, args: Vec<Expr>, at: usize) -> Parsed {
        let inside = deepest(&args);
        match macros::function(name, args) {
            Ok(kind) => Ok(self.node(at, kind, inside, false)),
            Err(issue) => {
                self.issues.push(issue);
                Ok(Box::default())
            }
        }
    }

    fn method(&mut self, target: Expr, name: &str, args: Vec<Expr>, at: usize) -> Parsed {
        let inside = target.depth.max(deepest(&args));
        match macros::method(target, name, args) {
            Ok(kind) => Ok(self.node(at, kind, inside, true)),
            Err(issue) => {
                self.issues.push(issue);
                Ok(Box::default())
            }
        }
    }
}

fn deepest(list: &[Expr]) -> u16 {
    list.iter().map(|e| e.depth).max().unwrap_or(0)
}
