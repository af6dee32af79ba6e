//! The stages of the pipeline: a reader per file (on the blocking pool), a counter per worker, one
//! collector that also shows progress.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use vo_sched::channel::{Channel, Select};
use vo_sched::{Config, NoHost, Scheduler, native};

type Counts = HashMap<String, usize>;

/// Counts the words of the files that the arguments name, and prints the ten most frequent.
pub fn main() {
    let files: Vec<String> = std::env::args().skip(1).collect();
    let sched = Scheduler::new(Config::default(), Arc::new(NoHost));
    let workers = sched.workers();
    let total = sched.run(move || count(files, workers));
    let mut words: Vec<_> = total.into_iter().collect();
    words.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    for (word, count) in words.iter().take(10) {
        println!("{count:>8} {word}");
    }
}

/// The words of all files with their counts.
fn count(files: Vec<String>, counters: usize) -> Counts {
    let texts = Channel::<String>::new(counters);
    let counted = Channel::<Counts>::new(0);
    let (expected, readers_done) = (files.len(), Channel::<()>::new(files.len()));
    for file in files {
        let (texts, done) = (texts.clone(), readers_done.clone());
        native::spawn(move || {
            // Files block the thread that reads them, so that is not a worker's.
            match native::blocking(move || std::fs::read_to_string(&file).map_err(|e| format!("{file}: {e}")))
            {
                Ok(text) => texts.send(text).expect("the counters are there"),
                Err(error) => eprintln!("{error}"),
            }
            done.send(()).expect("the main fiber is there");
        });
    }
    for _ in 0..counters {
        let (texts, counted) = (texts.clone(), counted.clone());
        native::spawn(move || {
            let mut counts = Counts::new();
            while let Some(text) = texts.recv() {
                for word in text.split_whitespace() {
                    *counts.entry(word.to_lowercase()).or_default() += 1;
                }
            }
            counted.send(counts).expect("the main fiber is there");
        });
    }
    (0..expected).for_each(|_| readers_done.recv().expect("nobody closes the channel"));
    texts.close().expect("it is closed once");
    collect(&counted, counters)
}

/// Adds the counters' results, and says so when they take long.
fn collect(counted: &Channel<Counts>, counters: usize) -> Counts {
    let ticks = Channel::<()>::new(0);
    let tick = ticks.clone();
    native::spawn(move || {
        loop {
            native::sleep(Duration::from_secs(1));
            if tick.send(()).is_err() {
                return;
            }
        }
    });
    let mut total = Counts::new();
    let mut received = 0;
    while received < counters {
        let (mut counts, mut second) = (None, None);
        if Select::new().recv(counted, &mut counts).recv(&ticks, &mut second).wait() == 1 {
            eprintln!("{received} of {counters} counters have finished");
            continue;
        }
        for (word, count) in counts.expect("nobody closes the channel") {
            *total.entry(word).or_default() += count;
        }
        received += 1;
    }
    ticks.close().expect("it is closed once");
    total
}
