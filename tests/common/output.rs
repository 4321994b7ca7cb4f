//! What a program prints, read all the time so that it never has to wait.

use std::io::Read;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use super::tools::LOOK;
use super::transcript::{Transcript, preview};

/// One of a program's outputs: what it has printed until now.
#[derive(Debug, Clone)]
pub struct Output {
    shared: Arc<(Mutex<State>, Condvar)>,
    transcript: Transcript,
}

#[derive(Debug)]
struct State {
    bytes: Vec<u8>,
    ended: bool,
}

impl Output {
    fn new(ended: bool, transcript: Transcript) -> Self {
        let state = State { bytes: Vec::new(), ended };
        Output {
            shared: Arc::new((Mutex::new(state), Condvar::new())),
            transcript,
        }
    }

    /// One that goes elsewhere: nothing will be seen of it.
    pub fn unseen(transcript: Transcript) -> Self {
        Output::new(true, transcript)
    }

    /// Reads `source` in a thread of its own. `name` is for the transcript.
    pub fn drain(
        mut source: impl Read + Send + 'static,
        name: &'static str,
        transcript: Transcript,
    ) -> Self {
        let output = Output::new(false, transcript.clone());
        let ours = Arc::clone(&output.shared);
        thread::spawn(move || {
            let mut buffer = vec![0; 64 * 1024];
            let (state, changed) = &*ours;
            loop {
                // An error here is an end as well: the program has gone.
                let count = source.read(&mut buffer).unwrap_or(0);
                let bytes = &buffer[..count];
                if count > 0 {
                    transcript.tell(format!("{name}: {}", preview(bytes)));
                }
                let mut state = state.lock().unwrap();
                state.bytes.extend_from_slice(bytes);
                state.ended = count == 0;
                changed.notify_all();
                if count == 0 {
                    return;
                }
            }
        });
        output
    }

    /// Waits until `probe` finds what it looks for. `None` if the output
    /// ended before, or the limit is over; the state is then the last.
    pub fn wait_for<T>(
        &self,
        mut probe: impl FnMut(&[u8]) -> Option<T>,
    ) -> Option<T> {
        let deadline = self.transcript.deadline();
        let (state, changed) = &*self.shared;
        let mut state = state.lock().unwrap();
        loop {
            if let Some(found) = probe(&state.bytes) {
                return Some(found);
            }
            if state.ended || deadline.is_over() {
                return None;
            }
            state = changed.wait_timeout(state, LOOK).unwrap().0;
        }
    }

    /// Everything, once the output has ended.
    pub fn whole(&self) -> Vec<u8> {
        let deadline = self.transcript.deadline();
        let (state, changed) = &*self.shared;
        let mut state = state.lock().unwrap();
        while !state.ended {
            assert!(!deadline.is_over(), "an output that does not end");
            state = changed.wait_timeout(state, LOOK).unwrap().0;
        }
        state.bytes.clone()
    }
}
