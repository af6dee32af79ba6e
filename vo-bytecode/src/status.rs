//! What every call and every callback answers.

/// The outcome of running Vo code or of an operation that may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
#[must_use]
pub enum Status {
    /// Done; results are delivered.
    Ok = 0,
    /// The fiber's panic is set; frames run their defers and return it.
    Panic = 1,
    /// The fiber is registered with what it waits for and leaves the worker.
    WaitIo = 2,
    /// The fiber stays runnable but gives the worker up now.
    Wake = 3,
}

impl Status {
    /// The status with this number; no other value exists.
    #[inline]
    pub fn from_u32(number: u32) -> Option<Status> {
        Some(match number {
            0 => Status::Ok,
            1 => Status::Panic,
            2 => Status::WaitIo,
            3 => Status::Wake,
            _ => return None,
        })
    }
}
