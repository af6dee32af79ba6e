//! The work-stealing fiber scheduler under Vo; knows nothing of Vo programs.
