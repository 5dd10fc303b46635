//! The command `netgiro`: `node/cli.cjs` calls it.

use std::ffi::OsString;

use napi::Task;
use napi::bindgen_prelude::{AsyncTask, Env};
use napi_derive::napi;
use netgiro_cli::Interrupt;

/// A command to be carried out, away from JavaScript's thread: that one hears of signals meanwhile.
#[napi]
pub struct NativeCommand {
    arguments: Vec<String>,
    interrupt: Interrupt,
}

#[napi]
impl NativeCommand {
    /// A command from its arguments, without the program's name.
    #[napi(constructor, catch_unwind)]
    pub fn new(arguments: Vec<String>) -> Self {
        Self {
            arguments,
            interrupt: Interrupt::default(),
        }
    }

    /// Carries it out; gives its exit code.
    #[napi(catch_unwind, ts_return_type = "Promise<number>")]
    pub fn run(&self) -> AsyncTask<Running> {
        AsyncTask::new(Running {
            arguments: self.arguments.iter().map(OsString::from).collect(),
            interrupt: self.interrupt.clone(),
        })
    }

    /// Has it stop.
    #[napi(catch_unwind)]
    pub fn interrupt(&self) {
        self.interrupt.interrupt();
    }
}

/// A command under way.
pub struct Running {
    arguments: Vec<OsString>,
    interrupt: Interrupt,
}

impl Task for Running {
    type Output = u8;
    type JsValue = u32;

    fn compute(&mut self) -> napi::Result<u8> {
        let arguments = std::mem::take(&mut self.arguments);
        Ok(netgiro_cli::run(arguments, &self.interrupt))
    }

    fn resolve(&mut self, _: Env, exit: u8) -> napi::Result<u32> {
        Ok(exit.into())
    }
}
