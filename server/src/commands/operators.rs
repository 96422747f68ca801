//! `portcullis operators`: who looks after the service.

use std::io::Write;

use clap::{Args, Subcommand};
use portcullis_core::Source;
use portcullis_core::operators::{GrantOperator, Named, Role};

use super::moment::moment;
use super::with_deployment;
use crate::cli::SettingsArguments;
use crate::environment::Environment;
use crate::exit::Failure;

#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  portcullis operators grant ada@example.com support
  portcullis operators grant usr_01h2xcejqtf2nbrexx3vqjhp41 admin
  portcullis operators revoke ada@example.com
  portcullis operators list

On a store that several processes share the service goes on, and every node knows within a second. With the embedded store
the service must be stopped first: one process at a time has the store.")]
pub(crate) enum OperatorsCommand {
    /// Make somebody an operator, or give an operator another role
    Grant(GrantArguments),
    /// Take the role of an operator away
    Revoke(RevokeArguments),
    /// List all operators, the strongest role first
    List(SettingsArguments),
}

/// Whom, and as what.
#[derive(Debug, Args)]
pub(crate) struct GrantArguments {
    #[command(flatten)]
    settings: SettingsArguments,
    /// The e-mail address of an account, which its owner must have confirmed, or a subject
    #[arg(value_name = "WHO")]
    whom: Named,
    /// viewer (looks), support (also refunds, decides about payments and replays events) or admin (also adjusts accounts,
    /// freezes billing, decides about differences, and sees the other operators)
    role: Role,
}

/// Whom.
#[derive(Debug, Args)]
pub(crate) struct RevokeArguments {
    #[command(flatten)]
    settings: SettingsArguments,
    /// The e-mail address of an account, or a subject
    #[arg(value_name = "WHO")]
    whom: Named,
}

pub(crate) fn run(
    command: OperatorsCommand,
    environment: &Environment,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    match command {
        OperatorsCommand::Grant(GrantArguments { settings, whom, role }) => {
            let source = Source::internal("portcullis operators grant");
            let command = GrantOperator { whom, role };
            let granted = with_deployment(settings, environment, async |app, _| {
                Ok(app.operators.grant(command.clone(), &source).await?)
            })?;
            writeln!(out, "{} is an operator: {}.", granted.user_sub, role.as_str())?;
            if !granted.has_factor {
                writeln!(
                    out,
                    "No second factor is enrolled: until there is one, and it is proven in the session, the role cannot be used."
                )?;
            }
        }
        OperatorsCommand::Revoke(RevokeArguments { settings, whom }) => {
            let source = Source::internal("portcullis operators revoke");
            let subject = with_deployment(settings, environment, async |app, _| {
                Ok(app.operators.revoke(&whom, &source).await?)
            })?;
            writeln!(out, "{subject} is no operator any more.")?;
        }
        OperatorsCommand::List(settings) => {
            let list = with_deployment(settings, environment, async |app, _| {
                Ok(app.operators.list().await?)
            })?;
            for operator in &list.operators {
                let since = moment(portcullis_ports::Timestamp::from_seconds(operator.granted_at));
                let email = operator.email.as_ref().map_or("", |email| email.as_str());
                let factor = if operator.has_factor {
                    ""
                } else {
                    "  no second factor"
                };
                let role = operator.role.as_str();
                writeln!(
                    out,
                    "{}  {role:7}  since {since}  {email}{factor}",
                    operator.user_sub
                )?;
            }
            if list.operators.is_empty() {
                writeln!(out, "Nobody is an operator.")?;
            }
        }
    }
    Ok(())
}
