//! The file of `--resume`: an insert until its outcome is known, then the position of a wait.
//!
//! It is on the disk before the customer can be asked, and it is never written in part. It does not hold the
//! customer's number.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind as IoError, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use netgiro::{Amount, CartPoll, Error, ErrorKind, NewCart, RequestSent};
use serde::{Deserialize, Serialize};

use crate::console::kronur;
use crate::failure::{Failure, ResumeHint, quoted};

/// The content of a file.
pub(crate) enum Content {
    /// It is empty, or does not exist.
    Nothing,
    /// An insert with an unknown outcome.
    Insert(Intent),
    /// A cart that is followed.
    Cart(Box<CartPoll>),
}

/// An insert that may have been sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Intent {
    pub(crate) reference: String,
    pub(crate) amount: Amount,
    /// The time at which it was sent.
    at: Timestamp,
    /// Why its outcome is unknown; `None` if that was not recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Token {
    version: u32,
    insert: Intent,
}

const VERSION: u32 = 1;

/// Reads a file.
pub(crate) fn read(path: &Path) -> Result<Content, Failure> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == IoError::NotFound => return Ok(Content::Nothing),
        Err(error) => return Err(Failure::file("read", path, error)),
    };
    let text = text.trim();
    if text.is_empty() {
        return Ok(Content::Nothing);
    }
    match serde_json::from_str(text) {
        Ok(Token {
            version: VERSION,
            insert,
        }) => Ok(Content::Insert(insert)),
        _ => Ok(Content::Cart(Box::new(CartPoll::from_json(text)?))),
    }
}

/// Writes the position of a wait.
pub(crate) fn store(path: &Path, poll: &CartPoll) -> io::Result<()> {
    replace(path, &poll.to_json())
}

/// Replaces a file's content atomically.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path = target(path)?;
    let part = beside(&path, &format!(".{}.part", std::process::id()));
    File::create(&part)
        .and_then(|file| write_through(file, text))
        .and_then(|()| rename(&part, &path))
        .inspect_err(|_| drop(fs::remove_file(&part)))
}

fn write_through(mut file: File, text: &str) -> io::Result<()> {
    file.write_all(text.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}

fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)?;
    sync_folder(to);
    Ok(())
}

/// Syncs the folder of a file, which not every file system can do.
fn sync_folder(path: &Path) {
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    if let Ok(folder) = File::open(folder.unwrap_or(Path::new("."))) {
        let _ = folder.sync_all();
    }
}

/// The file behind symbolic links, whether it exists or not; an error for anything but a file.
fn target(path: &Path) -> io::Result<PathBuf> {
    match fs::metadata(path) {
        Ok(found) if found.is_file() => fs::canonicalize(path),
        Ok(_) => Err(io::Error::new(IoError::InvalidInput, "it is not a file")),
        Err(error) if error.kind() == IoError::NotFound => match fs::read_link(path) {
            // A relative link starts at its own folder.
            Ok(leads) => target(&path.with_file_name("").join(leads)),
            Err(_) => Ok(path.to_owned()),
        },
        Err(error) => Err(error),
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// A file that one insert has claimed before it is sent.
pub(crate) struct Claim {
    path: PathBuf,
    intent: Intent,
}

impl Claim {
    /// Writes the insert to an empty or new file; refuses any other file, and all but one of several claims at once.
    pub(crate) fn new(path: &Path, order: &NewCart) -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::file("written", path, error);
        let target = target(path).map_err(failed)?;
        let part = beside(&target, ".part");
        // The process that creates this file may write the other.
        let file = match OpenOptions::new().write(true).create_new(true).open(&part) {
            Ok(file) => file,
            Err(error) if error.kind() == IoError::AlreadyExists => {
                return Err(Failure::Machine(format!(
                    "{} is being written by another insert; if none is running, remove {}",
                    path.display(),
                    part.display()
                )));
            }
            Err(error) => return Err(failed(error)),
        };
        let claim = Self {
            path: target,
            intent: Intent {
                reference: order.reference.clone(),
                amount: order.amount,
                at: Timestamp::now(),
                problem: None,
            },
        };
        claim
            .refuse_if_taken(path)
            .and_then(|()| write_through(file, &claim.text()).map_err(failed))
            .and_then(|()| rename(&part, &claim.path).map_err(failed))
            .inspect_err(|_| drop(fs::remove_file(&part)))?;
        Ok(claim)
    }

    fn refuse_if_taken(&self, named: &Path) -> Result<(), Failure> {
        match read(&self.path) {
            Ok(Content::Nothing) => Ok(()),
            Ok(Content::Insert(intent)) => Err(intent.error(named)),
            Ok(Content::Cart(poll)) => {
                let file = quoted(&named.to_string_lossy());
                Err(Failure::usage(format!(
                    "{} already holds the cart {}; nothing was sent. To continue with it: netgiro settle --resume {file}; \
                     for another order use another file",
                    named.display(),
                    poll.transaction_id()
                )))
            }
            Err(Failure::Client(error, _)) => Err(Failure::usage(format!(
                "{} holds something else than a cart; nothing was sent: {}",
                named.display(),
                error.message()
            ))),
            Err(other) => Err(other),
        }
    }

    fn text(&self) -> String {
        serde_json::to_string(&Token {
            version: VERSION,
            insert: self.intent.clone(),
        })
        .unwrap_or_default()
    }

    /// Records an insert's error if the customer may have been asked; deletes the file if not.
    pub(crate) fn failed(mut self, failure: &Failure) -> io::Result<()> {
        match failure {
            Failure::Client(error, _) if error.kind() == ErrorKind::OutcomeUnknown => {
                self.intent.problem = Some(error.to_string());
                replace(&self.path, &self.text())
            }
            _ => {
                fs::remove_file(&self.path)?;
                sync_folder(&self.path);
                Ok(())
            }
        }
    }
}

impl Intent {
    /// The error for a command that cannot continue from this insert, in the file `named`.
    pub(crate) fn error(&self, named: &Path) -> Failure {
        let why = self
            .problem
            .as_deref()
            .unwrap_or("the command that sent it did not record its outcome");
        let error = Error::new(
            ErrorKind::OutcomeUnknown,
            format!(
                "{} holds an insert of {} for reference {:?}, sent at {}; nothing was sent now. The customer may have \
                 been asked to pay: do not insert it again before you have looked it up at Netgíró: {why}",
                named.display(),
                kronur(self.amount),
                self.reference,
                self.at.strftime("%Y-%m-%d %H:%M:%SZ"),
            ),
        )
        .with_reference(&self.reference)
        .with_request_sent(RequestSent::Maybe);
        Failure::Client(Box::new(error), Box::new(ResumeHint::of_open_insert(named)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netgiro::WaitOptions;

    fn order() -> NewCart {
        let amount = Amount::new(4990).unwrap();
        NewCart::new(amount, "order-1", "8223281".parse().unwrap())
    }

    /// A folder for one test.
    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("netgiro-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn a_file_is_one_inserts() {
        let folder = folder("claims");
        let path = folder.join("a cart.json");
        fs::write(&path, "").unwrap();
        Claim::new(&path, &order()).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains("order-1") && text.contains("4990") && !text.contains("8223281"));
        let Err(Failure::Client(error, _)) = Claim::new(&path, &order()) else {
            panic!("it was claimed twice")
        };
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
        assert_eq!(error.reference(), Some("order-1"));
        assert_eq!(fs::read_to_string(&path).unwrap(), text);

        let poll = CartPoll::new(
            uuid::Uuid::from_u128(7),
            WaitOptions::default(),
            Timestamp::UNIX_EPOCH,
        );
        store(&path, &poll).unwrap();
        assert!(matches!(
            Claim::new(&path, &order()),
            Err(Failure::Usage(_))
        ));
        fs::write(&path, "a letter").unwrap();
        assert!(matches!(
            Claim::new(&path, &order()),
            Err(Failure::Usage(_))
        ));
        assert_eq!(fs::read_to_string(&path).unwrap(), "a letter");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn of_many_at_once_one_claims_a_file() {
        let folder = folder("many-claims");
        let path = folder.join("cart.json");
        let claims: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| Claim::new(&path, &order()).is_ok()))
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        });
        assert_eq!(claims.iter().filter(|claimed| **claimed).count(), 1);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_no_frees_the_file_and_an_unknown_outcome_stays() {
        let folder = folder("outcomes");
        let path = folder.join("cart.json");
        let no = Failure::from(Error::new(ErrorKind::Api, "no"));
        Claim::new(&path, &order()).unwrap().failed(&no).unwrap();
        assert!(!path.exists());
        let unknown = Failure::from(Error::new(ErrorKind::OutcomeUnknown, "the line broke"));
        Claim::new(&path, &order())
            .unwrap()
            .failed(&unknown)
            .unwrap();
        assert!(matches!(read(&path), Ok(Content::Insert(_))));
        let Err(refused) = Claim::new(&path, &order()) else {
            panic!("it was claimed again")
        };
        assert!(format!("{refused:?}").contains("the line broke"));
        fs::remove_dir_all(folder).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link() {
        let folder = folder("links");
        let (link, file) = (folder.join("link.json"), folder.join("cart.json"));
        std::os::unix::fs::symlink("cart.json", &link).unwrap();
        Claim::new(&link, &order()).unwrap();
        assert!(link.is_symlink() && file.is_file() && !file.is_symlink());
        assert!(Claim::new(&file, &order()).is_err());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_is_not_a_file_is_left_alone() {
        let folder = folder("no-file");
        assert!(matches!(
            Claim::new(&folder, &order()),
            Err(Failure::Machine(_))
        ));
        assert!(folder.is_dir());
        fs::remove_dir_all(folder).unwrap();
    }
}
