//! `portcullis doctor`: prints every check and says with the exit code whether the service can start.

use std::io::Write;

use serde_json::json;

use super::{destination, existing, look, request, wait};
use crate::cli::DoctorArguments;
use crate::doctor::{Depth, Finding, Status, examine, stops_the_start};
use crate::environment::Environment;
use crate::exit::Failure;
use crate::{plugins, system};

/// Errors in the configuration.
const MISTAKES: u8 = 78;
/// Something does not answer.
const UNAVAILABLE: u8 = 69;

pub(crate) fn run(
    arguments: DoctorArguments,
    environment: &Environment,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let linked = plugins::linked().map_err(Failure::Other)?;
    let mut findings = vec![Finding::new(
        "linked",
        Status::Ok,
        format!("{} plugins", linked.len()),
    )];
    let send_to = arguments.send_to.as_deref().map(destination).transpose();
    let depth = Depth {
        live: arguments.live,
        send_to: send_to.map_err(|why| Failure::Usage(format!("--send-to: {why}")))?,
    };
    let settings = arguments.settings;
    existing(settings.data.as_deref())?;
    let loaded = look(&request(settings.file, settings.data.as_deref())?, environment);
    let planned = loaded.and_then(|loaded| {
        let file = loaded.file.clone();
        Ok((file, loaded.plan()?))
    });
    let mut code = UNAVAILABLE;
    match planned {
        Ok((file, config)) => {
            let file = file.map_or_else(|| "no file".to_owned(), |file| file.display().to_string());
            findings.push(Finding::new(
                "configured",
                Status::Ok,
                format!("{file}, environment and options"),
            ));
            let runtime = system::runtime()?;
            findings.extend(wait(async { Ok(examine(config, &runtime, &depth).await) })?);
        }
        Err(Failure::Configuration(errors)) => {
            code = MISTAKES;
            let told = errors
                .iter()
                .map(|mistake| mistake.to_string().replace("\n  ", " "));
            findings.extend(told.map(|text| Finding::new("configured", Status::Failed, text)));
        }
        Err(failure) => return Err(failure),
    }
    let starts = !findings.iter().any(stops_the_start);
    let well = findings.iter().all(|finding| finding.status != Status::Failed);
    if arguments.json {
        let text = serde_json::to_string_pretty(&json!({ "ok": well, "starts": starts, "checks": findings }));
        writeln!(
            out,
            "{}",
            text.map_err(|error| Failure::Other(error.to_string()))?
        )?;
    } else {
        print(&findings, starts, out)?;
    }
    if well { Ok(()) } else { Err(Failure::Ended(code)) }
}

fn print(findings: &[Finding], starts: bool, out: &mut dyn Write) -> Result<(), Failure> {
    for finding in findings {
        let status = match finding.status {
            Status::Ok => "ok",
            Status::Warning => "warning",
            Status::Failed => "FAILED",
        };
        writeln!(out, "{status:8} {:11} {}", finding.check, finding.detail)?;
    }
    let count = |status| findings.iter().filter(|finding| finding.status == status).count();
    let (failures, warnings) = (count(Status::Failed), count(Status::Warning));
    let verdict = match (starts, failures) {
        (false, _) => "The service cannot start like this".to_owned(),
        (true, 0) => "The service can start".to_owned(),
        (true, failures) => format!("The service can start, and {failures} of its parts do not work"),
    };
    writeln!(
        out,
        "\n{verdict}; {warnings} warning{}.",
        if warnings == 1 { "" } else { "s" }
    )?;
    Ok(())
}
