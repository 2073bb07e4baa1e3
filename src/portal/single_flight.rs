//! One call for equal questions that are asked at the same time. Whoever asks drives the call; when the first
//! one goes away another goes on.
use crate::types::lock;
use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared, WeakShared},
};
use std::{collections::HashMap, future::Future, hash::Hash, sync::Mutex};

type Call<A> = WeakShared<BoxFuture<'static, A>>;

/// Calls under way. An entry lives as long as somebody waits for it; their number is that of the turns.
pub struct SingleFlight<Q, A: Clone> {
    calls: Mutex<HashMap<Q, Call<A>>>,
}

impl<Q, A: Clone> Default for SingleFlight<Q, A> {
    fn default() -> Self {
        SingleFlight { calls: Mutex::new(HashMap::new()) }
    }
}

impl<Q: Clone + Eq + Hash, A: Clone + Send + Sync + 'static> SingleFlight<Q, A> {
    /// The answer to `question`: of the call under way, or of `fetch`.
    pub async fn join(&self, question: Q, fetch: impl Future<Output = A> + Send + 'static) -> A {
        let call: Shared<BoxFuture<'static, A>> = {
            let mut calls = lock(&self.calls);
            match calls.get(&question).and_then(WeakShared::upgrade) {
                Some(call) => call,
                None => {
                    let call = fetch.boxed().shared();
                    if let Some(weak) = call.downgrade() {
                        calls.insert(question.clone(), weak);
                    }
                    call
                }
            }
        };
        let _gone = Leave { single_flight: self, question };
        call.await
    }
}

/// Removes the entry when the first of the askers has its answer or goes away; one that asks after that
/// starts a new call, as an answer of before may be too old for it.
struct Leave<'a, Q: Eq + Hash, A: Clone> {
    single_flight: &'a SingleFlight<Q, A>,
    question: Q,
}

impl<Q: Eq + Hash, A: Clone> Drop for Leave<'_, Q, A> {
    fn drop(&mut self) {
        lock(&self.single_flight.calls).remove(&self.question);
    }
}
