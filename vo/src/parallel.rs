//! Parsing the files of a package, several at a time.
//!
//! The files are in the source map before the first is parsed, so that places and the order of files do not depend on
//! who parses what; only the numbers of nodes do, which nothing that users see depends on. Few or small files are
//! not worth a thread.

use std::sync::atomic::{AtomicUsize, Ordering};
use vo_syntax::ast::NodeIds;
use vo_syntax::parser::{Options, Parsed, parse_file};
use vo_syntax::source::{FileId, SourceMap};

/// Bytes for which a further thread is started: some milliseconds of work.
const BYTES_PER_THREAD: usize = 1 << 19;

/// What the parser's recursion needs at most, with room to spare.
const STACK: usize = 16 << 20;

/// The trees of files, in their order.
pub fn parse_files(map: &SourceMap, files: &[FileId], ids: &NodeIds, options: Options) -> Vec<Parsed> {
    let bytes: usize = files.iter().map(|&file| map.file(file).bytes().len()).sum();
    let useful = (bytes / BYTES_PER_THREAD).min(files.len());
    // To ask for the number of processors is to read some files.
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    let threads = if useful > 1 { useful.min(cores()) } else { 1 };
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while let Some(&file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            done.push((file, parse_file(map, file, ids, options)));
        }
        done
    };
    let mut all = std::thread::scope(|scope| {
        let helper = || std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work);
        // Where no thread can be had, the others do its work.
        let helpers: Vec<_> = (1..threads).filter_map(|_| helper().ok()).collect();
        let mut all = work();
        for helper in helpers {
            match helper.join() {
                Ok(parsed) => all.extend(parsed),
                Err(bug) => std::panic::resume_unwind(bug),
            }
        }
        all
    });
    all.sort_by_key(|&(file, _)| file);
    all.into_iter().map(|(_, parsed)| parsed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Large files among small ones: each tree stands where its file does, and no node has another's number.
    #[test]
    fn trees_come_in_the_order_of_files() {
        let mut map = SourceMap::new();
        let text = |i: usize| {
            let functions: String =
                (0..1 + 3000 * (i % 3)).map(|n| format!("func f{i}_{n}() {{}}\n")).collect();
            format!("package p{i}\n{functions}")
        };
        let files: Vec<FileId> = (0..60)
            .map(|i| map.add(&format!("{i}.go"), text(i).into_bytes()).expect("a source map has room"))
            .collect();
        let parsed = parse_files(&map, &files, &NodeIds::new(), Options::default());
        assert_eq!(parsed.len(), files.len());
        let mut names = std::collections::HashSet::new();
        for (i, parsed) in parsed.iter().enumerate() {
            assert_eq!(parsed.file.file, files[i]);
            assert_eq!(parsed.file.name.name.as_str(), format!("p{i}"));
            assert_eq!(parsed.file.decls.len(), 1 + 3000 * (i % 3));
            assert!(names.insert(parsed.file.name.id));
        }
    }
}
