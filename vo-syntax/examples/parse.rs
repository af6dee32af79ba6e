//! Parses the files named on the command line and prints what is wrong with them, as
//! `file:line:col: message`.

use vo_syntax::ast::NodeIds;
use vo_syntax::diag::render;
use vo_syntax::parser::{Options, parse_file};
use vo_syntax::source::SourceMap;

fn main() {
    let mut map = SourceMap::new();
    let ids = NodeIds::new();
    for name in std::env::args().skip(1) {
        let text = match std::fs::read(&name) {
            Ok(text) => text,
            Err(error) => {
                eprintln!("{name}: {error}");
                continue;
            }
        };
        let Ok(id) = map.add(&name, text) else {
            eprintln!("{name}: too much source");
            return;
        };
        for d in parse_file(&map, id, &ids, Options::default()).diagnostics {
            print!("{}", render(&map, &d, false, false));
        }
    }
}
