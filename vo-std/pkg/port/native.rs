//! Natives of package port.

use crate::abi::Any;
use crate::natives;
use vo_vm::TrySent;

natives! {
    "port.trySend" => fn try_send(cx, p: Any, v: Any) -> Result<i64, vo_bytecode::Status> {
        cx.port_try_send(p, v).map(|sent| match sent {
            TrySent::Sent => 0,
            TrySent::Full => 1,
            TrySent::Closed => 2,
            TrySent::Gone => 3,
        })
    }
    "port.gone" => fn gone(cx, p: Any) -> Any {
        cx.port_gone(p)
    }
}
