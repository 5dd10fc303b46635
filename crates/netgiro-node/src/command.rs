//! The command `netgiro`: `node/cli.ts` calls it.

use std::ffi::OsString;
use std::thread;

use napi::bindgen_prelude::{Env, Object};
use napi_derive::napi;
use netgiro_cli::Interrupt;

/// A command to be run away from JavaScript's thread, which handles signals meanwhile.
#[napi]
pub struct NativeCommand {
    arguments: Vec<String>,
    program: Vec<String>,
    interrupt: Interrupt,
}

#[napi]
impl NativeCommand {
    /// A command from its arguments, without the program's name, and the words that start the program.
    #[napi(constructor, catch_unwind)]
    pub fn new(arguments: Vec<String>, program: Vec<String>) -> Self {
        Self {
            arguments,
            program,
            interrupt: Interrupt::default(),
        }
    }

    /// Runs it; gives a promise of its exit code.
    ///
    /// On a thread of its own: Node would wait for one of its pool's at the end of the process, which a second Ctrl-C
    /// wants at once.
    #[napi(catch_unwind, ts_return_type = "Promise<number>")]
    pub fn run<'env>(&self, env: &'env Env) -> napi::Result<Object<'env>> {
        let (deferred, promise) = env.create_deferred()?;
        let arguments = self.arguments.iter().map(OsString::from).collect();
        let program = self.program.iter().map(OsString::from).collect();
        let interrupt = self.interrupt.clone();
        thread::Builder::new()
            .name("netgiro-command".to_owned())
            .spawn(move || {
                let exit = netgiro_cli::run(arguments, program, &interrupt);
                deferred.resolve(move |_| Ok(u32::from(exit)));
            })
            .map_err(|error| {
                napi::Error::from_reason(format!("no thread could be started: {error}"))
            })?;
        Ok(promise)
    }

    /// Asks it to stop; gives whether it will end by itself.
    #[napi(catch_unwind)]
    pub fn interrupt(&self) -> bool {
        self.interrupt.interrupt()
    }
}
