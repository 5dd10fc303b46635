//! Lets the linker leave Node's own symbols open: the process that loads the addon has them.

fn main() {
    napi_build::setup();
}
