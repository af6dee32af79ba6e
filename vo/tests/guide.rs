//! The programs of `docs/language.md` print what stands behind them.

use vo::{Engine, RunOptions, Text};

/// Programs with their outputs: a block of `vo`, and the block of `text` that follows it.
fn programs(guide: &str) -> Vec<(&str, &str)> {
    let after = |text: &'static str| guide.match_indices(text).map(move |(at, _)| at + text.len());
    let block = |at: usize| guide[at..].split("```").next().expect("split gives a part");
    let outputs: Vec<usize> = after("```text\n").collect();
    let output_of = |at: usize| outputs.iter().copied().find(|&o| o > at).expect("an output follows");
    after("```vo\n").map(|at| (block(at), block(output_of(at)))).collect()
}

#[test]
fn programs_of_the_guide_print_what_it_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/language.md");
    let guide = std::fs::read_to_string(path).expect("the guide is there");
    let programs = programs(&guide);
    assert!(programs.len() >= 5, "only {} programs were found", programs.len());
    for (source, output) in programs {
        let text = Text { name: "guide.vo", text: source.as_bytes() };
        let program = Engine::new().compile_text(&text).unwrap_or_else(|error| panic!("{error}\n{source}"));
        let run = program.run_captured(RunOptions::default());
        // What the machine says about an island's end is not the program's.
        assert_eq!(String::from_utf8_lossy(&run.stdout), output, "{source}");
    }
}
