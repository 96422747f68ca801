//! The command line: what can be asked of the program, and in which words.

use std::ffi::OsString;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use portcullis_ports::contact::EmailAddress;

use crate::commands;
use crate::commands::audit::AuditCommand;
use crate::commands::inbox::{InboxCommand, TasksCommand};
use crate::commands::keys::KeysCommand;
use crate::commands::ledger::LedgerCommand;
use crate::commands::operators::OperatorsCommand;
use crate::commands::outbox::{OutboxCommand, SuppressionsCommand};
use crate::commands::reconcile::ReconcileCommand;
use crate::environment::Environment;
use crate::exit::Failure;

/// Sign-in, sessions and second factors for your application: one program with an API, a Swagger UI and a panel.
#[derive(Debug, Parser)]
#[command(name = "portcullis", version, arg_required_else_help = true, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
First steps:
  portcullis dev                                 everything on this machine, nothing to set up
  portcullis config default > portcullis.toml    a file with every setting to start from
  portcullis keys create --file keys.toml        the keys that seal secrets
  portcullis config check                        all mistakes at once, without starting anything
  portcullis serve                               in production

Settings come from portcullis.toml, PORTCULLIS_ variables and options; later ones win.
Exit codes: 64 wrong usage, 69 something does not answer, 78 mistakes in the configuration, 1 anything else.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the whole product on this machine, for development
    Dev(DevArguments),
    /// Run the service in production
    Serve(ServeArguments),
    /// Check, show or describe the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// List the plugins that are linked into this program, or begin a new one
    Providers(ProvidersArguments),
    /// Look for whatever would keep the service from working
    Doctor(DoctorArguments),
    /// Print the OpenAPI document of the HTTP API
    Openapi(OpenapiArguments),
    /// Copy the record store to a file, also while the service runs
    Backup(BackupArguments),
    /// Replace the record store by a copy; the service must not run
    Restore(RestoreArguments),
    /// Rotate the keys that sign, create or rotate those that seal secrets, or seal them anew
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Create, check or delete the tables of the record store at its vendor
    #[command(subcommand)]
    Tables(TablesCommand),
    /// Copy all records into another store, rewrite the file of one without unused space, mark one as restored
    #[command(subcommand)]
    Store(StoreCommand),
    /// End the sessions of everybody
    #[command(subcommand)]
    Sessions(SessionsCommand),
    /// Say who looks after the service: grant, revoke and list roles of operators
    #[command(subcommand)]
    Operators(OperatorsCommand),
    /// Look at messages that were given up, send them again, see what text messages cost
    #[command(subcommand)]
    Outbox(OutboxCommand),
    /// Look at what vendors posted and was not applied, have it applied again
    #[command(subcommand)]
    Inbox(InboxCommand),
    /// Look at work that was given up, have it tried again
    #[command(subcommand)]
    Tasks(TasksCommand),
    /// Prove the histories of accounts, or remove what is old from them
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Prove the ledger, say where accounts stand, export it
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// Compare the books with what payment vendors report, look at what differs
    #[command(subcommand)]
    Reconcile(ReconcileCommand),
    /// Look at addresses and numbers that must not be written to, or lift that
    #[command(subcommand)]
    Suppressions(SuppressionsCommand),
}

/// The file with the settings.
#[derive(Debug, Clone, Args)]
pub(crate) struct FileArgument {
    /// The file with the settings [default: portcullis.toml in the working folder, if there is one]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// Which configuration is meant: that of `serve`, or that of `dev` in a folder.
#[derive(Debug, Clone, Args)]
pub(crate) struct SettingsArguments {
    #[command(flatten)]
    pub(crate) file: FileArgument,
    /// Take the settings that `portcullis dev --data DIR` would run with
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
}

/// Options of `portcullis dev`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  portcullis dev                             on http://127.0.0.1:8080, data in ./portcullis-data
  portcullis dev --listen 127.0.0.1:0        on a free port; the line that says ready names it
  portcullis dev --data /tmp/try             with the data somewhere else
  portcullis dev --identity header           believe the header x-user-sub, for scripts
  portcullis dev --operator me@example.com   look at what operators see: sign up with it, confirm it, add a factor

E-mails and text messages are kept in a mailbox that the panel links to; nothing leaves the machine.")]
pub(crate) struct DevArguments {
    #[command(flatten)]
    pub(crate) file: FileArgument,
    /// Address and port to listen on; port 0 takes a free one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<SocketAddr>,
    /// The folder that holds all data; created if it does not exist
    #[arg(long, value_name = "DIR", default_value = "./portcullis-data")]
    pub(crate) data: PathBuf,
    /// The plugin that stores records [default: embedded]
    #[arg(long, value_name = "NAME")]
    pub(crate) store: Option<String>,
    /// An identity provider to add, such as header; may be repeated
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) identity: Vec<String>,
    /// A plugin to use with its simulated vendor; may be repeated. What can be simulated stands on the first screen
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) simulate: Vec<String>,
    /// Make the account with this e-mail address an operator (admin) as soon as the address is confirmed
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) operator: Option<EmailAddress>,
    /// Allow listening on addresses that other machines can reach
    #[arg(long)]
    pub(crate) expose: bool,
}

/// Options of `portcullis serve`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  portcullis serve
  portcullis serve --config /etc/portcullis/portcullis.toml --listen 0.0.0.0:8080

Nothing insecure is accepted: plugins for development are refused, and whatever is missing is named at once.")]
pub(crate) struct ServeArguments {
    #[command(flatten)]
    pub(crate) file: FileArgument,
    /// Address and port to listen on [default: server.listen]
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<SocketAddr>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Find every mistake, without connecting to anything
    Check(SettingsArguments),
    /// Print what takes effect, with the origin of every value and without secrets
    Show(SettingsArguments),
    /// Print the JSON schema of all settings, those of linked plugins included
    Schema,
    /// Print a commented file with every setting at its default
    Default,
}

/// Options of `portcullis providers`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct ProvidersArguments {
    #[command(subcommand)]
    pub(crate) command: Option<ProvidersCommand>,
    #[command(flatten)]
    pub(crate) file: FileArgument,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ProvidersCommand {
    /// Write the crate of a new plugin into a clone of the repository, and link it
    New(NewPluginArguments),
}

/// Options of `portcullis providers new`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  portcullis providers new senders vonage        writes providers/vonage and links it in providers

The crate compiles at once; its tests say what is not written yet. docs/add-a-provider.md leads through the rest.")]
pub(crate) struct NewPluginArguments {
    /// The port it serves, such as senders
    pub(crate) port: String,
    /// Its name: a-z, 0-9 and _
    pub(crate) name: String,
    /// The folder: who works for us, or what we run on
    #[arg(long, value_enum, value_name = "FOLDER", default_value = "providers")]
    pub(crate) into: PluginFolder,
}

/// The folders that hold plugins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PluginFolder {
    /// What we run on.
    Adapters,
    /// Who works for us.
    Providers,
}

impl PluginFolder {
    /// Its name.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Adapters => "adapters",
            Self::Providers => "providers",
        }
    }
}

/// Options of `portcullis doctor`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  portcullis doctor --config /etc/portcullis/portcullis.toml
  portcullis doctor --json | jq '.checks[] | select(.status != \"ok\")'
  portcullis doctor --live --send-to ada@example.com

Connects to everything that is configured, so run it where the service will run. Exit code 0 means that the service
can start; warnings alone do not change it.")]
pub(crate) struct DoctorArguments {
    #[command(flatten)]
    pub(crate) settings: SettingsArguments,
    /// Use everything once: write, read and delete a record of every family, seal and open a secret
    #[arg(long)]
    pub(crate) live: bool,
    /// With --live: send a test message to this e-mail address or phone number through every sender of its channel
    #[arg(long, value_name = "ADDRESS", requires = "live")]
    pub(crate) send_to: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Options of `portcullis openapi`.
#[derive(Debug, Args)]
pub(crate) struct OpenapiArguments {
    /// For programs that ask for YAML: every JSON text is YAML, so that nothing changes
    #[arg(long)]
    pub(crate) yaml: bool,
}

/// Options of `portcullis backup`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  portcullis backup --to /backups/portcullis-monday.db
  portcullis backup --data ./portcullis-data --to before-the-experiment.db

The copy is consistent and checked. It does not hold the key file: keep that separately, or the sealed secrets in the
copy cannot be opened.")]
pub(crate) struct BackupArguments {
    #[command(flatten)]
    pub(crate) settings: SettingsArguments,
    /// The new file
    #[arg(long, value_name = "FILE")]
    pub(crate) to: PathBuf,
}

/// Options of `portcullis restore`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  portcullis restore --from /backups/portcullis-monday.db
  portcullis restore --from /backups/portcullis-monday.db --ignore-current

Every session, access token and pending code ends. Passwords, factors, recovery codes and suppressions stay as they are
in the current store, which is kept beside the new one, so that nothing that was ended, used or removed after the backup
comes back to life. With --ignore-current they are those of the backup: for a current store that is wrong.")]
pub(crate) struct RestoreArguments {
    #[command(flatten)]
    pub(crate) settings: SettingsArguments,
    /// The copy
    #[arg(long, value_name = "FILE")]
    pub(crate) from: PathBuf,
    /// Take nothing over from the current store
    #[arg(long)]
    pub(crate) ignore_current: bool,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TablesCommand {
    /// Create what is missing and mend what is there
    Create(TablesArguments),
    /// Say how the tables stand and change nothing; exit code 1 if anything is missing
    Check(TablesCheckArguments),
    /// Delete the tables with all that they hold
    Delete(TablesDeleteArguments),
    /// Print the least that the service must be allowed to do, as the vendor writes permissions
    Policy(TablesArguments),
}

/// Whose tables.
#[derive(Debug, Args)]
pub(crate) struct TablesArguments {
    #[command(flatten)]
    pub(crate) settings: SettingsArguments,
    /// The instance of the store, if not the one that is used; with --data the plugin, as `portcullis dev` takes it
    #[arg(long, value_name = "NAME")]
    pub(crate) store: Option<String>,
}

/// Options of `portcullis tables check`.
#[derive(Debug, Args)]
pub(crate) struct TablesCheckArguments {
    #[command(flatten)]
    pub(crate) tables: TablesArguments,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Options of `portcullis tables delete`.
#[derive(Debug, Args)]
pub(crate) struct TablesDeleteArguments {
    #[command(flatten)]
    pub(crate) tables: TablesArguments,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum StoreCommand {
    /// Copy all records from one configured store into another and compare them afterwards
    Copy(CopyArguments),
    /// Rewrite the file of the embedded store without unused space; the service must not run
    Compact(SettingsArguments),
    /// After a restore by other means: end what the backup brought back to life; the service must not run
    MarkRestored(MarkRestoredArguments),
}

/// Options of `portcullis store mark-restored`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  portcullis store mark-restored --config /etc/portcullis/portcullis.toml

For a store that did not come back through `portcullis restore`: point-in-time recovery of a table, a snapshot of a disk,
a copied file. Run it before the first node starts. Every session, access token and pending code ends. The next use of
a recovery code that was issued before uses up all of its set, because some may have been used since the backup.")]
pub(crate) struct MarkRestoredArguments {
    #[command(flatten)]
    pub(crate) settings: SettingsArguments,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SessionsCommand {
    /// End all sessions, access tokens and open sign-ins of everybody
    EndAll(EndAllArguments),
}

/// Options of `portcullis sessions end-all`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  portcullis sessions end-all --config /etc/portcullis/portcullis.toml

It is one write, however many sessions there are. On a store that several processes share the service goes on, and every
node knows within a second; with the embedded store stop it first.")]
pub(crate) struct EndAllArguments {
    #[command(flatten)]
    pub(crate) settings: SettingsArguments,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
}

/// Options of `portcullis store copy`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  portcullis store copy --from old --to new              between [store.old.…] and [store.new.…]
  portcullis store copy --from old --to new --resume     after an interruption
  portcullis store copy --data ./portcullis-data --from dev --to cloud

Stop every node first: what is written meanwhile may be missed, which the comparison at the end would show. Records that
have expired are left behind. Exit code 0 means that both stores hold the same.")]
pub(crate) struct CopyArguments {
    #[command(flatten)]
    pub(crate) settings: SettingsArguments,
    /// The instance to read
    #[arg(long, value_name = "INSTANCE")]
    pub(crate) from: String,
    /// The instance to write; it must be empty
    #[arg(long, value_name = "INSTANCE")]
    pub(crate) to: String,
    /// The file that says how far the copy has come [default: store-copy-FROM-to-TO.json, in the folder after --data
    /// if there is one]
    #[arg(long, value_name = "FILE")]
    pub(crate) progress: Option<PathBuf>,
    /// Go on with a copy that was interrupted
    #[arg(long, conflicts_with = "overwrite")]
    pub(crate) resume: bool,
    /// Delete all that the target holds first
    #[arg(long)]
    pub(crate) overwrite: bool,
}

/// Runs the program and returns its exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>, environment: &Environment) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let asked_for = !error.use_stderr();
            // Nothing is left to be done about a terminal that does not take the text.
            return match error.print() {
                Ok(()) if asked_for => ExitCode::SUCCESS,
                _ => Failure::Usage(String::new()).code(),
            };
        }
    };
    let mut out = io::stdout().lock();
    let result = dispatch(cli.command, environment, &mut out).and_then(|()| Ok(out.flush()?));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let text = failure.to_string();
            if !text.is_empty() && writeln!(io::stderr(), "{text}").is_err() {
                return failure.code();
            }
            failure.code()
        }
    }
}

fn dispatch(command: Command, environment: &Environment, out: &mut dyn Write) -> Result<(), Failure> {
    match command {
        Command::Dev(arguments) => commands::dev::run(arguments, environment, out),
        Command::Serve(arguments) => commands::serve::run(arguments, environment, out),
        Command::Config(command) => commands::config::run(command, environment, out),
        Command::Providers(arguments) => commands::providers::run(arguments, environment, out),
        Command::Doctor(arguments) => commands::doctor::run(arguments, environment, out),
        Command::Openapi(_) => commands::openapi::run(out),
        Command::Backup(arguments) => commands::archive::backup(arguments, environment, out),
        Command::Restore(arguments) => commands::archive::restore(arguments, environment, out),
        Command::Keys(command) => commands::keys::run(command, environment, out),
        Command::Tables(command) => commands::tables::run(command, environment, out),
        Command::Store(command) => commands::store::run(command, environment, out),
        Command::Sessions(command) => commands::sessions::run(command, environment, out),
        Command::Operators(command) => commands::operators::run(command, environment, out),
        Command::Outbox(command) => commands::outbox::outbox(command, environment, out),
        Command::Inbox(command) => commands::inbox::inbox(command, environment, out),
        Command::Tasks(command) => commands::inbox::tasks(command, environment, out),
        Command::Audit(command) => commands::audit::run(command, environment, out),
        Command::Ledger(command) => commands::ledger::run(command, environment, out),
        Command::Reconcile(command) => commands::reconcile::run(command, environment, out),
        Command::Suppressions(command) => commands::outbox::suppressions(command, environment, out),
    }
}
