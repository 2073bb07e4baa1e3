//! All that this process logs while something is done, at the most talkative level, read by one who knows what it may not hold.
use regex::Regex;
use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};
use tracing_subscriber::fmt::MakeWriter;

/// Keeps the lines that hold what they may not.
#[derive(Clone)]
struct Reader {
    private: Regex,
    seen: Arc<Mutex<(u64, Vec<String>)>>,
}

impl Write for Reader {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        let mut seen = self.seen.lock().expect("no panic holds it");
        seen.0 += 1;
        if self.private.is_match(&text) && seen.1.len() < 20 {
            seen.1.push(text.into_owned());
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Reader {
    type Writer = Reader;

    fn make_writer(&'a self) -> Reader {
        self.clone()
    }
}

/// A runtime of which every thread logs all that there is to this reader.
fn loud(reader: &Reader) -> tokio::runtime::Runtime {
    let reader = reader.clone();
    let begin = move || {
        let all = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false);
        // for as long as the thread is there
        std::mem::forget(tracing::subscriber::set_default(all.with_writer(reader.clone()).finish()));
    };
    begin();
    tokio::runtime::Builder::new_multi_thread().enable_all().on_thread_start(begin).build().expect("a runtime")
}

/// Does this on threads of its own and reads along: how many lines were logged. Panics with those that fit one of the patterns.
pub fn overheard<F: Future<Output = ()>>(private: &[String], what: impl FnOnce() -> F + Send + 'static) -> u64 {
    let reader = Reader { private: Regex::new(&private.join("|")).expect("a pattern"), seen: Arc::default() };
    // a leak that would not be found is none that is not there
    assert!(
        private.iter().all(|pattern| Regex::new(pattern).is_ok_and(|pattern| !pattern.is_match(""))),
        "{private:?}"
    );
    let run = reader.clone();
    let done = std::thread::spawn(move || loud(&run).block_on(what())).join();
    done.expect("it went well; what failed stands above");
    let seen = reader.seen.lock().expect("no panic holds it");
    assert_eq!(seen.1, Vec::<String>::new(), "private");
    seen.0
}

#[test]
#[should_panic(expected = "private")]
fn a_line_that_tells_of_somebody_is_found() {
    let tells = || async {
        let told = tokio::spawn(async { tracing::trace!(number = "855102000001", "a call") });
        told.await.expect("told");
    };
    overheard(&["855[0-9]+".to_owned()], tells);
}
