//! What running Vo programs are made of: layouts, heap, collector, strings, maps, channels.
