//! The table of diagnostic codes of all phases.
//!
//! A row is: number, name, explanation, example. The number is stable for ever: it is printed as `V0001`, and
//! scripts and documentation refer to it; a code that falls out of use leaves a gap. The example is a
//! `.vo` file (without its package clause, which is optional) that gives just this error; an empty example
//! means that no single file can show it. Numbers: 0–99 reading and parsing, 100–499 type checking,
//! 500–599 Vo's own constructs, 600–699 packages and modules,
//! 700–799 vet.

use std::fmt;

/// Calls `$m! { (number, Name, "explanation", "example") … }` for every code.
#[macro_export]
macro_rules! for_each_diagnostic {
    ($m:ident) => {
        $m! {
            // Reading and parsing.
            (1, Syntax, "The tokens at this place do not form what the grammar expects here.", "func main() { x := }")
            (2, InvalidEncoding, "Source files are UTF-8 without NUL bytes; a byte order mark may stand at the very beginning only.", "var s = \"\0\"")
            (3, InvalidCharacter, "This character begins no token.", "func main() { # }")
            (4, UnterminatedLiteral, "A string, rune literal or comment is not closed.", "var s = \"abc")
            (5, InvalidEscape, "A backslash in a string or rune literal must begin one of the escapes that the language defines.", "var s = \"\\q\"")
            (6, InvalidRuneLiteral, "A rune literal holds exactly one character or escape.", "var r = 'ab'")
            (7, InvalidNumber, "The digits do not fit the number's base, an exponent has no digits, or an underscore does not separate digits.", "var n = 0x_")
            (8, TooDeep, "The program nests deeper, or has a longer chain of operators, than the compiler allows.", "")
            (9, MisplacedDeclaration, "Only declarations stand outside of functions, imports come before all others.", "x := 1")
            (10, MissingBrace, "The opening brace of a body stands on the same line as what it belongs to.", "func f()\n{\n}")
            (11, MisplacedDirective, "A //go: directive stands where it has no effect.", "//go:embed x.txt\nfunc f() {}")
            (12, InvalidBuildConstraint, "A //go:build line is not a valid expression of build tags.", "//go:build (a\n\nfunc main() {}")
            (13, BadParameterList, "In a parameter list either all parameters have names or none has.", "func f(a int, string) {}")
            (14, BadReceiver, "A method has exactly one receiver.", "type T int\nfunc (a, b T) m() {}")
            (15, BadTypeParameters, "Type parameters stand in brackets, each with a constraint; function literals and function types have none.", "var f = func[T any](x T) {}")
            (16, NotACall, "go, defer and errdefer take a function call, not in parentheses.", "func f() {}\nfunc main() { defer (f()) }")
            (17, TooManyVariables, "A range clause has at most two iteration variables.", "func main() { var a, b, c int; for a, b, c = range []int{} {}; _, _, _ = a, b, c }")
            (18, UseOfTypeOutsideSwitch, "x.(type) is for the guard of a type switch only.", "func f(x any) { _ = x.(type) }")

            // Declarations and names.
            (100, UndeclaredName, "The name is not declared in this scope.", "func main() { println(x) }")
            (101, DuplicateDeclaration, "The name is declared twice in the same block.", "var x int\nvar x string")
            (102, UnusedVariable, "A local variable must be used.", "func main() { x := 1 }")
            (103, UnusedImport, "An imported package must be used; import it as _ for its side effects alone.", "import \"fmt\"")
            (104, UndeclaredImportedName, "The imported package declares no such name.", "import \"fmt\"\nfunc main() { fmt.Nothing() }")
            (105, UnexportedName, "Names that begin with a lower-case letter are visible in their own package only.", "import \"fmt\"\nfunc main() { fmt.newPrinter() }")
            (106, InvalidBlank, "The blank identifier has no value.", "func main() { x := _; _ = x }")
            (107, BlankPackageName, "A package cannot be named _.", "package _")
            (108, MismatchedPackageName, "All files of a package have the same package clause.", "")
            (109, InvalidPackageUse, "A package name stands before a dot only.", "import \"fmt\"\nfunc main() { x := fmt; _ = x }")
            (110, InvalidInitCycle, "The initialisation of these package variables depends on itself.", "var a = b\nvar b = a")
            (111, InvalidDeclarationCycle, "The declaration refers to itself.", "var a = f()\nfunc f() [len(a)]int { return a }")
            (112, InvalidTypeCycle, "The type contains itself without a pointer, slice, map, channel or function between.", "type T struct { t T }")
            (113, InvalidInitSignature, "init takes no arguments and returns nothing.", "func init(x int) {}")
            (114, InvalidInitDeclaration, "init can only be declared as a function, and cannot be referred to.", "var init = 1")
            (115, InvalidMainDeclaration, "In package main, main is a function without arguments, type parameters and (but for error in .vo files) results.", "func main(x int) {}")
            (116, MissingFunctionBody, "The function has no body.", "func f()")
            (117, MissingMain, "A program needs a function main in package main.", "func f() {}")
            (118, RepeatedName, "The name stands twice on the left of this declaration or in this list.", "func main() { a, a := 1, 2; _ = a }")
            (119, NoNewVariables, "A := must declare at least one new variable.", "func main() { a := 1; a := 2; _ = a }")
            (120, MissingInitExpr, "The first constant of a group needs a value.", "const c")
            (121, ExtraInitExpr, "There are more values than names.", "var a = 1, 2")
            (122, InvalidIota, "iota has a value only inside constant declarations.", "var x = iota")
            (123, DuplicateMethod, "The type has two methods of this name.", "type T int\nfunc (T) m() {}\nfunc (T) m() {}")
            (124, DuplicateFieldAndMethod, "A struct type has a field and a method of the same name.", "type T struct { m int }\nfunc (T) m() {}")
            (125, DuplicateField, "The struct has two fields of this name.", "type T struct { a, a int }")
            (126, InvalidReceiverType, "The receiver is a type defined in this package, or a pointer to one, and no pointer or interface itself.", "func (int) m() {}")
            (127, BlankInterfaceMethod, "Methods of an interface need a name other than _.", "type I interface { _() }")
            (128, InvalidEmbedded, "A struct embeds a type name or a pointer to a non-interface type name; not a pointer to a pointer, nor unsafe.Pointer.", "type P *int\ntype T struct { *P }")
            (129, MisplacedDotDotDot, "... stands before the type of the last parameter only.", "func f(a ...int, b int) {}")

            // Types.
            (150, NotAType, "A type is expected here; this is none.", "var x = 1\nvar y x")
            (151, NotAnExpression, "A value is expected here; this is a type.", "func main() { x := int; _ = x }")
            (152, InvalidArrayLength, "An array's length is a constant, not negative, of integer value.", "var a [-1]int")
            (153, MisplacedEllipsisArray, "[...] is for composite literals only.", "var a [...]int")
            (154, IncomparableMapKey, "Map keys need a type that can be compared.", "var m map[[]int]int")
            (155, TypeTooLarge, "The type is larger than the address space.", "var a [1 << 62]int64")
            (156, NotAGenericType, "The type or function has no type parameters.", "type T int\nvar x T[int]")
            (157, WrongTypeArgumentCount, "The number of type arguments does not fit the type parameters.", "type T[A any] struct{}\nvar x T[int, int]")
            (158, MissingTypeArguments, "A generic type must be instantiated before it is used.", "type T[A any] struct{}\nvar x T")
            (159, CannotInferTypeArguments, "The type arguments do not follow from the call; give them in brackets.", "func f[T any]() {}\nfunc main() { f() }")
            (160, InvalidTypeArgument, "The type argument does not satisfy the constraint.", "func f[T ~int]() {}\nfunc main() { f[string]() }")
            (161, MisplacedConstraint, "An interface with ~ or | or comparable is for constraints only.", "type C interface { ~int }\nvar x C")
            (162, InvalidUnion, "The terms of a union overlap, or one of them is not allowed there.", "type C interface { ~int | int }")
            (163, InvalidTypeParameterUse, "A type parameter cannot be used in this way.", "type T[P any] P")
            (164, InvalidInstanceCycle, "The generic declaration instantiates itself without end.", "type T[P any] struct { f *T[*P] }")
            (165, InvalidMethodTypeParameters, "Methods of interfaces have no type parameters.", "type I interface { m[T any]() }")
            (166, UninstantiatedFunction, "A generic function must be instantiated before it is used as a value.", "func f[T any]() {}\nvar x = f")

            // Constants.
            (180, InvalidConstInit, "The value of a constant must itself be constant.", "func f() int { return 1 }\nconst c = f()")
            (181, InvalidConstType, "Constants are booleans, numbers and strings.", "const c []int = nil")
            (182, NumericOverflow, "The constant does not fit the type.", "var x int8 = 300")
            (183, TruncatedFloat, "The constant is no integer.", "var x int = 1.5")
            (184, DivisionByZero, "The divisor is constant zero.", "var x = 1 / 0")
            (185, InvalidConstantValue, "The constant is too large to be worked out.", "const c = 1 << 1000 << 1000")

            // Assignments and conversions.
            (200, MismatchedTypes, "Both operands must have the same type.", "var x = 1 + \"a\"")
            (201, IncompatibleAssign, "The value cannot be assigned to this type.", "var x int = \"a\"")
            (202, InvalidInterfaceAssign, "The type lacks methods of the interface.", "type I interface { m() }\nvar x I = 1")
            (203, WrongAssignCount, "The number of values does not fit the number of names.", "func main() { a, b := 1; _, _ = a, b }")
            (204, UnassignableOperand, "This cannot be assigned to: it is no variable, map element or field of a variable.", "func main() { 1 = 2 }")
            (205, UnaddressableFieldAssign, "A field of a map element cannot be assigned to; assign the whole element.", "type T struct { a int }\nfunc main() { m := map[int]T{}; m[0].a = 1 }")
            (206, UntypedNilUse, "nil has no type of its own.", "var x = nil")
            (207, InvalidConversion, "The value cannot be converted to this type.", "var x = int(\"a\")")
            (208, InvalidUntypedConversion, "The constant cannot become this type.", "var a [2]int\nvar b = a[\"x\"]")
            (209, MultiValueAssignOp, "An assignment operation has one operand on each side.", "")
            (210, TooManyValues, "A call that returns several values stands where one is expected.", "func f() (int, int) { return 1, 2 }\nvar x = f() + 1")
            (211, NoValue, "The call returns no value.", "func f() {}\nvar x = f()")

            // Expressions.
            (230, UndefinedOperator, "The operator is not defined for operands of this type.", "var x = \"a\" - \"b\"")
            (231, UndefinedComparison, "Values of this type cannot be compared in this way.", "func main() { a := []int{}; _ = a == a }")
            (232, NonNumericIncDec, "++ and -- need a number.", "func main() { s := \"\"; s++ }")
            (233, UnaddressableOperand, "Only variables, fields and elements of them have an address.", "var p = &f()\nfunc f() int { return 1 }")
            (234, InvalidIndirection, "Only pointers can be dereferenced.", "var x = 1\nvar y = *x")
            (235, NonIndexable, "Values of this type cannot be indexed.", "var x = 1\nvar y = x[0]")
            (236, InvalidIndex, "The index must be an integer, not negative and, where the length is known, less than it.", "var a [2]int\nvar x = a[5]")
            (237, SwappedSliceIndices, "The constant indices of a slice expression must not decrease.", "var s = \"abc\"[2:1]")
            (238, NonSliceable, "Values of this type cannot be sliced.", "var x = 1\nvar y = x[0:1]")
            (239, InvalidSliceExpr, "A three-index slice needs its second and third index, and is not defined for strings.", "var s = \"abc\"[0:1:2]")
            (240, InvalidShiftCount, "A shift count is an integer that is not negative.", "var x = 1 << -1")
            (241, InvalidShiftOperand, "Only integers can be shifted.", "var x = 1.5 << 1")
            (242, InvalidReceive, "Values are received from channels that may be received from.", "var c chan<- int\nvar x = <-c")
            (243, InvalidSend, "Values are sent to channels that may be sent to.", "func main() { var c <-chan int; c <- 1 }")
            (244, MissingFieldOrMethod, "The type has no such field or method.", "type T struct{}\nvar x = T{}.a")
            (245, AmbiguousSelector, "Two embedded fields at the same depth offer this name.", "type A struct { x int }\ntype B struct { x int }\ntype C struct { A; B }\nvar y = C{}.x")
            (246, InvalidMethodExpr, "A method with pointer receiver is selected from the pointer type: (*T).m.", "type T int\nfunc (*T) m() {}\nvar f = T.m")
            (247, InvalidAssert, "x.(T) needs an interface value.", "var x = 1\nvar y = x.(int)")
            (248, ImpossibleAssert, "No value of the interface type can have this type, which lacks a method or has one with another signature.", "type I interface { m() }\nvar x I\nvar y = x.(int)")
            (249, UnusedExpression, "The value of this expression is not used.", "func main() { 1 + 2 }")
            (250, UncalledBuiltin, "Built-in functions must be called.", "var f = len")
            (251, UnusedResults, "The result of this call must be used.", "func main() { defer len(\"a\") }")
            (252, InvalidCall, "Only functions can be called.", "var x = 1\nvar y = x()")
            (253, NotEnoughArguments, "The call has fewer arguments than the function has parameters.", "func f(a int) {}\nfunc main() { f() }")
            (254, TooManyArguments, "The call has more arguments than the function has parameters.", "func f() {}\nfunc main() { f(1) }")
            (255, NonVariadicDotDotDot, "... in a call needs a variadic function.", "func f(a []int) {}\nfunc main() { f([]int{}...) }")
            (256, InvalidDotDotDot, "... cannot be used in this call.", "func main() { _ = len([]int{}...) }")

            // Literals.
            (280, DuplicateLiteralKey, "The constant key or index stands twice in this literal.", "var m = map[int]int{1: 1, 1: 2}")
            (281, MissingLiteralKey, "Every element of a map literal has a key.", "var m = map[int]int{1}")
            (282, InvalidLiteralIndex, "The index of an element is a constant integer, not negative.", "var i = 1\nvar a = []int{i: 1}")
            (283, OversizeArrayLiteral, "The literal has more elements than the array.", "var a = [1]int{1, 2}")
            (284, MixedStructLiteral, "A struct literal names all of its fields or none.", "type T struct { a, b int }\nvar x = T{a: 1, 2}")
            (285, InvalidStructLiteral, "The number of values does not fit the struct's fields.", "type T struct { a, b int }\nvar x = T{1}")
            (286, UnknownLiteralField, "The struct has no such field.", "type T struct{}\nvar x = T{a: 1}")
            (287, DuplicateLiteralField, "The field stands twice in this literal.", "type T struct { a int }\nvar x = T{a: 1, a: 2}")
            (288, UnexportedLiteralField, "The struct has a field that is not visible here.", "import \"time\"\nvar x = time.Location{\"UTC\"}")
            (289, UntypedLiteral, "The type of this literal may be left out only inside another one.", "var x = struct{ a struct{} }{{}}")
            (290, InvalidLiteral, "Composite literals are for structs, arrays, slices and maps.", "var x = int{}")

            // Built-in functions.
            (310, InvalidAppend, "append takes a slice and values of its element type.", "var x = append(1, 2)")
            (311, InvalidCap, "cap takes an array, slice or channel.", "var x = cap(\"a\")")
            (312, InvalidClose, "close takes a channel that may be sent to.", "func main() { close(1) }")
            (313, InvalidCopy, "copy takes two slices of one element type, or a byte slice and a string.", "func main() { copy(1, 2) }")
            (314, InvalidComplex, "complex takes two floats of one type.", "var x = complex(1, \"a\")")
            (315, InvalidDelete, "delete takes a map and a key of its type.", "func main() { delete(1, 2) }")
            (316, InvalidReal, "real and imag take a complex number.", "var x = real(\"a\")")
            (317, InvalidLen, "len takes a string, array, slice, map or channel.", "var x = len(1)")
            (318, InvalidMake, "make takes a slice, map or channel type, and integer sizes.", "var x = make(int)")
            (319, SwappedMakeArguments, "The length given to make is larger than the capacity.", "var x = make([]int, 2, 1)")
            (320, InvalidClear, "clear takes a map or slice.", "func main() { clear(1) }")
            (321, InvalidMinMax, "min and max take ordered values of one type.", "var x = min(1i, 2)")
            (323, InvalidOffsetof, "unsafe.Offsetof takes a field selector.", "import \"unsafe\"\nvar x int\nvar y = unsafe.Offsetof(x)")
            (324, InvalidUnsafe, "The arguments do not fit this function of package unsafe.", "import \"unsafe\"\nvar x = unsafe.Slice(1, 2)")

            // Statements.
            (350, MissingReturn, "A function with results must end in a terminating statement.", "func f() int {}")
            (351, WrongResultCount, "The number of values does not fit the function's results.", "func f() int { return 1, 2 }")
            (352, OutOfScopeResult, "A bare return stands where an inner variable hides a named result.", "func f() (x int) { { x := 1; _ = x; return } }")
            (353, InvalidCondition, "A condition must be boolean.", "func main() { if 1 {} }")
            (354, InvalidPostDecl, "The post statement of a for loop declares nothing.", "func main() { for i := 0; i < 1; j := 1 {} }")
            (355, InvalidRange, "Values of this type cannot be ranged over, or not with so many variables.", "func main() { for range 1.5 {} }")
            (356, InvalidIterationVariable, "The iteration variables do not fit.", "func main() { for a, b := range 10 { _, _ = a, b } }")
            (357, MisplacedBreak, "break stands inside of for, switch or select.", "func main() { break }")
            (358, MisplacedContinue, "continue stands inside of for.", "func main() { continue }")
            (359, MisplacedFallthrough, "fallthrough is the last statement of a case, but not of the last one, in an expression switch.", "func main() { fallthrough }")
            (360, DuplicateCase, "The constant or type stands in two cases.", "func main() { switch 1 { case 1: case 1: } }")
            (361, DuplicateDefault, "The statement has two default clauses.", "func main() { switch { default: default: } }")
            (362, InvalidTypeSwitch, "The guard of a type switch is x.(type) of an interface value.", "func main() { x := 1; switch x.(type) {} }")
            (363, InvalidSwitch, "The switch expression cannot be compared.", "func main() { var x struct{ f func() }; switch x {} }")
            (364, InvalidSelectCase, "A case of select sends or receives.", "func main() { select { case 1: } }")
            (365, UndeclaredLabel, "The label is not declared in this function.", "func main() { goto l }")
            (366, DuplicateLabel, "The label is declared twice in this function.", "func main() { l: l: goto l }")
            (367, MisplacedLabel, "The label does not name an enclosing statement of the right kind.", "func main() { l: if true { for { continue l } } }")
            (368, UnusedLabel, "The label is not used.", "func main() { l: }")
            (369, JumpOverDeclaration, "goto jumps over a variable declaration.", "func main() { goto l; x := 1; _ = x; l: }")
            (370, JumpIntoBlock, "goto jumps into a block.", "func main() { goto l; { l: } }")
            (371, InvalidDefer, "defer takes a call of a function or method, not a conversion, whose result may be discarded.", "func main() { defer int(1) }")
            (372, InvalidGo, "go takes a call of a function or method, not a conversion, whose result may be discarded.", "func main() { go int(1) }")
            (373, UnusedTypeSwitchVariable, "The variable of the type switch is used in no clause.", "func main() { var x any; switch y := x.(type) {} }")
            (374, TooNew, "The construct needs a newer language version than the module or the file declares.", "")
            (375, UnsupportedFeature, "The construct is part of the language, and this version of the compiler does not have it yet.", "")

            // Vo's own constructs.
            (500, TryOutsideErrorFunction, "? and fail stand in functions whose last result is error.", "func f() error { return nil }\nfunc g() { f()? }")
            (501, TryOperand, "? takes an error, or a call whose last result is error.", "func f() error { 1?; return nil }")
            (502, InvalidFail, "fail takes an error that is not the literal nil.", "func f() error { fail nil }")
            (503, InvalidErrDefer, "errdefer stands in functions whose last result is error.", "func g() {}\nfunc f() { errdefer g() }")
            (504, InvalidDyn, "~> looks into interface values and types with the Dyn methods; use any(v)~>… for others.", "var x = 1\nfunc f() error { _ = x~>a?; return nil }")
            (505, DynAssign, "~> cannot be assigned to; use dyn.SetAttr or dyn.SetIndex.", "func main() { var x any; x~>a = 1 }")
            (506, InvalidProtocolMethod, "The methods of the dynamic protocol have fixed signatures.", "type T int\nfunc (T) DynAttr(x int) {}")
            (507, InvalidAssertCall, "assert takes a boolean condition, which is not constant false.", "func main() { assert(1) }")
            (508, InvalidIslandTarget, "go @(x) needs a value of type island.", "func f() {}\nfunc main() { go @(1) f() }")
            (509, CannotCrossIslands, "Values of this type cannot cross to another island.", "func f(c chan int) {}\nfunc main() { i := make(island); go @(i) f(nil) }")
            (510, InvalidPort, "The port cannot be used in this way.", "func main() { p := make(port int) ; _ = p }")
            (511, PortSendInSelect, "select can receive from ports, but not send to them; use a goroutine or port.TrySend.", "func main() { p := make(port int, 1); select { case p <- 1: } }")

            // Packages and modules.
            (600, BadImportPath, "The import path is not a valid one.", "import \"\"")
            (601, ImportNotFound, "There is no such package in the module or the standard library.", "import _ \"no/such/package\"")
            (602, ImportCycle, "The packages import each other.", "")
            (606, InvalidModFile, "The line of the module file cannot be understood.", "")
            (607, InternalImport, "A package below a directory named internal is visible in the tree of that directory's parent only.", "import _ \"internal/refl\"")
            (608, ImportMain, "A package main cannot be imported.", "")
            (609, InvalidEmbed, "The //go:embed directive cannot be applied here, or matches no files.", "//go:embed x.txt\nvar s string")

            // Mistakes that compile: what vet reports.
            (700, CopiedLock, "A lock, wait group or atomic value, or what holds one, is copied: the copy is another one. Pass and store a pointer.", "import \"sync\"\nfunc f(m sync.Mutex) {}\nfunc main() {}")
            (701, LostCancel, "The cancel function of a context is not called on every way out of the function, so that the context lives on until its parent ends. Defer the call.", "import \"context\"\nfunc f() { ctx, _ := context.WithCancel(context.Background()); _ = ctx }\nfunc main() {}")
            (702, UnreachableCode, "No way leads to this statement.", "func f() { return; println() }\nfunc main() {}")
            (703, PrintArguments, "The format and the arguments of a printing function do not fit each other.", "import \"fmt\"\nfunc f() { fmt.Printf(\"%d\", \"x\") }\nfunc main() {}")
            (704, WaitGroupAddInside, "A goroutine adds itself to a wait group, which may be waited for before the goroutine begins. Call Add before the go statement.", "import \"sync\"\nfunc f(wg *sync.WaitGroup) { go func() { wg.Add(1) }() }\nfunc main() {}")
            (705, DeferredLock, "Lock is deferred where Unlock must have been meant.", "import \"sync\"\nfunc f(m *sync.Mutex) { m.Lock(); defer m.Lock() }\nfunc main() {}")
            (706, DeferredTime, "The arguments of a deferred call are evaluated when it is deferred: the time measured is none. Defer a function literal.", "import \"time\"\nfunc f() { t := time.Now(); defer println(time.Since(t)) }\nfunc main() {}")
            (707, AtomicAssigned, "The result of an atomic addition is assigned to the variable that it changes, which is not atomic. The call alone is enough.", "import \"sync/atomic\"\nfunc f(x int64) { x = atomic.AddInt64(&x, 1) }\nfunc main() {}")
            (708, LoopVariableCaptured, "Before Go 1.22 the turns of a loop share its variables: goroutines and deferred calls that begin in one turn see those of a later one.", "")
            (709, AssignedToItself, "A variable is assigned to itself.", "func f(x int) { x = x }\nfunc main() {}")
            (710, RepeatedCondition, "A condition is repeated, or can never decide anything.", "func f(x int) bool { return x == 1 || x == 1 }\nfunc main() {}")
            (711, UnusedResult, "The function does nothing but compute the result that is thrown away.", "import \"fmt\"\nfunc f() { fmt.Sprint(1) }\nfunc main() {}")
            (712, NilFuncComparison, "A declared function is never nil; perhaps its call is meant.", "func f() bool { return f == nil }\nfunc main() {}")
            (713, NumberToString, "The conversion makes the character with this number, not its digits. Use strconv.Itoa for digits, string(rune(n)) for the character.", "func f(n int) string { return string(n) }\nfunc main() {}")
            (714, BadStructTag, "A struct tag is a list of key:\"value\" pairs with blanks between, each name once.", "type T struct { A int `json` }\nfunc main() {}")
            (715, UselessTarget, "The result goes into what is not a pointer, or not one to the right kind of thing, and is lost.", "import \"errors\"\nfunc f(err error) { errors.As(err, &err) }\nfunc main() {}")
            (716, ShiftTooFar, "The value is shifted by at least as many bits as it has: nothing of it remains.", "func f(x int8) int8 { return x << 8 }\nfunc main() {}")
        }
    };
}

macro_rules! declare_codes {
    ($(($number:literal, $name:ident, $explanation:literal, $example:literal))*) => {
        /// What kind of thing a diagnostic reports.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u16)]
        pub enum Code { $(#[doc = $explanation] $name = $number),* }

        impl Code {
            /// All codes, by number.
            pub const ALL: &'static [Code] = &[$(Code::$name),*];

            /// The name, in camel case.
            pub fn name(self) -> &'static str {
                match self { $(Code::$name => stringify!($name)),* }
            }

            /// What it means and what to do, in a sentence or two.
            pub fn explanation(self) -> &'static str {
                match self { $(Code::$name => $explanation),* }
            }

            /// A file that gives just this error; empty when no single file can.
            pub fn example(self) -> &'static str {
                match self { $(Code::$name => $example),* }
            }
        }
    };
}

for_each_diagnostic!(declare_codes);

impl Code {
    /// The stable number.
    pub fn number(self) -> u16 {
        self as u16
    }

    /// The code with this number, or spelled `V0102` or by its name.
    pub fn find(text: &str) -> Option<Code> {
        let number = text.strip_prefix(['V', 'v']).unwrap_or(text).parse().ok();
        Code::ALL.iter().copied().find(|c| Some(c.number()) == number || c.name() == text)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "V{:04}", self.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_rise_and_names_are_found() {
        assert!(Code::ALL.windows(2).all(|w| w[0].number() < w[1].number()));
        for &code in Code::ALL {
            assert_eq!(Code::find(&code.to_string()), Some(code));
            assert_eq!(Code::find(code.name()), Some(code));
            assert!(code.explanation().ends_with('.'), "{code}");
        }
    }
}
