//! The one table of commands and options. Parsing, help and completions are made from it.

use netgiro::{ConfirmationType, Environment, PaymentInfoPolicy};

/// A command.
#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) name: &'static str,
    /// One line, for the list of commands.
    pub(crate) summary: &'static str,
    /// What there is to know, for its own help.
    pub(crate) about: &'static str,
    pub(crate) argument: Option<Argument>,
    pub(crate) options: &'static [&'static [Opt]],
}

/// What a command takes without an option's name.
#[derive(Debug)]
pub(crate) struct Argument {
    pub(crate) name: &'static str,
    pub(crate) help: &'static str,
    pub(crate) takes: Takes,
}

/// An option, without its two hyphens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opt {
    pub(crate) name: &'static str,
    pub(crate) takes: Takes,
    pub(crate) help: &'static str,
    /// Whether it may be given more than once.
    pub(crate) repeats: bool,
}

/// What follows an option's name.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Takes {
    Nothing,
    /// A text; its name in help.
    Text(&'static str),
    /// A path.
    File,
    /// One of these words.
    Word(fn() -> Vec<&'static str>),
}

impl Command {
    pub(crate) fn find(name: &str) -> Option<&'static Self> {
        COMMANDS.iter().find(|command| command.name == name)
    }

    pub(crate) fn options(&self) -> impl Iterator<Item = &'static Opt> + use<> {
        self.options.iter().copied().flatten()
    }
}

impl Takes {
    /// What stands for the value in help.
    pub(crate) fn placeholder(self) -> Option<&'static str> {
        match self {
            Self::Nothing => None,
            Self::Text(name) => Some(name),
            Self::File => Some("FILE"),
            Self::Word(_) => Some("WORD"),
        }
    }

    pub(crate) fn words(self) -> Vec<&'static str> {
        match self {
            Self::Word(words) => words(),
            _ => Vec::new(),
        }
    }
}

const fn flag(name: &'static str, help: &'static str) -> Opt {
    option(name, Takes::Nothing, help)
}

const fn text(name: &'static str, value: &'static str, help: &'static str) -> Opt {
    option(name, Takes::Text(value), help)
}

const fn file(name: &'static str, help: &'static str) -> Opt {
    option(name, Takes::File, help)
}

const fn option(name: &'static str, takes: Takes, help: &'static str) -> Opt {
    Opt {
        name,
        takes,
        help,
        repeats: false,
    }
}

const fn repeated(option: Opt) -> Opt {
    Opt {
        repeats: true,
        ..option
    }
}

fn confirmation_types() -> Vec<&'static str> {
    ConfirmationType::ALL.iter().map(|it| it.as_str()).collect()
}

fn environments() -> Vec<&'static str> {
    Environment::ALL.iter().map(|it| it.as_str()).collect()
}

fn payment_info_policies() -> Vec<&'static str> {
    PaymentInfoPolicy::ALL
        .iter()
        .map(|it| it.as_str())
        .collect()
}

/// The shells that completions are written for.
pub(crate) fn shells() -> Vec<&'static str> {
    vec!["bash", "zsh", "fish", "powershell"]
}

const CONNECTION: &[Opt] = &[
    option(
        "environment",
        Takes::Word(environments),
        "Which Netgíró to talk to, rather than NETGIRO_ENVIRONMENT",
    ),
    text(
        "base-url",
        "URL",
        "Another base URL, rather than NETGIRO_BASE_URL",
    ),
    option(
        "payment-info",
        Takes::Word(payment_info_policies),
        "Whether a paid answer must name amount and reference, rather than NETGIRO_PAYMENT_INFO",
    ),
    file(
        "ca-file",
        "Trust the certificate authorities in a PEM file, too",
    ),
];

const JSON: &[Opt] = &[flag("json", "Write one JSON object a line")];

/// What the answers about a cart are compared with.
const ORDER: &[Opt] = &[
    text(
        "amount",
        "KRONUR",
        "The order's amount: an answer about another one is an error",
    ),
    text(
        "reference",
        "TEXT",
        "The order's reference: likewise; goes with --amount",
    ),
];

const TIMEOUT: Opt = text(
    "timeout",
    "SECONDS",
    "When to stop waiting, from now [default: 180]",
);

const FOLLOWING: &[Opt] = &[
    TIMEOUT,
    text(
        "poll",
        "TOKEN",
        "Go on from where an earlier wait came to, rather than from CART",
    ),
    file(
        "resume",
        "Keep where the wait has come to in this file, and go on from it",
    ),
];

const CART: Option<Argument> = Some(Argument {
    name: "CART",
    help: "The cart's transaction id, as insert wrote it",
    takes: Takes::Text("CART"),
});

pub(crate) const COMMANDS: &[Command] = &[
    Command {
        name: "insert",
        summary: "Ask a customer to pay",
        about: "Inserts a cart: the customer is asked to pay in Netgíró's app. It is sent once; when it is not\n\
                known whether it arrived, the exit code is 5, and it must not be sent again before Netgíró has\n\
                been asked.\n\n\
                With --resume it is kept in a file before it is sent, so that no second run asks the customer again.\n\
                With --wait or --settle it goes on as those commands do.",
        argument: None,
        options: &[
            &[
                text("amount", "KRONUR", "What to pay, in whole krónur"),
                text("reference", "TEXT", "The order's id in the shop"),
                text(
                    "customer",
                    "ID",
                    "A mobile number, a kennitala or an app code; - reads it from standard input",
                ),
                option(
                    "confirmation-type",
                    Takes::Word(confirmation_types),
                    "Who creates the payment once the customer has accepted [default: automatic]",
                ),
                text(
                    "callback-url",
                    "URL",
                    "Where Netgíró reports that it was confirmed",
                ),
                text(
                    "callback-cancel-url",
                    "URL",
                    "Where Netgíró reports that it was canceled",
                ),
                text("description", "TEXT", "Shown to the customer"),
                repeated(text(
                    "item",
                    "PRICE:QUANTITY:NAME",
                    "A line of the cart, such as 990:2:Coffee; may be repeated",
                )),
                text(
                    "location-id",
                    "TEXT",
                    "The shop's name for the place of sale",
                ),
                text("register-id", "TEXT", "The shop's name for the till"),
                flag("wait", "Wait for the cart, as netgiro wait does"),
                flag("settle", "Settle the cart, as netgiro settle does"),
                TIMEOUT,
                file(
                    "resume",
                    "Keep the insert, and then what wait and settle go on from, in this file; one that holds something is refused",
                ),
            ],
            CONNECTION,
            JSON,
        ],
    },
    Command {
        name: "check",
        summary: "Ask where a cart stands",
        about: "Asks once where a cart stands. The exit code says it: 0 paid, 3 not paid, 4 still open.",
        argument: CART,
        options: &[ORDER, CONNECTION, JSON],
    },
    Command {
        name: "cancel",
        summary: "Cancel a cart, and read whether it came too late",
        about: "Cancels a cart while nobody has answered. The exit code is 0 when it is canceled, and 7 when\n\
                the customer was first: then it is paid.",
        argument: CART,
        options: &[ORDER, CONNECTION, JSON],
    },
    Command {
        name: "confirm",
        summary: "Confirm a reserved cart, or send the customer's SMS code",
        about: "Confirms a reserved cart (confirmation type manual), or sends the code that the customer was\n\
                sent by SMS.",
        argument: CART,
        options: &[
            &[text(
                "code",
                "CODE",
                "The customer's SMS code, for carts that need one",
            )],
            ORDER,
            CONNECTION,
            JSON,
        ],
    },
    Command {
        name: "wait",
        summary: "Wait until the customer has answered",
        about: "Waits until a cart is paid, canceled or declined, or until it is your move, and writes each\n\
                change; the last line is how it ended. At the deadline the cart is still open: exit code 4.\n\n\
                Ctrl-C stops the waiting, leaves the cart alone, and says how to go on.",
        argument: CART,
        options: &[FOLLOWING, ORDER, CONNECTION, JSON],
    },
    Command {
        name: "settle",
        summary: "Wait, and cancel what is still open at the end",
        about: "Waits as netgiro wait does. At the deadline it cancels, and asks until Netgíró has said how the\n\
                cart ended: 0 paid, 3 not paid. When that cannot be learnt within a minute, the exit code is 5.",
        argument: CART,
        options: &[FOLLOWING, ORDER, CONNECTION, JSON],
    },
    Command {
        name: "verify-callback",
        summary: "Verify a callback that was received",
        about: "Verifies a callback's signature against the URL that was given to Netgíró, and shows what it\n\
                says. What it says pays nothing: netgiro check does.",
        argument: None,
        options: &[
            &[
                text(
                    "url",
                    "URL",
                    "The URL exactly as it was registered, query included",
                ),
                file(
                    "headers",
                    "The headers: lines of \"Name: value\", or a JSON object; - for standard input",
                ),
                repeated(text("header", "NAME:VALUE", "One header; may be repeated")),
                file(
                    "body",
                    "The body, byte for byte as received [default: standard input]",
                ),
            ],
            ORDER,
            JSON,
        ],
    },
    Command {
        name: "simulator",
        summary: "Run a local Netgíró",
        about: "Runs a local Netgíró until Ctrl-C: the API, and a page with the customer's phone beside the\n\
                shop's view. It lets the published test account in, unless --own-keys is given.\n\n\
                8111111 accepts by itself and 8222222 declines by itself.",
        argument: None,
        options: &[
            &[
                text(
                    "port",
                    "PORT",
                    "The port on this machine; 0 takes a free one [default: 8765]",
                ),
                text(
                    "seed",
                    "NUMBER",
                    "Decides every id, nonce and SMS code [default: 0]",
                ),
                text(
                    "latency",
                    "SECONDS",
                    "How long each answer is held back [default: 0]",
                ),
                file("faults", "What is to go wrong: a JSON array of faults"),
                text(
                    "lifetime",
                    "SECONDS",
                    "How long a cart waits for its customer [default: 180]",
                ),
                text(
                    "check-interval",
                    "SECONDS",
                    "How often it wants to be asked [default: 3]",
                ),
                text(
                    "reaction",
                    "SECONDS",
                    "How long 8111111 and 8222222 take to answer [default: 0]",
                ),
                flag(
                    "require-confirmation-type",
                    "Refuse InsertCart without ConfirmationType",
                ),
                flag(
                    "require-json-numbers",
                    "Refuse numbers that are written as JSON text",
                ),
                flag("omit-payment-info", "Answer without PaymentInfo"),
                text(
                    "stale-reads",
                    "NUMBER",
                    "How many checks after a change answer what was before it [default: 0]",
                ),
                text("shop", "NAME", "The shop's name on the customer's phone"),
                text(
                    "public-url",
                    "URL",
                    "Where a tunnel or proxy makes it reachable",
                ),
                repeated(text(
                    "callback-host",
                    "HOST",
                    "A host outside this machine that callbacks may go to; may be repeated",
                )),
                flag("tls", "Serve https, with a certificate of its own making"),
                file(
                    "tls-certificate",
                    "Serve https with this certificate, a PEM file",
                ),
                file("tls-key", "The certificate's private key, a PEM file"),
                flag(
                    "own-keys",
                    "Let NETGIRO_APP_KEY with NETGIRO_SECRET_KEY in, rather than the test account",
                ),
                file(
                    "write-env",
                    "Write the NETGIRO_ variables that a shop needs for it to this file",
                ),
            ],
            JSON,
        ],
    },
    Command {
        name: "demo",
        summary: "Play five checkouts against a local Netgíró",
        about: "Plays five checkouts against a simulator of its own, as a timeline: accepted, declined, nobody\n\
                answers, accepted during the cancel, and confirmed by callback. It needs no keys.",
        argument: None,
        options: &[JSON],
    },
    Command {
        name: "reconcile",
        summary: "Match the shop's orders with Netgíró (Python package)",
        about: "Is in the Python package: pip install 'netgiro[reconcile]', then netgiro reconcile --help",
        argument: None,
        options: &[],
    },
    Command {
        name: "completions",
        summary: "Write completions for a shell",
        about: "Writes completions for a shell, such as:\n\n  \
                netgiro completions bash > ~/.local/share/bash-completion/completions/netgiro\n  \
                netgiro completions zsh > ~/.zfunc/_netgiro\n  \
                netgiro completions fish > ~/.config/fish/completions/netgiro.fish\n  \
                netgiro completions powershell >> $PROFILE",
        argument: Some(Argument {
            name: "SHELL",
            help: "bash, zsh, fish or powershell",
            takes: Takes::Word(shells),
        }),
        options: &[],
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_name_is_there_twice() {
        let mut commands = HashSet::new();
        for command in COMMANDS {
            assert!(commands.insert(command.name), "{}", command.name);
            let mut options = HashSet::from(["help"]);
            for option in command.options() {
                assert!(
                    options.insert(option.name),
                    "{} --{}",
                    command.name,
                    option.name
                );
            }
        }
    }
}
