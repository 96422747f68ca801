//! What every use case costs on DynamoDB: read and write capacity units, as the service reports them.

mod authenticator;
mod checks;
mod member;
mod units;

use std::time::Duration;

use portcullis_adapter_dynamodb::emulator::{Emulator, Kind};
use tokio::time::sleep;

use self::authenticator::early_in_a_step;
use self::checks::{CHECK, PATTERNS, check};
use self::member::{Contact, Member, Proof};
use self::units::{Meter, Row, Span, Units, table};
use super::Extent;
use super::payments::delivery;
use super::product::start_on;
use crate::Result;
use crate::http::{Connection, Url};
use crate::process::Cores;
use crate::report::{Goal, Judged, Line};
use crate::stripe::Stripe;

/// Until messages and whatever else follows a request is done.
const SETTLING: Duration = Duration::from_secs(3);
/// What a session check may cost of one read and one write.
const MOST: f64 = 0.25;
/// What is said of a payment, and of a balance; and how often each member reads it.
const PAYMENT: &str = "payment with a stored card, accepted and settled";
const BALANCE: &str = "balance";
const BALANCES: u32 = 20;

pub(super) fn measure(extent: &Extent) -> Result<Vec<Line>> {
    let Some(emulator) = Emulator::start(Kind::Dynoxide) else {
        let missing = "skipped: no emulator of DynamoDB, see server/bench/README.md";
        return if extent.alone {
            Err(missing.into())
        } else {
            Ok(vec![Line {
                what: "capacity units".to_owned(),
                measured: missing.to_owned(),
                judged: None,
                goal: None,
            }])
        };
    };
    let stripe = Stripe::start()?;
    let server = start_on(extent, "costs", &Cores::all()?, &stripe, emulator.endpoint())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (rows, idle) = runtime.block_on(async {
        let mut journey = Journey::begin(extent, &server.url).await?;
        journey.before_the_checks().await?;
        let idle = journey.idle().await?;
        journey.checks().await?;
        journey.payments(&stripe).await?;
        journey.after_the_checks().await?;
        Ok::<_, crate::Failure>((journey.rows, idle))
    })?;
    println!("\n{}\n", table(&rows, idle));
    let checks = rows.iter().filter(|row| row.what.starts_with(CHECK));
    let mut lines: Vec<Line> = checks.map(|row| line(row, idle)).collect();
    lines.extend(money_lines(&rows, idle)?);
    Ok(lines)
}

/// Everything that is counted, in the order in which it is done.
struct Journey {
    meter: Meter,
    url: Url,
    members: Vec<Member>,
    /// How long checks and idleness are watched.
    ///
    /// A minute: the use of a session is noted once in that time, and so long a record is remembered.
    window: Duration,
    rows: Vec<Row>,
}

/// Does one thing with each member in turn and counts it.
macro_rules! each {
    ($journey:ident, $what:expr, $($step:ident($($with:expr)?)),+) => {{
        let before = $journey.meter.look().await?;
        for member in &mut $journey.members {
            $(member.$step($($with)?).await.map_err(|error| format!("{}: {error}", $what))?;)+
        }
        sleep(SETTLING).await;
        let after = $journey.meter.look().await?;
        $journey.rows.push(Row {
            what: $what,
            times: u32::try_from($journey.members.len())?,
            span: Span::between(&before, &after),
        });
    }};
}

impl Journey {
    async fn begin(extent: &Extent, url: &Url) -> Result<Self> {
        // Five sessions each make the hundred of a pattern.
        let mut members = Vec::new();
        for number in 0..20 {
            members.push(Member::new(url, number).await?);
        }
        sleep(SETTLING).await;
        Ok(Self {
            meter: Meter::open(url).await?,
            url: url.clone(),
            members,
            window: Duration::from_secs(if extent.quick { 10 } else { 60 }),
            rows: Vec::new(),
        })
    }

    async fn before_the_checks(&mut self) -> Result<()> {
        each!(self, "sign-up, with its mail", sign_up());
        each!(self, "proof of the e-mail address", verify_address());
        each!(self, "sign-in with the password", sign_in());
        each!(self, "start of a session, no factors", start_session());
        for _ in 1..5 {
            for member in &mut self.members {
                member.start_session().await?;
            }
        }
        sleep(SETTLING).await;
        Ok(())
    }

    /// What the node consumes by itself, per second.
    async fn idle(&mut self) -> Result<Units> {
        let before = self.meter.look().await?;
        sleep(self.window).await;
        Ok(Span::between(&before, &self.meter.look().await?).rate())
    }

    async fn checks(&mut self) -> Result<()> {
        let sessions: Vec<&Proof> = self.members.iter().flat_map(|member| &member.sessions).collect();
        for pattern in &PATTERNS {
            let row = check(&mut self.meter, &self.url, pattern, &sessions, self.window).await?;
            self.rows.push(row);
        }
        Ok(())
    }

    /// Each with a card that was stored before.
    async fn payments(&mut self, stripe: &Stripe) -> Result<()> {
        for member in &mut self.members {
            member.reconnect().await?;
            member.store_card(stripe).await?;
            // The first payment makes what the later ones find.
            member.pay().await?;
        }
        drop(stripe.simulator.deliver());
        sleep(SETTLING).await;
        each!(self, PAYMENT, pay());
        let posted = stripe.simulator.deliver();
        let before = self.meter.look().await?;
        let mut connection = Connection::open(self.url.address, 800).await?;
        for posted in &posted {
            let request = delivery(&self.url, posted);
            match connection.exchange(&request).await? {
                (204, _) => {}
                (status, _) => return Err(format!("a webhook is answered with {status}").into()),
            }
        }
        sleep(SETTLING).await;
        let span = Span::between(&before, &self.meter.look().await?);
        self.rows.push(Row {
            what: "three webhooks that follow it, stored and applied",
            times: u32::try_from(self.members.len())?,
            span,
        });
        // Many times: what is shared by all requests of a moment counts for little then.
        let before = self.meter.look().await?;
        for _ in 0..BALANCES {
            for member in &mut self.members {
                member.read_balance().await?;
            }
        }
        let span = Span::between(&before, &self.meter.look().await?);
        self.rows.push(Row {
            what: BALANCE,
            times: BALANCES * u32::try_from(self.members.len())?,
            span,
        });
        Ok(())
    }

    async fn after_the_checks(&mut self) -> Result<()> {
        for member in &mut self.members {
            member.reconnect().await?;
        }
        each!(self, "list of the own sessions (5)", list_sessions());
        each!(self, "end of another session", revoke());
        early_in_a_step(Duration::from_secs(8)).await?;
        each!(
            self,
            "enrolment of an authenticator app, with recovery codes",
            enrol_totp()
        );
        early_in_a_step(Duration::from_secs(8)).await?;
        each!(self, "step-up with the authenticator app", step_up());
        each!(
            self,
            "sign-in with password and recovery code",
            sign_in(),
            start_session(),
            use_recovery_code()
        );
        each!(
            self,
            "enrolment of a phone number, with its code",
            enrol(Contact::Sms)
        );
        each!(
            self,
            "enrolment of an e-mail address, with its code",
            enrol(Contact::Email)
        );
        for member in &mut self.members {
            member.sign_in().await?;
        }
        sleep(SETTLING).await;
        each!(self, "start of a challenge, three factors", start_session());
        each!(
            self,
            "proof by text message: code sent and checked",
            prove_contact(Contact::Sms)
        );
        each!(
            self,
            "proof by e-mail: code sent and checked",
            prove_contact(Contact::Email)
        );
        early_in_a_step(Duration::from_secs(8)).await?;
        each!(
            self,
            "proof by authenticator app, and the session that follows",
            prove_totp()
        );
        Ok(())
    }
}

/// What payments and balances may cost.
fn money_lines(rows: &[Row], idle: Units) -> Result<Vec<Line>> {
    let named = |what: &str| {
        let found = rows.iter().find(|row| row.what.starts_with(what));
        found.ok_or_else(|| format!("nobody counted: {what}"))
    };
    let line = |what: &str, measured: String, (kind, value): (&'static str, f64), most: f64| Line {
        what: what.to_owned(),
        measured,
        judged: Some((Judged::Units(kind), value)),
        goal: Some(Goal::AtMost(most)),
    };
    let (paid, balance) = (named(PAYMENT)?.each(idle), named(BALANCE)?.each(idle));
    Ok(vec![
        line(
            "payment, accepted and settled",
            String::new(),
            ("write", paid.write),
            50.0,
        ),
        line(
            "payment, accepted and settled",
            String::new(),
            ("read", paid.read),
            15.0,
        ),
        line(
            "balance",
            "with the session check".to_owned(),
            ("read", balance.read),
            1.0,
        ),
    ])
}

fn line(row: &Row, idle: Units) -> Line {
    let Units { read, write } = row.each(idle);
    Line {
        what: row.what.replace('`', "").replace(CHECK, "check"),
        measured: format!("{read:.2} read, {write:.2} write units"),
        judged: Some((Judged::Share("a read and a write"), row.share(idle))),
        goal: Some(Goal::AtMost(MOST)),
    }
}
