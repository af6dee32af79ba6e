//! The instruction set, declared once.
//!
//! One row per opcode: its name, the visitor method that handles it, one
//! sentence, its operands with role and register class, and its flags. Every
//! consumer grows from [`for_each_op!`]: the [`Op`] enum and its facts (here),
//! `Inst`, encoder, decoder and `Visitor` (`inst.rs`), the disassembler
//! (`disasm.rs`), the verifier (`verify.rs`), the interpreter's dispatch
//! (`vo-vm`, `interp.rs`), the JIT's translation and `docs/bytecode.md`. A new
//! row is a compile error in each of them until it is handled there.
//!
//! Operand letters of the formulas: `d` destination, `a b` operands, `p` a heap
//! address, `l` a length, `c` a capacity, `i` an index, `t` a type word.
//!
//! Integers are 64 bits wide and *canonical*: a register that holds a Vo value
//! of a narrower type holds its sign or zero extension. An operation whose
//! result may leave the type is followed by one of the `Ext` opcodes.
//! A boolean is 0 or 1.
//!
//! Flags: `PANIC` may answer `Panic`; `SUSPEND` has a suspend point and may
//! answer `WaitIo` or `Wake`; `ALLOC` may allocate, so the collector may run;
//! `END` ends a basic block; `CALL` runs other Vo code.

/// Calls the macro `$consumer` with every row of the opcode table.
///
/// Consumers: `ops.rs` (enum, facts), `inst.rs` (instructions, visitor),
/// `vo-vm/src/interp.rs` and `vo-jit/src/translate` through the visitor.
#[macro_export]
macro_rules! for_each_op {
    ($consumer:path) => {
        $consumer! {
            // ---- data: registers and constants -------------------------------------------
            Mov = mov "d = a; the classes are equal, or one of the two is Any" { dst: DefW, src: UseW } [];
            Zero = zero "d = 0, 0.0, false or nil" { dst: DefW } [];
            ConstI32 = const_i32 "d = a small integer" { dst: DefI, value: ImmI32 } [];
            ConstI64 = const_i64 "d = an integer" { dst: DefI, value: ImmI64 } [];
            ConstF64 = const_f64 "d = the float64 with these bits" { dst: DefF, bits: ImmU64 } [];
            ConstF32 = const_f32 "d = the float32 with these bits" { dst: DefS, bits: ImmU32 } [];
            ConstStr = const_str "(p, l) = an entry of the module's string pool" { ptr: DefP, len: DefI, string: StrId } [];
            TypeWord = type_word "d = the type word of a type" { dst: DefI, ty: TypeRef } [];
            FuncVal = func_val "d = the static closure of a function whose first parameter is its closure" { dst: DefP, func: FuncRef } [];
            GlobalAddr = global_addr "d = address of a byte of the island's globals" { dst: DefP, offset: ImmU32 } [];
            SlotAddr = slot_addr "d = address of a frame slot; never live across a suspend point" { dst: DefR, slot: SlotRef, offset: ImmU32 } [];

            // ---- arith: integers -----------------------------------------------------------
            AddI64 = add_i64 "d = a + b, wrapping" { dst: DefI, a: UseI, b: UseI } [];
            SubI64 = sub_i64 "d = a - b, wrapping" { dst: DefI, a: UseI, b: UseI } [];
            MulI64 = mul_i64 "d = a * b, wrapping" { dst: DefI, a: UseI, b: UseI } [];
            DivS64 = div_s64 "d = a / b, signed, truncated; the least integer by -1 wraps" { dst: DefI, a: UseI, b: UseI } [PANIC];
            DivU64 = div_u64 "d = a / b, unsigned" { dst: DefI, a: UseI, b: UseI } [PANIC];
            RemS64 = rem_s64 "d = a % b, signed, sign of a" { dst: DefI, a: UseI, b: UseI } [PANIC];
            RemU64 = rem_u64 "d = a % b, unsigned" { dst: DefI, a: UseI, b: UseI } [PANIC];
            And64 = and64 "d = a & b" { dst: DefI, a: UseI, b: UseI } [];
            Or64 = or64 "d = a | b" { dst: DefI, a: UseI, b: UseI } [];
            Xor64 = xor64 "d = a ^ b" { dst: DefI, a: UseI, b: UseI } [];
            AndNot64 = and_not64 "d = a &^ b" { dst: DefI, a: UseI, b: UseI } [];
            Shl64 = shl64 "d = a << b; b is unsigned, 64 and more give 0" { dst: DefI, a: UseI, b: UseI } [];
            ShrS64 = shr_s64 "d = a >> b, arithmetic; b is unsigned, 64 and more give the sign" { dst: DefI, a: UseI, b: UseI } [];
            ShrU64 = shr_u64 "d = a >> b, logical; b is unsigned, 64 and more give 0" { dst: DefI, a: UseI, b: UseI } [];
            AddImm = add_imm "d = a + constant, wrapping" { dst: DefI, a: UseI, imm: ImmI32 } [];
            MulImm = mul_imm "d = a * constant, wrapping" { dst: DefI, a: UseI, imm: ImmI32 } [];
            AndImm = and_imm "d = a & constant (sign-extended)" { dst: DefI, a: UseI, imm: ImmI32 } [];
            OrImm = or_imm "d = a | constant (sign-extended)" { dst: DefI, a: UseI, imm: ImmI32 } [];
            XorImm = xor_imm "d = a ^ constant (sign-extended)" { dst: DefI, a: UseI, imm: ImmI32 } [];
            ShlImm = shl_imm "d = a << constant, below 64" { dst: DefI, a: UseI, imm: ImmU16 } [];
            ShrSImm = shr_s_imm "d = a >> constant, arithmetic, below 64" { dst: DefI, a: UseI, imm: ImmU16 } [];
            ShrUImm = shr_u_imm "d = a >> constant, logical, below 64" { dst: DefI, a: UseI, imm: ImmU16 } [];
            NegI64 = neg_i64 "d = -a, wrapping" { dst: DefI, a: UseI } [];
            Not64 = not64 "d = ^a" { dst: DefI, a: UseI } [];
            NotBool = not_bool "d = !a for a boolean" { dst: DefI, a: UseI } [];
            Ext8S = ext8s "d = the low 8 bits of a, sign-extended" { dst: DefI, a: UseI } [];
            Ext8U = ext8u "d = the low 8 bits of a, zero-extended" { dst: DefI, a: UseI } [];
            Ext16S = ext16s "d = the low 16 bits of a, sign-extended" { dst: DefI, a: UseI } [];
            Ext16U = ext16u "d = the low 16 bits of a, zero-extended" { dst: DefI, a: UseI } [];
            Ext32S = ext32s "d = the low 32 bits of a, sign-extended" { dst: DefI, a: UseI } [];
            Ext32U = ext32u "d = the low 32 bits of a, zero-extended" { dst: DefI, a: UseI } [];
            AddI32 = add_i32 "d = a + b, wrapped to 32 bits, sign-extended" { dst: DefI, a: UseI, b: UseI } [];
            SubI32 = sub_i32 "d = a - b, wrapped to 32 bits, sign-extended" { dst: DefI, a: UseI, b: UseI } [];
            MulI32 = mul_i32 "d = a * b, wrapped to 32 bits, sign-extended" { dst: DefI, a: UseI, b: UseI } [];
            AddU32 = add_u32 "d = a + b, wrapped to 32 bits, zero-extended" { dst: DefI, a: UseI, b: UseI } [];
            SubU32 = sub_u32 "d = a - b, wrapped to 32 bits, zero-extended" { dst: DefI, a: UseI, b: UseI } [];
            MulU32 = mul_u32 "d = a * b, wrapped to 32 bits, zero-extended" { dst: DefI, a: UseI, b: UseI } [];
            ShlU32 = shl_u32 "d = a << b, wrapped to 32 bits, zero-extended; 32 and more give 0" { dst: DefI, a: UseI, b: UseI } [];
            CheckShift = check_shift "panics where a shift count is negative" { count: UseI } [PANIC];
            EqI64 = eq_i64 "d = a == b, as words" { dst: DefI, a: UseW, b: UseW } [];
            NeI64 = ne_i64 "d = a != b, as words" { dst: DefI, a: UseW, b: UseW } [];
            LtS64 = lt_s64 "d = a < b, signed" { dst: DefI, a: UseI, b: UseI } [];
            LeS64 = le_s64 "d = a <= b, signed" { dst: DefI, a: UseI, b: UseI } [];
            LtU64 = lt_u64 "d = a < b, unsigned" { dst: DefI, a: UseI, b: UseI } [];
            LeU64 = le_u64 "d = a <= b, unsigned" { dst: DefI, a: UseI, b: UseI } [];

            // ---- arith: floats ---------------------------------------------------------------
            AddF64 = add_f64 "d = a + b" { dst: DefF, a: UseF, b: UseF } [];
            SubF64 = sub_f64 "d = a - b" { dst: DefF, a: UseF, b: UseF } [];
            MulF64 = mul_f64 "d = a * b" { dst: DefF, a: UseF, b: UseF } [];
            DivF64 = div_f64 "d = a / b" { dst: DefF, a: UseF, b: UseF } [];
            NegF64 = neg_f64 "d = -a" { dst: DefF, a: UseF } [];
            EqF64 = eq_f64 "d = a == b" { dst: DefI, a: UseF, b: UseF } [];
            NeF64 = ne_f64 "d = a != b, true for NaN" { dst: DefI, a: UseF, b: UseF } [];
            LtF64 = lt_f64 "d = a < b" { dst: DefI, a: UseF, b: UseF } [];
            LeF64 = le_f64 "d = a <= b" { dst: DefI, a: UseF, b: UseF } [];
            AbsF64 = abs_f64 "d = |a|" { dst: DefF, a: UseF } [];
            SqrtF64 = sqrt_f64 "d = the square root of a" { dst: DefF, a: UseF } [];
            FloorF64 = floor_f64 "d = the greatest integer not above a" { dst: DefF, a: UseF } [];
            CeilF64 = ceil_f64 "d = the least integer not below a" { dst: DefF, a: UseF } [];
            TruncF64 = trunc_f64 "d = a without its fraction" { dst: DefF, a: UseF } [];
            FmaF64 = fma_f64 "d = a * b + c, rounded once" { dst: DefF, a: UseF, b: UseF, c: UseF } [];
            AddF32 = add_f32 "d = a + b" { dst: DefS, a: UseS, b: UseS } [];
            SubF32 = sub_f32 "d = a - b" { dst: DefS, a: UseS, b: UseS } [];
            MulF32 = mul_f32 "d = a * b" { dst: DefS, a: UseS, b: UseS } [];
            DivF32 = div_f32 "d = a / b" { dst: DefS, a: UseS, b: UseS } [];
            NegF32 = neg_f32 "d = -a" { dst: DefS, a: UseS } [];
            EqF32 = eq_f32 "d = a == b" { dst: DefI, a: UseS, b: UseS } [];
            NeF32 = ne_f32 "d = a != b, true for NaN" { dst: DefI, a: UseS, b: UseS } [];
            LtF32 = lt_f32 "d = a < b" { dst: DefI, a: UseS, b: UseS } [];
            LeF32 = le_f32 "d = a <= b" { dst: DefI, a: UseS, b: UseS } [];
            F64FromS64 = f64_from_s64 "d = a signed integer as float64" { dst: DefF, a: UseI } [];
            F64FromU64 = f64_from_u64 "d = an unsigned integer as float64" { dst: DefF, a: UseI } [];
            F32FromS64 = f32_from_s64 "d = a signed integer as float32, rounded once" { dst: DefS, a: UseI } [];
            F32FromU64 = f32_from_u64 "d = an unsigned integer as float32, rounded once" { dst: DefS, a: UseI } [];
            S64FromF64 = s64_from_f64 "d = a truncated to int64; out of range or NaN gives the least int64" { dst: DefI, a: UseF } [];
            U64FromF64 = u64_from_f64 "d = a truncated to uint64; from 2^63 on by subtracting it first, as amd64 Go does" { dst: DefI, a: UseF } [];
            F64FromF32 = f64_from_f32 "d = a widened" { dst: DefF, a: UseS } [];
            F32FromF64 = f32_from_f64 "d = a rounded" { dst: DefS, a: UseF } [];
            BitsFromF64 = bits_from_f64 "d = the bits of a" { dst: DefW, a: UseF } [];
            F64FromBits = f64_from_bits "d = the float64 with the bits a" { dst: DefF, a: UseW } [];
            BitsFromF32 = bits_from_f32 "d = the bits of a, zero-extended" { dst: DefW, a: UseS } [];
            F32FromBits = f32_from_bits "d = the float32 with the low 32 bits of a" { dst: DefS, a: UseW } [];

            // ---- control -----------------------------------------------------------------------
            Jump = jump "goes to the target" { target: Label } [END];
            JumpIf = jump_if "goes to the target where a is true" { a: UseI, target: Label } [END];
            JumpIfNot = jump_if_not "goes to the target where a is false" { a: UseI, target: Label } [END];
            JumpEq = jump_eq "goes to the target where a == b, as words" { a: UseW, b: UseW, target: Label } [END];
            JumpNe = jump_ne "goes to the target where a != b, as words" { a: UseW, b: UseW, target: Label } [END];
            JumpLtS = jump_lt_s "goes to the target where a < b, signed" { a: UseI, b: UseI, target: Label } [END];
            JumpLeS = jump_le_s "goes to the target where a <= b, signed" { a: UseI, b: UseI, target: Label } [END];
            JumpLtU = jump_lt_u "goes to the target where a < b, unsigned" { a: UseI, b: UseI, target: Label } [END];
            JumpLeU = jump_le_u "goes to the target where a <= b, unsigned" { a: UseI, b: UseI, target: Label } [END];
            JumpEqImm = jump_eq_imm "goes to the target where a == constant" { a: UseW, imm: ImmI32, target: Label } [END];
            JumpNeImm = jump_ne_imm "goes to the target where a != constant" { a: UseW, imm: ImmI32, target: Label } [END];
            JumpLtImm = jump_lt_imm "goes to the target where a < constant, signed" { a: UseI, imm: ImmI32, target: Label } [END];
            JumpLeImm = jump_le_imm "goes to the target where a <= constant, signed" { a: UseI, imm: ImmI32, target: Label } [END];
            JumpGtImm = jump_gt_imm "goes to the target where a > constant, signed" { a: UseI, imm: ImmI32, target: Label } [END];
            JumpGeImm = jump_ge_imm "goes to the target where a >= constant, signed" { a: UseI, imm: ImmI32, target: Label } [END];
            JumpTable = jump_table "goes to targets[a], to the default where a, unsigned, is past the end" { a: UseI, default: Label, targets: Labels } [END];
            LoopHeader = loop_header "marks a loop header: polls the interrupt word; the place of on-stack replacement" { } [SUSPEND];
            Return = return_ "answers Ok with the results" { results: Uses } [END];
            Unreachable = unreachable "control does not come here" { } [END];

            // ---- call: functions, fibers, defers, panics ---------------------------------------
            Call = call "results = func(args)" { func: FuncRef, args: Uses, results: Defs } [PANIC, SUSPEND, ALLOC, CALL];
            CallClosure = call_closure "results = the closure's code (closure, args); nil panics" { closure: UseP, args: Uses, results: Defs } [PANIC, SUSPEND, ALLOC, CALL];
            CallIface = call_iface "results = method of the dynamic type (data, args); nil type panics" { ty: UseI, data: UseA, method: SelRef, args: Uses, results: Defs } [PANIC, SUSPEND, ALLOC, CALL];
            CallNative = call_native "results = a native function of the library (args)" { native: NativeRef, args: Uses, results: Defs } [PANIC, SUSPEND, ALLOC, CALL];
            GoStart = go_start "starts a fiber that runs func(args)" { func: FuncRef, args: Uses } [ALLOC];
            GoClosure = go_closure "starts a fiber that runs the closure; nil panics in the new fiber as in Go" { closure: UseP, args: Uses } [PANIC, ALLOC];
            GoIface = go_iface "starts a fiber that runs a method of the dynamic type; nil type panics here" { ty: UseI, data: UseA, method: SelRef, args: Uses } [PANIC, ALLOC];
            DeferPush = defer_push "puts func(args) before the frame's list of deferred calls" { list: ModP, func: FuncRef, args: Uses } [ALLOC];
            DeferClosure = defer_closure "puts a closure's call before the list; nil panics when it is run" { list: ModP, closure: UseP, args: Uses } [ALLOC];
            DeferIface = defer_iface "puts a method's call before the list; nil type panics here" { list: ModP, ty: UseI, data: UseA, method: SelRef, args: Uses } [PANIC, ALLOC];
            ErrDeferPush = err_defer_push "makes the list's first call one of errdefer: it runs on an error path only" { list: UseP } [];
            ErrDeferDrop = err_defer_drop "takes the calls of errdefer off the list" { list: ModP } [];
            RunDefers = run_defers "while the list is not empty: takes its first call off and runs it; executed again after each" { list: ModP } [PANIC, SUSPEND, ALLOC, CALL];
            DeferUnwind = defer_unwind "at the landing pad: runs deferred calls under the panic; goes on where one has recovered, else answers Panic. `state` is 0 at first" { list: ModP, state: ModI } [PANIC, SUSPEND, ALLOC, CALL];
            RecoverToken = recover_token "d = the right to recover that the machine handed to this call, 0 without; first in a function that uses Recover" { dst: DefI } [];
            Recover = recover "(t, d) = the current panic's value, marked recovered, if the token is its; else nil" { ty: DefI, data: DefA, token: UseI } [ALLOC];
            Panic = panic "panics with the value (t, d); a nil type becomes *runtime.PanicNilError" { ty: UseI, data: UseA } [PANIC, ALLOC, END];

            // ---- memory --------------------------------------------------------------------------
            // The base is a heap pointer (nil panics) or a slot address (never nil).
            LoadI8 = load_i8 "d = int8 at p + offset" { dst: DefI, base: UseAddr, offset: ImmI32 } [PANIC];
            LoadU8 = load_u8 "d = uint8 at p + offset" { dst: DefI, base: UseAddr, offset: ImmI32 } [PANIC];
            LoadI16 = load_i16 "d = int16 at p + offset" { dst: DefI, base: UseAddr, offset: ImmI32 } [PANIC];
            LoadU16 = load_u16 "d = uint16 at p + offset" { dst: DefI, base: UseAddr, offset: ImmI32 } [PANIC];
            LoadI32 = load_i32 "d = int32 at p + offset" { dst: DefI, base: UseAddr, offset: ImmI32 } [PANIC];
            LoadU32 = load_u32 "d = uint32 at p + offset" { dst: DefI, base: UseAddr, offset: ImmI32 } [PANIC];
            LoadI64 = load_i64 "d = 64-bit integer at p + offset" { dst: DefI, base: UseAddr, offset: ImmI32 } [PANIC];
            LoadLen = load_len "d = length, capacity or type word at p + offset: what belongs to a pointer, and is written by StoreLen alone" { dst: DefI, base: UseAddr, offset: ImmI32 } [PANIC];
            LoadF32 = load_f32 "d = float32 at p + offset" { dst: DefS, base: UseAddr, offset: ImmI32 } [PANIC];
            LoadF64 = load_f64 "d = float64 at p + offset" { dst: DefF, base: UseAddr, offset: ImmI32 } [PANIC];
            LoadPtr = load_ptr "d = pointer at p + offset" { dst: DefP, base: UseAddr, offset: ImmI32 } [PANIC];
            LoadAny = load_any "d = interface data word at p + offset" { dst: DefA, base: UseAddr, offset: ImmI32 } [PANIC];
            Store8 = store8 "low 8 bits of a to p + offset" { base: UseAddr, offset: ImmI32, src: UseI } [PANIC];
            Store16 = store16 "low 16 bits of a to p + offset" { base: UseAddr, offset: ImmI32, src: UseI } [PANIC];
            Store32 = store32 "low 32 bits of a to p + offset" { base: UseAddr, offset: ImmI32, src: UseI } [PANIC];
            Store64 = store64 "a to p + offset; not a pointer" { base: UseAddr, offset: ImmI32, src: UseI } [PANIC];
            StoreLen = store_len "a length, capacity or type word to p + offset" { base: UseAddr, offset: ImmI32, src: UseI } [PANIC];
            StoreF32 = store_f32 "a to p + offset" { base: UseAddr, offset: ImmI32, src: UseS } [PANIC];
            StoreF64 = store_f64 "a to p + offset" { base: UseAddr, offset: ImmI32, src: UseF } [PANIC];
            StorePtr = store_ptr "a pointer to p + offset, with write barrier" { base: UseAddr, offset: ImmI32, src: UseP } [PANIC];
            StoreAny = store_any "an interface data word to p + offset, with write barrier" { base: UseAddr, offset: ImmI32, src: UseA } [PANIC];
            // Element i of l elements at p, p a heap or slot address; i past l panics.
            LoadAtI8 = load_at_i8 "d = p[i]" { dst: DefI, base: UseAddr, len: UseI, index: UseI } [PANIC];
            LoadAtU8 = load_at_u8 "d = p[i]" { dst: DefI, base: UseAddr, len: UseI, index: UseI } [PANIC];
            LoadAtI16 = load_at_i16 "d = p[i]" { dst: DefI, base: UseAddr, len: UseI, index: UseI } [PANIC];
            LoadAtU16 = load_at_u16 "d = p[i]" { dst: DefI, base: UseAddr, len: UseI, index: UseI } [PANIC];
            LoadAtI32 = load_at_i32 "d = p[i]" { dst: DefI, base: UseAddr, len: UseI, index: UseI } [PANIC];
            LoadAtU32 = load_at_u32 "d = p[i]" { dst: DefI, base: UseAddr, len: UseI, index: UseI } [PANIC];
            LoadAtI64 = load_at_i64 "d = p[i]" { dst: DefI, base: UseAddr, len: UseI, index: UseI } [PANIC];
            LoadAtF32 = load_at_f32 "d = p[i]" { dst: DefS, base: UseAddr, len: UseI, index: UseI } [PANIC];
            LoadAtF64 = load_at_f64 "d = p[i]" { dst: DefF, base: UseAddr, len: UseI, index: UseI } [PANIC];
            LoadAtPtr = load_at_ptr "d = p[i]" { dst: DefP, base: UseAddr, len: UseI, index: UseI } [PANIC];
            StoreAt8 = store_at8 "p[i] = a" { base: UseAddr, len: UseI, index: UseI, src: UseI } [PANIC];
            StoreAt16 = store_at16 "p[i] = a" { base: UseAddr, len: UseI, index: UseI, src: UseI } [PANIC];
            StoreAt32 = store_at32 "p[i] = a" { base: UseAddr, len: UseI, index: UseI, src: UseI } [PANIC];
            StoreAt64 = store_at64 "p[i] = a" { base: UseAddr, len: UseI, index: UseI, src: UseI } [PANIC];
            StoreAtF32 = store_at_f32 "p[i] = a" { base: UseAddr, len: UseI, index: UseI, src: UseS } [PANIC];
            StoreAtF64 = store_at_f64 "p[i] = a" { base: UseAddr, len: UseI, index: UseI, src: UseF } [PANIC];
            StoreAtPtr = store_at_ptr "p[i] = a, with write barrier" { base: UseAddr, len: UseI, index: UseI, src: UseP } [PANIC];
            IndexAddr = index_addr "d = p + i * size, class of p; i past l panics" { dst: DefAddr, base: UseAddr, len: UseI, index: UseI, size: ImmU32 } [PANIC];
            FieldAddr = field_addr "d = p + offset, class of p; nil panics" { dst: DefAddr, base: UseAddr, offset: ImmU32 } [PANIC];
            NilCheck = nil_check "panics where p is nil" { ptr: UseP } [PANIC];
            BoundsCheck = bounds_check "panics where i, unsigned, is not below l" { index: UseI, len: UseI } [PANIC];
            CopyMem = copy_mem "copies a value of a type from one address to another, which may overlap; nil panics" { dst: UseAddr, src: UseAddr, ty: TypeRef } [PANIC];
            ZeroMem = zero_mem "zeroes a value of a type; nil panics" { dst: UseAddr, ty: TypeRef } [PANIC];
            EqMem = eq_mem "d = two values of a type are equal; uncomparable dynamic types panic" { dst: DefI, a: UseAddr, b: UseAddr, ty: TypeRef } [PANIC];
            New = new_object "d = a new zeroed value of a type; never nil" { dst: DefP, ty: TypeRef } [ALLOC];
            NewClosure = new_closure "d = a new closure of func over captured words; the type describes the closure's object" { dst: DefP, func: FuncRef, ty: TypeRef, captures: Uses } [ALLOC];
            MakeSlice = make_slice "p = l zeroed elements with room for c; lengths out of range panic" { ptr: DefP, ty: TypeRef, len: UseI, cap: UseI } [PANIC, ALLOC];

            // ---- string ----------------------------------------------------------------------------
            StrConcat = str_concat "(p, l) = the concatenation of (pointer, length) pairs" { ptr: DefP, len: DefI, parts: Uses } [PANIC, ALLOC];
            StrEq = str_eq "d = two strings are equal" { dst: DefI, ap: UseP, al: UseI, bp: UseP, bl: UseI } [];
            StrCmp = str_cmp "d = -1, 0 or 1, by bytes" { dst: DefI, ap: UseP, al: UseI, bp: UseP, bl: UseI } [];
            StrSlice = str_slice "(p, l) = a[lo:hi]; out of range panics" { ptr: DefP, len: DefI, ap: UseP, al: UseI, lo: UseI, hi: UseI } [PANIC];
            StrFromBytes = str_from_bytes "(p, l) = string([]byte)" { ptr: DefP, len: DefI, ap: UseP, al: UseI } [ALLOC];
            StrFromRunes = str_from_runes "(p, l) = string([]rune)" { ptr: DefP, len: DefI, ap: UseP, al: UseI } [ALLOC];
            StrFromRune = str_from_rune "(p, l) = string(rune); not a code point gives U+FFFD" { ptr: DefP, len: DefI, rune: UseI } [ALLOC];
            BytesFromStr = bytes_from_str "(p, l, c) = []byte(string)" { ptr: DefP, len: DefI, cap: DefI, ap: UseP, al: UseI } [ALLOC];
            RunesFromStr = runes_from_str "(p, l, c) = []rune(string)" { ptr: DefP, len: DefI, cap: DefI, ap: UseP, al: UseI } [ALLOC];
            StrRune = str_rune "(rune, width) = the code point at byte i of a string, i below its length" { rune: DefI, width: DefI, ap: UseP, al: UseI, index: UseI } [];

            // ---- slice -----------------------------------------------------------------------------
            SliceExpr = slice_expr "(p, l, c) = a[lo:hi:max]; out of range panics; `three` says whether max was written, which words the panic" { ptr: DefP, len: DefI, cap: DefI, ap: UseP, al: UseI, ac: UseI, lo: UseI, hi: UseI, max: UseI, size: ImmU32, three: ImmU16 } [PANIC];
            SliceGrow = slice_grow "(p, c) = room for n more elements behind the first l, copied where there was none" { ptr: DefP, cap: DefI, ap: UseP, al: UseI, ac: UseI, n: UseI, ty: TypeRef } [PANIC, ALLOC];
            SliceAppend = slice_append "(p, l, c) = append(a, b...) for elements of a type" { ptr: DefP, len: DefI, cap: DefI, ap: UseP, al: UseI, ac: UseI, bp: UseP, bl: UseI, ty: TypeRef } [PANIC, ALLOC];
            SliceCopy = slice_copy "n = copy(a, b) for elements of a type" { n: DefI, ap: UseP, al: UseI, bp: UseP, bl: UseI, ty: TypeRef } [];
            SliceClear = slice_clear "zeroes l elements of a type" { ap: UseP, al: UseI, ty: TypeRef } [];
            SliceToArray = slice_to_array "p = the address of a slice's first n elements; too short panics" { ptr: DefP, ap: UseP, al: UseI, n: ImmU32 } [PANIC];

            // ---- map -------------------------------------------------------------------------------
            // Three key forms: Int, an integer, boolean, pointer or channel of up to eight bytes in a word; Str; Mem, at an address.
            // `Get` yields the address of the element, that of a zero value where the key is absent.
            // `Set` yields the address of the element, inserted zeroed where it was absent; nil maps panic.
            MapNew = map_new "d = a new map with room for about n entries" { dst: DefP, ty: TypeRef, n: UseI } [ALLOC];
            MapGetInt = map_get_int "(p, ok) = the element of a key" { elem: DefP, ok: DefI, map: UseP, key: UseW, ty: TypeRef } [];
            MapGetStr = map_get_str "(p, ok) = the element of a key" { elem: DefP, ok: DefI, map: UseP, kp: UseP, kl: UseI, ty: TypeRef } [];
            MapGetMem = map_get_mem "(p, ok) = the element of a key; an unhashable key panics" { elem: DefP, ok: DefI, map: UseP, key: UseAddr, ty: TypeRef } [PANIC];
            MapSetInt = map_set_int "p = the element of a key, inserted" { elem: DefP, map: UseP, key: UseW, ty: TypeRef } [PANIC, ALLOC];
            MapSetStr = map_set_str "p = the element of a key, inserted" { elem: DefP, map: UseP, kp: UseP, kl: UseI, ty: TypeRef } [PANIC, ALLOC];
            MapSetMem = map_set_mem "p = the element of a key, inserted; an unhashable key panics" { elem: DefP, map: UseP, key: UseAddr, ty: TypeRef } [PANIC, ALLOC];
            MapDelInt = map_del_int "deletes a key" { map: UseP, key: UseW, ty: TypeRef } [PANIC];
            MapDelStr = map_del_str "deletes a key" { map: UseP, kp: UseP, kl: UseI, ty: TypeRef } [PANIC];
            MapDelMem = map_del_mem "deletes a key; an unhashable key panics" { map: UseP, key: UseAddr, ty: TypeRef } [PANIC];
            MapLen = map_len "d = the number of entries, 0 for nil" { dst: DefI, map: UseP } [];
            MapClear = map_clear "deletes all entries" { map: UseP, ty: TypeRef } [PANIC];
            MapIter = map_iter "d = a new iterator that starts at a random place" { dst: DefP, map: UseP, ty: TypeRef } [ALLOC];
            MapNext = map_next "(ok, key address, element address) = the iterator's next entry" { ok: DefI, key: DefP, elem: DefP, iter: UseP } [PANIC];

            // ---- island and port -------------------------------------------------------------------
            // An element crosses as in a channel. `words` of a port in a select is one receive.
            IslandNew = island_new "d = a new island, which at most n workers run at once where n is not 0; a negative n panics" { dst: DefP, n: UseI } [PANIC, ALLOC];
            GoIsland = go_island "starts a fiber on an island that runs a copy of the closure, which takes no arguments; a nil or ended island panics, and what cannot cross" { island: UseP, closure: UseP } [PANIC, ALLOC];
            PortNew = port_new "d = a new port with room for n elements, whose home is this island; n below 1 panics" { dst: DefP, ty: TypeRef, n: UseI } [PANIC, ALLOC];
            PortSend = port_send "sends, a copy to another island; nil waits for ever, closed and gone panic, and what cannot cross" { port: UseP, words: Uses } [PANIC, SUSPEND, ALLOC];
            PortRecv = port_recv "(words, ok) = the next element; zero and false where closed and empty; nil waits for ever" { ok: DefI, words: Defs, port: UseP } [PANIC, SUSPEND, ALLOC];
            PortTryRecv = port_try_recv "as PortRecv, but done is false where it would have to wait" { done: DefI, ok: DefI, words: Defs, port: UseP } [PANIC, ALLOC];
            PortClose = port_close "closes; nil and closed panic" { port: UseP } [PANIC];
            PortLen = port_len "d = the number of elements that wait, 0 for nil" { dst: DefI, port: UseP } [];
            PortCap = port_cap "d = the capacity, 0 for nil" { dst: DefI, port: UseP } [];
            SelectPort = select_port "adds case `index` to a select: receive n words from a port" { index: ImmU16, port: UseP, n: ImmU16 } [];

            // ---- chan ------------------------------------------------------------------------------
            // An element crosses as its leaf words, in the order of its layout.
            ChanNew = chan_new "d = a new channel with room for n elements; a bad size panics" { dst: DefP, ty: TypeRef, n: UseI } [PANIC, ALLOC];
            ChanSend = chan_send "sends; nil waits for ever, closed panics" { chan: UseP, words: Uses } [PANIC, SUSPEND, ALLOC];
            ChanRecv = chan_recv "(words, ok) = the next element; zero and false where closed and empty; nil waits for ever" { ok: DefI, words: Defs, chan: UseP } [SUSPEND];
            ChanTrySend = chan_try_send "d = sent without waiting; closed panics" { ok: DefI, chan: UseP, words: Uses } [PANIC];
            ChanTryRecv = chan_try_recv "(done, ok, words): done where an element came or the channel is closed" { done: DefI, ok: DefI, words: Defs, chan: UseP } [];
            ChanClose = chan_close "closes; nil or closed panics" { chan: UseP } [PANIC];
            ChanLen = chan_len "d = number of buffered elements, 0 for nil" { dst: DefI, chan: UseP } [];
            ChanCap = chan_cap "d = capacity, 0 for nil" { dst: DefI, chan: UseP } [];
            SelectBegin = select_begin "starts a select of n cases; only SelectSend, SelectRecv and SelectExec may follow" { n: ImmU16 } [];
            SelectSend = select_send "adds case `index`: send words to chan" { index: ImmU16, chan: UseP, words: Uses } [];
            SelectRecv = select_recv "adds case `index`: receive n words from chan" { index: ImmU16, chan: UseP, n: ImmU16 } [];
            SelectExec = select_exec "d = the chosen case; -1 where none is ready and `default` is not 0; a send to a closed channel panics" { dst: DefI, default: ImmU16 } [PANIC, SUSPEND, ALLOC];
            SelectValue = select_value "(words, ok) = what the chosen receive got; only right after SelectExec, in the case's block" { ok: DefI, words: Defs } [];

            // ---- iface -----------------------------------------------------------------------------
            IfaceEq = iface_eq "d = two interface values are equal; uncomparable dynamic types panic" { dst: DefI, at: UseI, ad: UseA, bt: UseI, bd: UseA } [PANIC];
            IfaceImpl = iface_impl "d = the dynamic type t is not nil and implements an interface type" { dst: DefI, at: UseI, ty: TypeRef } [];
            AssertFail = assert_fail "panics: t, held in an interface of type `from`, is not `to`" { at: UseI, from: TypeRef, to: TypeRef } [PANIC, ALLOC, END];
        }
    };
}

/// What an opcode may do besides its formula.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags(u8);

impl Flags {
    /// May answer `Panic`.
    pub const PANIC: Flags = Flags(1);
    /// Has a suspend point: may answer `WaitIo` or `Wake`.
    pub const SUSPEND: Flags = Flags(2);
    /// May allocate, so that the collector may run.
    pub const ALLOC: Flags = Flags(4);
    /// Ends a basic block.
    pub const END: Flags = Flags(8);
    /// Runs other Vo code.
    pub const CALL: Flags = Flags(16);

    /// The union of flags.
    pub const fn of(list: &[Flags]) -> Flags {
        let mut bits = 0;
        let mut i = 0;
        while i < list.len() {
            bits |= list[i].0;
            i += 1;
        }
        Flags(bits)
    }

    /// Whether all flags of `other` are set.
    pub const fn has(self, other: Flags) -> bool {
        self.0 & other.0 == other.0
    }
}

macro_rules! define_ops {
    ($($name:ident = $method:ident $doc:literal { $($field:ident : $role:ident),* } [$($flag:ident),*];)*) => {
        /// An opcode; the number is its place in the table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u16)]
        pub enum Op {
            $(#[doc = $doc] $name,)*
        }

        impl Op {
            /// All opcodes in the order of the table.
            pub const ALL: &'static [Op] = &[$(Op::$name),*];

            /// The opcode with this number.
            pub fn from_u16(number: u16) -> Option<Op> {
                Op::ALL.get(number as usize).copied()
            }

            /// The name, as the disassembler writes it.
            pub fn name(self) -> &'static str {
                match self { $(Op::$name => stringify!($name),)* }
            }

            /// The sentence and formula of the table.
            pub fn doc(self) -> &'static str {
                match self { $(Op::$name => $doc,)* }
            }

            /// What it may do.
            pub const fn flags(self) -> Flags {
                match self { $(Op::$name => Flags::of(&[$(Flags::$flag),*]),)* }
            }

            /// Names and roles of the operands, in the order of their encoding.
            pub fn operands(self) -> &'static [(&'static str, $crate::operand::Role)] {
                match self {
                    $(Op::$name => &[$((stringify!($field),
                        <$crate::operand::$role as $crate::operand::Operand>::ROLE)),*],)*
                }
            }
        }
    };
}

for_each_op!(define_ops);
