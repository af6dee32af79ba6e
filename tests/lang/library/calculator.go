// exit 1

package main

import (
	"bufio"
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"unicode"
)

type TokenKind int

const (
	EOF TokenKind = iota
	Num
	Ident
	Op
	LParen
	RParen
	Comma
	Assign
)

//go:generate stringer -type=TokenKind
func (k TokenKind) String() string {
	return [...]string{"EOF", "Num", "Ident", "Op", "(", ")", ",", "="}[k]
}

type Token struct {
	Kind TokenKind
	Text string
	Pos  int
}

type SyntaxError struct {
	Pos int
	Msg string
}

func (e SyntaxError) Error() string { return fmt.Sprintf("col %d: %s", e.Pos+1, e.Msg) }

func Lex(src string) (toks []Token, err error) {
	rs := []rune(src)
	for i := 0; i < len(rs); {
		c := rs[i]
		start := i
		switch {
		case unicode.IsSpace(c):
			i++
			continue
		case unicode.IsDigit(c) || c == '.':
			for i < len(rs) && (unicode.IsDigit(rs[i]) || rs[i] == '.' || rs[i] == 'e') {
				i++
			}
			toks = append(toks, Token{Num, string(rs[start:i]), start})
		case unicode.IsLetter(c) || c == '_':
			for i < len(rs) && (unicode.IsLetter(rs[i]) || unicode.IsDigit(rs[i]) || rs[i] == '_') {
				i++
			}
			toks = append(toks, Token{Ident, string(rs[start:i]), start})
		case strings.ContainsRune("+-*/^%", c):
			i++
			toks = append(toks, Token{Op, string(c), start})
		case c == '(':
			i++
			toks = append(toks, Token{LParen, "(", start})
		case c == ')':
			i++
			toks = append(toks, Token{RParen, ")", start})
		case c == ',':
			i++
			toks = append(toks, Token{Comma, ",", start})
		case c == '=':
			i++
			toks = append(toks, Token{Assign, "=", start})
		default:
			return nil, SyntaxError{i, fmt.Sprintf("unexpected %q", c)}
		}
	}
	return append(toks, Token{EOF, "", len(rs)}), nil
}

type Node interface {
	Eval(*Env) (float64, error)
	fmt.Stringer
}
type (
	Number float64
	Var    string
	Bin    struct {
		Op   byte
		L, R Node
	}
	Neg  struct{ X Node }
	Call struct {
		Fn   string
		Args []Node
	}
	Let struct {
		Name string
		X    Node
	}
)

type Env struct {
	vars  map[string]float64
	funcs map[string]func(...float64) (float64, error)
}

var ErrDivZero = errors.New("division by zero")

func (n Number) Eval(*Env) (float64, error) { return float64(n), nil }
func (v Var) Eval(e *Env) (float64, error) {
	if x, ok := e.vars[string(v)]; ok {
		return x, nil
	}
	return 0, fmt.Errorf("undefined: %s", string(v))
}
func (b Bin) Eval(e *Env) (float64, error) {
	l, err := b.L.Eval(e)
	if err != nil {
		return 0, err
	}
	r, err := b.R.Eval(e)
	if err != nil {
		return 0, err
	}
	switch b.Op {
	case '+':
		return l + r, nil
	case '-':
		return l - r, nil
	case '*':
		return l * r, nil
	case '/':
		if r == 0 {
			return 0, fmt.Errorf("evaluating %v: %w", b, ErrDivZero)
		}
		return l / r, nil
	case '%':
		return math.Mod(l, r), nil
	case '^':
		return math.Pow(l, r), nil
	}
	panic("unreachable " + string(b.Op))
}
func (n Neg) Eval(e *Env) (float64, error) { x, err := n.X.Eval(e); return -x, err }
func (c Call) Eval(e *Env) (float64, error) {
	f, ok := e.funcs[c.Fn]
	if !ok {
		return 0, fmt.Errorf("no function %s", c.Fn)
	}
	args := make([]float64, 0, len(c.Args))
	for _, a := range c.Args {
		x, err := a.Eval(e)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", c.Fn, err)
		}
		args = append(args, x)
	}
	return f(args...)
}
func (l Let) Eval(e *Env) (float64, error) {
	x, err := l.X.Eval(e)
	if err == nil {
		e.vars[l.Name] = x
	}
	return x, err
}
func (n Number) String() string { return strconv.FormatFloat(float64(n), 'g', -1, 64) }
func (v Var) String() string    { return string(v) }
func (b Bin) String() string    { return fmt.Sprintf("(%v %c %v)", b.L, b.Op, b.R) }
func (n Neg) String() string    { return fmt.Sprintf("-%v", n.X) }
func (c Call) String() string {
	var sb strings.Builder
	sb.WriteString(c.Fn + "(")
	for i, a := range c.Args {
		if i > 0 {
			sb.WriteString(", ")
		}
		fmt.Fprint(&sb, a)
	}
	return sb.String() + ")"
}
func (l Let) String() string { return l.Name + " = " + l.X.String() }

type Parser struct {
	toks []Token
	pos  int
}

func (p *Parser) peek() Token { return p.toks[p.pos] }
func (p *Parser) next() Token { t := p.toks[p.pos]; p.pos++; return t }
func (p *Parser) fail(format string, args ...any) {
	panic(SyntaxError{p.peek().Pos, fmt.Sprintf(format, args...)})
}
func (p *Parser) expect(k TokenKind) Token {
	if p.peek().Kind != k {
		p.fail("expected %v, found %v", k, p.peek().Kind)
	}
	return p.next()
}

var prec = map[string]int{"+": 1, "-": 1, "*": 2, "/": 2, "%": 2, "^": 4}

func (p *Parser) expr(min int) Node {
	left := p.unary()
	for {
		t := p.peek()
		pr := prec[t.Text]
		if t.Kind != Op || pr < min {
			return left
		}
		p.next()
		nmin := pr + 1
		if t.Text == "^" {
			nmin = pr
		}
		left = Bin{t.Text[0], left, p.expr(nmin)}
	}
}
func (p *Parser) unary() Node {
	if t := p.peek(); t.Kind == Op && t.Text == "-" {
		p.next()
		return Neg{p.expr(3)}
	}
	return p.primary()
}
func (p *Parser) primary() Node {
	switch t := p.peek(); t.Kind {
	case Num:
		p.next()
		f, err := strconv.ParseFloat(t.Text, 64)
		if err != nil {
			var ne *strconv.NumError
			if errors.As(err, &ne) {
				panic(SyntaxError{t.Pos, ne.Func + ": " + ne.Err.Error()})
			}
		}
		return Number(f)
	case Ident:
		p.next()
		if p.peek().Kind != LParen {
			return Var(t.Text)
		}
		p.next()
		c := Call{Fn: t.Text}
		for p.peek().Kind != RParen {
			c.Args = append(c.Args, p.expr(1))
			if p.peek().Kind != Comma {
				break
			}
			p.next()
		}
		p.expect(RParen)
		return c
	case LParen:
		p.next()
		n := p.expr(1)
		p.expect(RParen)
		return n
	default:
		p.fail("unexpected %v %q", t.Kind, t.Text)
	}
	return nil
}

func Parse(src string) (n Node, err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case SyntaxError:
			err = r
		default:
			panic(r)
		}
	}()
	toks, err := Lex(src)
	if err != nil {
		return nil, err
	}
	p := &Parser{toks: toks}
	if len(toks) > 2 && toks[0].Kind == Ident && toks[1].Kind == Assign {
		p.pos = 2
		n = Let{toks[0].Text, p.expr(1)}
	} else {
		n = p.expr(1)
	}
	p.expect(EOF)
	return n, nil
}

func main() {
	env := &Env{map[string]float64{"pi": math.Pi}, map[string]func(...float64) (float64, error){
		"sqrt": func(a ...float64) (float64, error) {
			if len(a) != 1 {
				return 0, fmt.Errorf("sqrt wants 1 argument, got %d", len(a))
			}
			return math.Sqrt(a[0]), nil
		},
		"max": func(a ...float64) (float64, error) {
			m := math.Inf(-1)
			for _, x := range a {
				m = max(m, x)
			}
			return m, nil
		},
	}}
	in := "1 + 2*3\nx = 2^3^2\n-x/4 % 7\nsqrt(16) + max(1, 5, x/100)\n(1+2\n3 $ 4\n1/0\ny+1\nsqrt(1,2)\nfoo()\n1.2.3\n-2^2\nmax()\nsqrt(1/(x-512))\n2 pi\n日本 = 5\n日本*2\n"
	sc := bufio.NewScanner(strings.NewReader(in))
	bad := 0
	for sc.Scan() {
		n, err := Parse(sc.Text())
		if err != nil {
			bad++
			fmt.Printf("%-20s parse error: %v\n", sc.Text(), err)
			continue
		}
		v, err := n.Eval(env)
		if err != nil {
			fmt.Printf("%-20s %v: error: %v (div0=%t)\n", sc.Text(), n, err, errors.Is(err, ErrDivZero))
			continue
		}
		fmt.Printf("%-20s %v => %.6g\n", sc.Text(), n, v)
	}
	if bad > 0 {
		fmt.Fprintln(os.Stderr, bad, "lines did not parse")
		os.Exit(1)
	}
}
