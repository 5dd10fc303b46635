//! The simulators that commands of this user run: a file for each, which only this user can read, without secrets.

use std::env;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::control::{Control, Identity};

/// A simulator, as its process has registered it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Registered {
    /// The API's base URL, for shops.
    pub(crate) url: String,
    /// The same on this machine.
    pub(crate) local_url: String,
    pub(crate) page_url: String,
    pub(crate) app_key: String,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) seed: u64,
    /// The folder in which the command was started.
    pub(crate) folder: PathBuf,
    /// The command's options, as far as they decide what the simulator does.
    pub(crate) options: Vec<String>,
    /// When it was registered, in milliseconds since 1970.
    pub(crate) started_at: i64,
}

impl Registered {
    pub(crate) fn control(&self) -> Option<Control> {
        Control::new(&self.local_url, self.ca_file.clone()).ok()
    }

    /// Whether it runs, and is the one that was registered.
    pub(crate) async fn is_running(&self) -> bool {
        let Some(control) = self.control() else {
            return false;
        };
        let expected = Identity {
            app_key: self.app_key.clone(),
            seed: self.seed,
        };
        control.identity().await == Some(expected)
    }
}

/// The entry of a simulator that this process runs, until it is dropped.
#[derive(Debug)]
pub(crate) struct Entry(PathBuf);

impl Drop for Entry {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Registers a simulator.
pub(crate) fn register(simulator: &Registered) -> io::Result<Entry> {
    let folder = folder().ok_or(io::ErrorKind::NotFound)?;
    let port = port(&simulator.local_url).ok_or(io::ErrorKind::InvalidInput)?;
    let path = entry_path(&folder, port);
    // Of a simulator that did not end by itself.
    let _ = fs::remove_file(&path);
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(&path)?;
    file.write_all(&serde_json::to_vec(simulator)?)?;
    Ok(Entry(path))
}

/// The registered simulators, the newest first; some may not run any more.
pub(crate) fn all() -> Vec<Registered> {
    let entries = folder().and_then(|folder| fs::read_dir(folder).ok());
    let mut found: Vec<Registered> = entries
        .into_iter()
        .flatten()
        .filter_map(|entry| read(&entry.ok()?.path()))
        .collect();
    found.sort_by_key(|simulator| std::cmp::Reverse(simulator.started_at));
    found
}

/// Those that were started in this folder and run.
pub(crate) async fn running_here() -> Vec<Registered> {
    let mut running = Vec::new();
    let Some(here) = here() else {
        return running;
    };
    for simulator in all() {
        if simulator.folder != here {
            continue;
        }
        if simulator.is_running().await {
            running.push(simulator);
        } else {
            forget(&simulator);
        }
    }
    running
}

/// Removes the entry of a simulator that was killed.
fn forget(simulator: &Registered) {
    let path = folder().zip(port(&simulator.local_url));
    let Some(path) = path.map(|(folder, port)| entry_path(&folder, port)) else {
        return;
    };
    // Another one may have the port now.
    if read(&path).is_some_and(|known| known.seed == simulator.seed) {
        let _ = fs::remove_file(path);
    }
}

fn entry_path(folder: &Path, port: u16) -> PathBuf {
    folder.join(format!("{port}.json"))
}

fn read(path: &Path) -> Option<Registered> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// The one with this URL, if it was registered; it may not run any more.
pub(crate) fn with_url(url: &str) -> Option<Registered> {
    let wanted = url.trim_end_matches('/');
    let is_wanted = |known: &str| known.trim_end_matches('/') == wanted;
    all()
        .into_iter()
        .find(|known| is_wanted(&known.url) || is_wanted(&known.local_url))
}

/// The one on this port, if it was registered; it may not run any more.
pub(crate) fn on_port(wanted: u16) -> Option<Registered> {
    all()
        .into_iter()
        .find(|known| port(&known.local_url) == Some(wanted))
}

/// The folder in which this command runs.
pub(crate) fn here() -> Option<PathBuf> {
    let folder = env::current_dir().ok()?;
    Some(folder.canonicalize().unwrap_or(folder))
}

pub(crate) fn port(url: &str) -> Option<u16> {
    url::Url::parse(url).ok()?.port_or_known_default()
}

/// Where the entries are: with the user's other state, or where there is no home, with temporary files.
fn folder() -> Option<PathBuf> {
    let variable = |name| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let state = variable("XDG_STATE_HOME")
        .or_else(|| Some(variable("HOME")?.join(".local/state")))
        .or_else(|| variable("LOCALAPPDATA"))
        .map(|state| state.join("netgiro").join("simulators"));
    state
        .filter(|folder| make_folder(folder).is_ok())
        .or_else(temporary)
}

/// The same among the temporary files, of which each user may make some.
fn temporary() -> Option<PathBuf> {
    let user = env::var("USER").unwrap_or_default();
    let user: String = user.chars().filter(char::is_ascii_alphanumeric).collect();
    let folder = env::temp_dir().join(format!("netgiro-simulators-{user}"));
    make_folder(&folder).ok()?;
    is_own(&folder).ok()?.then_some(folder)
}

/// Whether a folder belongs to the user who runs this, and nobody else may write to it.
#[cfg(unix)]
fn is_own(folder: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;

    let probe = folder.join(format!("{:032x}", fastrand::u128(..)));
    let user = fs::File::create_new(&probe)?.metadata()?.uid();
    fs::remove_file(&probe)?;
    let folder = fs::symlink_metadata(folder)?;
    Ok(folder.is_dir() && folder.uid() == user && folder.mode() & 0o022 == 0)
}

#[cfg(not(unix))]
fn is_own(_: &Path) -> io::Result<bool> {
    Ok(true)
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(folder)
}
