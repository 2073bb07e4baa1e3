//! The target `reassembly`.
#[path = "../arguments.rs"]
mod arguments;
#[path = "../targets/mod.rs"]
mod targets;

fn main() {
    arguments::pass_on();
    bolero::check!().for_each(targets::reassembly::run);
}
