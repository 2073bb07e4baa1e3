//! Tells cargo that the migrations are part of the program: a new file must cause a new build.
fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
