//! What some programs are lowered to. `UPDATE_EXPECT=1` rewrites the expectations.

mod common;

use expect_test::{Expect, expect};

fn check(source: &str, names: &[&str], expected: Expect) {
    let source = format!("package main\n\n{source}\n");
    expected.assert_eq(&common::listing(&source, names));
}

#[test]
fn calls_take_and_answer_words() {
    let source = "
func fib(n int) int {
	if n < 2 {
		return n
	}
	return fib(n-1) + fib(n-2)
}

func main() { println(fib(3)) }";
    check(
        source,
        &["main.fib"],
        expect![[r#"
        func 1 main.fib(r0:i) (i)  ; main.go:4
                regs r1:i r2:i r3:i r4:i r5:i
             0  JumpGeImm a=r0 imm=2 target=L9    ; main.go:5
                  ^ Entry live [r0]
             6  Return results=[r0]    ; main.go:6
             9  AddImm dst=r1 a=r0 imm=-1    ; main.go:8
            14  Call func=1 args=[r1] results=[r2]  ; main.fib
                  ^ Call live [r0]
            21  AddImm dst=r3 a=r0 imm=-2
            26  Call func=1 args=[r3] results=[r4]  ; main.fib
                  ^ Call live [r2]
            33  AddI64 dst=r5 a=r2 b=r4
            37  Return results=[r5]
    "#]],
    );
}

#[test]
fn loops_test_at_the_bottom() {
    let source = "
func sum(s []int) (t int) {
	for _, v := range s {
		t += v
	}
	for i := 0; i < len(s); i++ {
		s[i] = s[i]*2 + t
	}
	return
}

func main() { println(sum([]int{1, 2})) }";
    check(
        source,
        &["main.sum"],
        expect![[r#"
        func 1 main.sum(r0:p r1:i r2:i) (i)  ; main.go:4
                regs r3:i r4:i r5:p r6:i r7:i r8:i
             0  Zero dst=r3    ; main.go:4
                  ^ Entry live [r0 r1 r2]
             2  Mov dst=r5 src=r0    ; main.go:5
             5  Mov dst=r6 src=r1
             8  Zero dst=r4
            10  Jump target=L28
            13  LoopHeader
                  ^ Loop live [r0 r1 r3 r4 r5 r6]
            14  LoadAtI64 dst=r7 base=r5 len=r6 index=r4
            19  AddI64 dst=r3 a=r3 b=r7    ; main.go:6
            23  AddImm dst=r4 a=r4 imm=1    ; main.go:5
            28  JumpLtS a=r4 b=r6 target=L13
            33  Zero dst=r4    ; main.go:8
            35  Jump target=L63
            38  LoopHeader
                  ^ Loop live [r0 r1 r3 r4]
            39  LoadAtI64 dst=r6 base=r0 len=r1 index=r4    ; main.go:9
            44  MulImm dst=r7 a=r6 imm=2
            49  AddI64 dst=r8 a=r7 b=r3
            53  StoreAt64 base=r0 len=r1 index=r4 src=r8
            58  AddImm dst=r4 a=r4 imm=1    ; main.go:8
            63  JumpLtS a=r4 b=r1 target=L38
            68  Return results=[r3]    ; main.go:11
    "#]],
    );
}

#[test]
fn captures_by_value_and_by_box() {
    let source = "
func counter(step int) func() int {
	n := 0
	return func() int {
		n += step
		return n
	}
}

func main() { println(counter(2)()) }";
    check(
        source,
        &["main.counter", "main.counter.func1"],
        expect![[r#"
        func 1 main.counter(r0:i) (p)  ; main.go:4
                regs r1:i r2:p r3:p
             0  ConstI32 dst=r1 value=0    ; main.go:5
                  ^ Entry live [r0]
             4  New dst=r2 ty=13  ; int
             8  Store64 base=r2 offset=0 src=r1
            13  NewClosure dst=r3 func=2 ty=18 captures=[r2 r0]  ; main.counter.func1 closure    ; main.go:6
            22  Return results=[r3]
        func 2 main.counter.func1(r0:p) (i)  ; main.go:6
                regs r1:p r2:i r3:i r4:i
             0  LoadPtr dst=r1 base=r0 offset=8    ; main.go:6
                  ^ Entry live [r0]
             5  LoadI64 dst=r2 base=r0 offset=16
            10  LoadI64 dst=r3 base=r1 offset=0    ; main.go:7
            15  AddI64 dst=r4 a=r3 b=r2
            19  Store64 base=r1 offset=0 src=r4
            24  LoadI64 dst=r3 base=r1 offset=0    ; main.go:8
            29  Return results=[r3]
    "#]],
    );
}

#[test]
fn deferring_functions_have_a_landing_pad() {
    let source = "
func f(c chan int) (err any) {
	defer close(c)
	defer func() { err = recover() }()
	return <-c
}

func main() { f(nil) }";
    check(
        source,
        &["main.f", "main.f.func1"],
        expect![[r#"
            func 1 main.f(r0:p) (ia)  ; main.go:4
                    regs r1:p r2:p r3:p r4:i r5:p r6:p r7:i r8:i r9:i r10:i r11:a r12:i r13:a r14:i
                    landing 86
                 0  Zero dst=r1    ; main.go:4
                      ^ Entry live [r0]
                 2  New dst=r2 ty=15  ; interface {}
                 6  Zero dst=r3
                 8  Zero dst=r4
                10  Zero dst=r6
                12  Zero dst=r7
                14  Mov dst=r3 src=r0    ; main.go:5
                17  ConstI32 dst=r4 value=1
                21  NewClosure dst=r5 func=3 ty=18 captures=[r2]  ; main.f.func1 closure    ; main.go:6
                29  Mov dst=r6 src=r5
                32  ConstI32 dst=r7 value=1
                36  ChanRecv ok=r8 words=[r9] chan=r0    ; main.go:7
                      ^ Blocking live [r1 r2 r3 r4 r6 r7]
                41  Mov dst=r11 src=r9
                44  TypeWord dst=r10 ty=13  ; int
                48  StoreLen base=r2 offset=0 src=r10
                53  StoreAny base=r2 offset=8 src=r11
                58  Zero dst=r7
                60  CallClosure closure=r6 args=[] results=[]
                      ^ Call live [r1 r2 r3 r4 r6 r7]
                64  Zero dst=r4
                66  Call func=2 args=[r3] results=[]  ; close
                      ^ Call live [r1 r2 r3 r4 r6 r7]
                72  LoadLen dst=r12 base=r2 offset=0
                77  LoadAny dst=r13 base=r2 offset=8
                82  Return results=[r12 r13]
                86  JumpIfNot a=r4 target=L98    ; main.go:8
                90  DeferPush list=*r1 func=2 args=[r3]  ; close
                96  Zero dst=r4
                98  JumpIfNot a=r7 target=L108
               102  DeferClosure list=*r1 closure=r6 args=[]
               106  Zero dst=r7
               108  Zero dst=r14
               110  DeferUnwind list=*r1 state=*r14
                      ^ Retry live [r1 r2 r3 r4 r6 r7 r14]
               113  RunDefers list=*r1
                      ^ Retry live [r1 r2 r3 r4 r6 r7]
               115  LoadLen dst=r8 base=r2 offset=0
               120  LoadAny dst=r11 base=r2 offset=8
               125  Return results=[r8 r11]
            func 3 main.f.func1(r0:p) ()  ; main.go:6
                    regs r1:i r2:p r3:i r4:a
                 0  RecoverToken dst=r1    ; main.go:6
                      ^ Entry live [r0]
                 2  LoadPtr dst=r2 base=r0 offset=8
                 7  Recover ty=r3 data=r4 token=r1
                11  StoreLen base=r2 offset=0 src=r3
                16  StoreAny base=r2 offset=8 src=r4
                21  Return results=[]
        "#]],
    );
}

#[test]
fn structs_are_their_leaves() {
    let source = "
type P struct{ x, y float64 }

func add(a, b P) P { return P{a.x + b.x, a.y + b.y} }

func (p *P) scale(k float64) { p.x *= k; p.y *= k }

func main() {
	p := P{1, 2}
	p.scale(2)
	println(add(p, P{y: 3}).x)
}";
    check(
        source,
        &["main.add", "main.(*P).scale", "main.main"],
        expect![[r#"
            func 0 main.main() ()  ; main.go:10
                    regs r0:d r1:d r2:p r3:d r4:d r5:d r6:d r7:d r8:d
                 0  ConstF64 dst=r0 bits=4607182418800017408    ; main.go:11
                      ^ Entry live []
                 6  ConstF64 dst=r1 bits=4611686018427387904
                12  New dst=r2 ty=18  ; main.P
                16  StoreF64 base=r2 offset=0 src=r0
                21  StoreF64 base=r2 offset=8 src=r1
                26  ConstF64 dst=r0 bits=4611686018427387904    ; main.go:12
                32  Call func=1 args=[r2 r0] results=[]  ; main.(*P).scale
                      ^ Call live [r2]
                39  LoadF64 dst=r0 base=r2 offset=0    ; main.go:13
                44  LoadF64 dst=r1 base=r2 offset=8
                49  ConstF64 dst=r3 bits=4613937818241073152
                55  Zero dst=r4
                57  AddF64 dst=r7 a=r0 b=r4
                61  AddF64 dst=r8 a=r1 b=r3
                65  Mov dst=r5 src=r7
                68  Mov dst=r6 src=r8
                71  CallNative native=0 args=[r5] results=[]  ; runtime.printfloat
                      ^ Blocking live []
                77  CallNative native=1 args=[] results=[]  ; runtime.printnl
                      ^ Blocking live []
                82  Return results=[]    ; main.go:14
            func 1 main.(*P).scale(r0:p r1:d) ()  ; main.go:8
                    regs r2:d r3:d
                 0  LoadF64 dst=r2 base=r0 offset=0    ; main.go:8
                      ^ Entry live [r0 r1]
                 5  MulF64 dst=r3 a=r2 b=r1
                 9  StoreF64 base=r0 offset=0 src=r3
                14  LoadF64 dst=r2 base=r0 offset=8
                19  MulF64 dst=r3 a=r2 b=r1
                23  StoreF64 base=r0 offset=8 src=r3
                28  Return results=[]
            func 2 main.add(r0:d r1:d r2:d r3:d) (dd)  ; main.go:6
                    regs r4:d r5:d
                 0  AddF64 dst=r4 a=r0 b=r2    ; main.go:6
                      ^ Entry live [r0 r1 r2 r3]
                 4  AddF64 dst=r5 a=r1 b=r3
                 8  Return results=[r4 r5]
        "#]],
    );
}

#[test]
fn arrays_live_in_slots() {
    let source = "
func f(i int) int {
	var a [4]int
	a[1] = 5
	a[i]++
	b := a
	return b[i] + a[1]
}

func main() { println(f(2)) }";
    check(
        source,
        &["main.f"],
        expect![[r#"
        func 1 main.f(r0:i) (i)  ; main.go:4
                regs r1:r r2:i r3:i r4:i r5:r r6:i
                slot s0 32 bytes [4]int
                slot s1 32 bytes [4]int
             0  SlotAddr dst=r1 slot=s0 offset=0    ; main.go:5
                  ^ Entry live [r0]
             5  ZeroMem dst=r1 ty=18  ; [4]int
             9  ConstI32 dst=r2 value=5    ; main.go:6
            13  SlotAddr dst=r1 slot=s0 offset=0
            18  Store64 base=r1 offset=8 src=r2
            23  SlotAddr dst=r1 slot=s0 offset=0    ; main.go:7
            28  ConstI32 dst=r3 value=4
            32  LoadAtI64 dst=r2 base=r1 len=r3 index=r0
            37  AddImm dst=r4 a=r2 imm=1
            42  SlotAddr dst=r5 slot=s0 offset=0
            47  ConstI32 dst=r6 value=4
            51  StoreAt64 base=r5 len=r6 index=r0 src=r4
            56  SlotAddr dst=r1 slot=s0 offset=0    ; main.go:8
            61  SlotAddr dst=r5 slot=s1 offset=0
            66  CopyMem dst=r5 src=r1 ty=18  ; [4]int
            71  SlotAddr dst=r1 slot=s1 offset=0    ; main.go:9
            76  ConstI32 dst=r3 value=4
            80  LoadAtI64 dst=r2 base=r1 len=r3 index=r0
            85  SlotAddr dst=r5 slot=s0 offset=0
            90  LoadI64 dst=r4 base=r5 offset=8
            95  AddI64 dst=r6 a=r2 b=r4
            99  Return results=[r6]
    "#]],
    );
}

#[test]
fn selects_and_switches() {
    let source = "
func f(a, b chan int) int {
	for {
		select {
		case v := <-a:
			switch v {
			case 0:
				continue
			case 1, 2, 3:
				return v
			case 4:
				break
			}
			return -1
		case b <- 1:
		}
	}
}

func main() { f(nil, nil) }";
    check(
        source,
        &["main.f"],
        expect![[r#"
        func 1 main.f(r0:p r1:p) (i)  ; main.go:4
                regs r2:i r3:i r4:i r5:i r6:i r7:i
             0  ConstI32 dst=r2 value=1    ; main.go:5
                  ^ Entry live [r0 r1]
             4  ConstI32 dst=r7 value=-1
             8  LoopHeader
                  ^ Loop live [r0 r1 r2 r7]
             9  SelectBegin n=2    ; main.go:17
            11  SelectRecv index=0 chan=r0 n=1
            15  SelectSend index=1 chan=r1 words=[r2]
            20  SelectExec dst=r3 default=0
                  ^ Blocking live [r0 r1 r2 r7]
            23  JumpEqImm a=r3 imm=1 target=L8
            29  SelectValue ok=r5 words=[r4]
            33  Mov dst=r6 src=r4
            36  JumpTable a=r6 default=L54 targets=[L8 L51 L51 L51 L54]    ; main.go:8
            51  Return results=[r6]    ; main.go:12
            54  Return results=[r7]    ; main.go:16
    "#]],
    );
}

#[test]
fn interfaces_box_and_assert() {
    let source = "
type S interface{ Area() float64 }

type Sq struct{ a float64 }

func (s Sq) Area() float64 { return s.a * s.a }

func f(x any) float64 {
	if s, ok := x.(S); ok {
		return s.Area()
	}
	return float64(x.(int))
}

func main() { println(f(Sq{2}), f(1)) }";
    check(
        source,
        &["main.f", "main.Sq.Area", "main.main"],
        expect![[r#"
            func 0 main.main() ()  ; main.go:17
                    regs r0:d r1:i r2:a r3:d r4:i r5:i r6:a r7:d
                 0  ConstF64 dst=r0 bits=4611686018427387904    ; main.go:17
                      ^ Entry live []
                 6  BitsFromF64 dst=r2 a=r0
                 9  TypeWord dst=r1 ty=18  ; main.Sq
                13  Call func=1 args=[r1 r2] results=[r3]  ; main.f
                      ^ Call live []
                21  ConstI32 dst=r4 value=1
                25  Mov dst=r6 src=r4
                28  TypeWord dst=r5 ty=13  ; int
                32  Call func=1 args=[r5 r6] results=[r7]  ; main.f
                      ^ Call live [r3]
                40  CallNative native=0 args=[r3] results=[]  ; runtime.printfloat
                      ^ Blocking live [r7]
                46  CallNative native=1 args=[] results=[]  ; runtime.printsp
                      ^ Blocking live [r7]
                51  CallNative native=0 args=[r7] results=[]  ; runtime.printfloat
                      ^ Blocking live []
                57  CallNative native=2 args=[] results=[]  ; runtime.printnl
                      ^ Blocking live []
                62  Return results=[]
            func 1 main.f(r0:i r1:a) (d)  ; main.go:10
                    regs r2:i r3:a r4:i r5:i r6:d
                 0  IfaceImpl dst=r5 at=r0 ty=20  ; main.S    ; main.go:11
                      ^ Entry live [r0 r1]
                 5  JumpIfNot a=r5 target=L22
                 9  Mov dst=r2 src=r0
                12  Mov dst=r3 src=r1
                15  ConstI32 dst=r4 value=1
                19  Jump target=L28
                22  Zero dst=r2
                24  Zero dst=r3
                26  Zero dst=r4
                28  JumpIfNot a=r4 target=L43
                32  CallIface ty=r2 data=r3 method=2 args=[] results=[r6]  ; Area    ; main.go:12
                      ^ Call live []
                40  Return results=[r6]
                43  TypeWord dst=r2 ty=13  ; int    ; main.go:14
                47  JumpEq a=r0 b=r2 target=L58
                52  AssertFail at=r0 from=15 to=13  ; interface {} int
                58  Mov dst=r4 src=r1
                61  F64FromS64 dst=r6 a=r4
                64  Return results=[r6]
            func 7 main.Sq.Area(r0:a) (d)  ; main.go:0
                    regs r1:d r2:d r3:d
                 0  F64FromBits dst=r1 a=r0    ; main.go:0
                      ^ Entry live [r0]
                 3  MulF64 dst=r2 a=r1 b=r1
                 7  Return results=[r2]
            func 11 main.Sq.Area(r0:d) (d)  ; main.go:8
                    regs r1:d
                 0  MulF64 dst=r1 a=r0 b=r0    ; main.go:8
                      ^ Entry live [r0]
                 4  Return results=[r1]
        "#]],
    );
}

#[test]
fn maps_and_strings() {
    let source = "
func count(text string) map[rune]int {
	m := map[rune]int{}
	for _, r := range text {
		m[r]++
	}
	s := \"\"
	for k := range m {
		s += string(k) + \",\"
	}
	println(s, len(s))
	return m
}

func main() { count(\"abc\") }";
    check(
        source,
        &["main.count"],
        expect![[r#"
            func 1 main.count(r0:p r1:i) (p)  ; main.go:4
                    regs r2:p r3:i r4:p r5:i r6:i r7:i r8:i r9:p r10:i r11:i r12:p r13:p r14:p r15:p r16:p
                 0  ConstI32 dst=r3 value=0    ; main.go:5
                      ^ Entry live [r0 r1]
                 4  MapNew dst=r2 ty=18 n=r3  ; map[int32]int
                 9  Mov dst=r4 src=r0    ; main.go:6
                12  Mov dst=r3 src=r1
                15  Zero dst=r5
                17  Jump target=L55
                20  LoopHeader
                      ^ Loop live [r2 r3 r4 r5]
                21  StrRune rune=r7 width=r6 ap=r4 al=r3 index=r5
                27  Mov dst=r8 src=r7
                30  MapSetInt elem=r9 map=r2 key=r8 ty=18  ; map[int32]int    ; main.go:7
                36  LoadI64 dst=r10 base=r9 offset=0
                41  AddImm dst=r11 a=r10 imm=1
                46  Store64 base=r9 offset=0 src=r11
                51  AddI64 dst=r5 a=r5 b=r6    ; main.go:6
                55  JumpLtS a=r5 b=r3 target=L20
                60  Zero dst=r4    ; main.go:9
                62  Zero dst=r3
                64  MapIter dst=r9 map=r2 ty=18  ; map[int32]int    ; main.go:10
                69  Jump target=L106
                72  LoopHeader
                      ^ Loop live [r2 r3 r4 r9 r12]
                73  LoadI32 dst=r5 base=r12 offset=0
                78  Mov dst=r6 src=r5
                81  StrFromRune ptr=r14 len=r5 rune=r6    ; main.go:11
                85  ConstStr ptr=r15 len=r7 string=1  ; ","
                90  StrConcat ptr=r16 len=r8 parts=[r14 r5 r15 r7]
                98  StrConcat ptr=r4 len=r3 parts=[r4 r3 r16 r8]
               106  MapNext ok=r6 key=r12 elem=r13 iter=r9    ; main.go:10
               111  JumpIf a=r6 target=L72
               115  CallNative native=0 args=[r4 r3] results=[]  ; runtime.printstring    ; main.go:13
                      ^ Blocking live [r2 r3]
               122  CallNative native=1 args=[] results=[]  ; runtime.printsp
                      ^ Blocking live [r2 r3]
               127  CallNative native=2 args=[r3] results=[]  ; runtime.printint
                      ^ Blocking live [r2]
               133  CallNative native=3 args=[] results=[]  ; runtime.printnl
                      ^ Blocking live [r2]
               138  Return results=[r2]    ; main.go:14
        "#]],
    );
}
