//! The table of wait reasons: each way to block has its own name, printed in fiber dumps.
//!
//! The texts are the ones that Go prints in `goroutine N [reason]:`, because people search for
//! them. One row per way to block; the enum, its texts and the conversion from a stored byte
//! grow from the table.

macro_rules! wait_reasons {
    ($(($name:ident, $text:literal, $doc:literal),)*) => {
        /// Why a fiber does not run.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum WaitReason {
            $(#[doc = $doc] $name,)*
        }

        impl WaitReason {
            /// Every reason, in the order of the table.
            pub const ALL: &'static [WaitReason] = &[$(WaitReason::$name,)*];

            /// The text between the brackets of a dump.
            pub const fn text(self) -> &'static str {
                match self {
                    $(WaitReason::$name => $text,)*
                }
            }
        }
    };
}

wait_reasons! {
    (None, "running", "It does not wait."),
    (Runnable, "runnable", "It is in a run queue."),
    (ChanReceive, "chan receive", "A receive found neither a value nor a sender."),
    (ChanReceiveNil, "chan receive (nil chan)", "A receive from a nil channel: for ever."),
    (ChanSend, "chan send", "A send found neither room nor a receiver."),
    (ChanSendNil, "chan send (nil chan)", "A send to a nil channel: for ever."),
    (Select, "select", "No case of a select was ready."),
    (SelectNoCases, "select (no cases)", "`select {}`: for ever."),
    (Sleep, "sleep", "`time.Sleep`."),
    (MutexLock, "sync.Mutex.Lock", "The mutex is held."),
    (RWMutexRLock, "sync.RWMutex.RLock", "A writer holds or wants the lock."),
    (RWMutexLock, "sync.RWMutex.Lock", "Readers or a writer hold the lock."),
    (WaitGroupWait, "sync.WaitGroup.Wait", "The group's counter is above zero."),
    (CondWait, "sync.Cond.Wait", "The condition has not been signalled."),
    (Semacquire, "semacquire", "A semaphore without a better name."),
    (IoWait, "IO wait", "A socket is not ready."),
    (Blocking, "syscall", "A job of the blocking pool has not finished."),
    (PortReceive, "port receive", "A port holds no message."),
    (PortSend, "port send", "A port is full."),
    (GcAssist, "GC assist wait", "The collector asks for help before more is allocated."),
    (HostCall, "host call", "The host completes the operation."),
    (Finished, "dead", "It has returned."),
}

impl WaitReason {
    /// The reason that was stored as a byte.
    pub fn from_byte(byte: u8) -> WaitReason {
        Self::ALL.get(byte as usize).copied().unwrap_or(WaitReason::None)
    }

    /// Whether only another fiber of the island can end the wait: one that can reach the channel, the mutex, the
    /// condition. (Nobody can where the wait is for ever.)
    pub const fn is_for_fibers(self) -> bool {
        matches!(
            self,
            WaitReason::ChanReceive
                | WaitReason::ChanReceiveNil
                | WaitReason::ChanSend
                | WaitReason::ChanSendNil
                | WaitReason::Select
                | WaitReason::SelectNoCases
                | WaitReason::MutexLock
                | WaitReason::RWMutexRLock
                | WaitReason::RWMutexLock
                | WaitReason::WaitGroupWait
                | WaitReason::CondWait
                | WaitReason::Semacquire
        )
    }

    /// The byte to store.
    #[inline]
    pub const fn byte(self) -> u8 {
        self as u8
    }
}

impl std::fmt::Display for WaitReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_reasons_are_inverse() {
        for &reason in WaitReason::ALL {
            assert_eq!(WaitReason::from_byte(reason.byte()), reason);
        }
    }

    #[test]
    fn texts_are_distinct() {
        let mut texts: Vec<_> = WaitReason::ALL.iter().map(|r| r.text()).collect();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), WaitReason::ALL.len());
    }
}
