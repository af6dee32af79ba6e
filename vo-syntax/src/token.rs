//! The token table: every token of both dialects, declared once.
//!
//! A row is: variant, spelling, class. From it grow the enum, the printed form and the keyword lookup. The
//! Vo keywords (`island`, `port`, `fail`, `errdefer`) and the Vo operators (`?`, `~>`, `@`) are tokens of the
//! `.vo` dialect only; the lexer never makes them in a `.go` file.

use crate::source::Dialect;
use std::fmt;

/// Calls `$m! { (Variant, "spelling", Class) … }` for every token.
#[macro_export]
macro_rules! for_each_token {
    ($m:ident) => {
        $m! {
            (Eof, "EOF", Special)
            (Bad, "invalid token", Special)
            (Ident, "name", Special)
            (Int, "literal", Literal)
            (Float, "literal", Literal)
            (Imag, "literal", Literal)
            (Char, "literal", Literal)
            (String, "literal", Literal)

            (Add, "+", Operator)
            (Sub, "-", Operator)
            (Mul, "*", Operator)
            (Quo, "/", Operator)
            (Rem, "%", Operator)
            (And, "&", Operator)
            (Or, "|", Operator)
            (Xor, "^", Operator)
            (Shl, "<<", Operator)
            (Shr, ">>", Operator)
            (AndNot, "&^", Operator)
            (AddAssign, "+=", Operator)
            (SubAssign, "-=", Operator)
            (MulAssign, "*=", Operator)
            (QuoAssign, "/=", Operator)
            (RemAssign, "%=", Operator)
            (AndAssign, "&=", Operator)
            (OrAssign, "|=", Operator)
            (XorAssign, "^=", Operator)
            (ShlAssign, "<<=", Operator)
            (ShrAssign, ">>=", Operator)
            (AndNotAssign, "&^=", Operator)
            (LogAnd, "&&", Operator)
            (LogOr, "||", Operator)
            (Arrow, "<-", Operator)
            (Inc, "++", Operator)
            (Dec, "--", Operator)
            (Eq, "==", Operator)
            (Lt, "<", Operator)
            (Gt, ">", Operator)
            (Assign, "=", Operator)
            (Not, "!", Operator)
            (Ne, "!=", Operator)
            (Le, "<=", Operator)
            (Ge, ">=", Operator)
            (Define, ":=", Operator)
            (Ellipsis, "...", Operator)
            (LParen, "(", Operator)
            (LBrack, "[", Operator)
            (LBrace, "{", Operator)
            (Comma, "comma", Operator)
            (Period, ".", Operator)
            (RParen, ")", Operator)
            (RBrack, "]", Operator)
            (RBrace, "}", Operator)
            (Semi, "semicolon", Operator)
            (Colon, ":", Operator)
            (Tilde, "~", Operator)
            (Question, "?", Operator)
            (DynArrow, "~>", Operator)
            (At, "@", Operator)

            (Break, "break", Keyword)
            (Case, "case", Keyword)
            (Chan, "chan", Keyword)
            (Const, "const", Keyword)
            (Continue, "continue", Keyword)
            (Default, "default", Keyword)
            (Defer, "defer", Keyword)
            (Else, "else", Keyword)
            (Fallthrough, "fallthrough", Keyword)
            (For, "for", Keyword)
            (Func, "func", Keyword)
            (Go, "go", Keyword)
            (Goto, "goto", Keyword)
            (If, "if", Keyword)
            (Import, "import", Keyword)
            (Interface, "interface", Keyword)
            (Map, "map", Keyword)
            (Package, "package", Keyword)
            (Range, "range", Keyword)
            (Return, "return", Keyword)
            (Select, "select", Keyword)
            (Struct, "struct", Keyword)
            (Switch, "switch", Keyword)
            (Type, "type", Keyword)
            (Var, "var", Keyword)

            (ErrDefer, "errdefer", VoKeyword)
            (Fail, "fail", VoKeyword)
            (Island, "island", VoKeyword)
            (Port, "port", VoKeyword)
        }
    };
}

/// What kind of token a row of the table is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TokenClass {
    /// End of file, names, and bytes that begin no token.
    Special,
    /// Literals.
    Literal,
    /// Operators and punctuation.
    Operator,
    /// Keywords of both dialects.
    Keyword,
    /// Keywords of the `.vo` dialect only.
    VoKeyword,
}

macro_rules! declare_tokens {
    ($(($name:ident, $text:literal, $class:ident))*) => {
        /// A token kind.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(u8)]
        pub enum Token { $(#[doc = concat!("`", $text, "`")] $name),* }

        impl Token {
            /// All tokens, in table order.
            pub const ALL: &'static [Token] = &[$(Token::$name),*];

            /// The spelling, or for tokens without one (names, literals, end of file, comma, semicolon) the
            /// word that error messages use.
            pub fn text(self) -> &'static str {
                match self { $(Token::$name => $text),* }
            }

            /// The token's class.
            pub fn class(self) -> TokenClass {
                match self { $(Token::$name => TokenClass::$class),* }
            }
        }
    };
}

for_each_token!(declare_tokens);

impl Token {
    /// Whether this is a keyword (of either dialect).
    pub fn is_keyword(self) -> bool {
        matches!(self.class(), TokenClass::Keyword | TokenClass::VoKeyword)
    }

    /// Whether this is a literal.
    pub fn is_literal(self) -> bool {
        self.class() == TokenClass::Literal
    }

    /// The keyword spelled `word`, if there is one in the dialect.
    pub fn keyword(word: &[u8], dialect: Dialect) -> Option<Token> {
        use Token::*;
        let token = match word {
            b"break" => Break,
            b"case" => Case,
            b"chan" => Chan,
            b"const" => Const,
            b"continue" => Continue,
            b"default" => Default,
            b"defer" => Defer,
            b"else" => Else,
            b"fallthrough" => Fallthrough,
            b"for" => For,
            b"func" => Func,
            b"go" => Go,
            b"goto" => Goto,
            b"if" => If,
            b"import" => Import,
            b"interface" => Interface,
            b"map" => Map,
            b"package" => Package,
            b"range" => Range,
            b"return" => Return,
            b"select" => Select,
            b"struct" => Struct,
            b"switch" => Switch,
            b"type" => Type,
            b"var" => Var,
            b"errdefer" if dialect == Dialect::Vo => ErrDefer,
            b"fail" if dialect == Dialect::Vo => Fail,
            b"island" if dialect == Dialect::Vo => Island,
            b"port" if dialect == Dialect::Vo => Port,
            _ => return None,
        };
        Some(token)
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_keyword_is_found_in_its_dialect() {
        for &token in Token::ALL.iter().filter(|t| t.is_keyword()) {
            let word = token.text().as_bytes();
            assert_eq!(Token::keyword(word, Dialect::Vo), Some(token));
            let in_go = (token.class() == TokenClass::Keyword).then_some(token);
            assert_eq!(Token::keyword(word, Dialect::Go), in_go);
        }
    }
}
