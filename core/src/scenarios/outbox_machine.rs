//! Challenges, the messages with their codes, and destinations that must not be written to, as one state machine.
//!
//! What is sent, what is withheld, and which code opens what, in whatever order things happen.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_ports::notification::{DeliveryNews, DeliveryState, SuppressionCause};
use portcullis_ports::outcome::{Outcome, Reason, Reference};
use portcullis_ports::{Span, id};
use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use tokio::runtime::{Builder, Runtime};

use crate::areas::challenges::{NOTHING_SENT, SendEmailCode, VerifyCode, VerifySentCode};
use crate::areas::factors::AddEmail;
use crate::areas::sessions::Identified;
use crate::foundation::lane::Lane;
use crate::foundation::limit::Limit;
use crate::foundation::proof::{CHALLENGE_ENDED, WRONG_CODE};
use crate::foundation::testing::secret;
use crate::services::budgets::TOO_MANY_SENDS;
use crate::services::outbox::*;
use crate::services::suppressions::{ADDRESS_SUPPRESSED, SUPPRESSION_NOT_FOUND};
use crate::services::testing::vendor::{Heard, destination, report, suppression};
use crate::settings::Settings;
use crate::testing::World;
use portcullis_ports::id::MessageId;
use portcullis_ports::{Code, Result};

const MAIL: &str = "codes@example.com";
const CHALLENGES: usize = 3;
const CAUSES: [SuppressionCause; 3] = [
    SuppressionCause::Bounce,
    SuppressionCause::Complaint,
    SuppressionCause::OptOut,
];
/// Seconds that a challenge and its codes are good for, and between two codes.
const LIFETIME: u64 = 300;
const INTERVAL: u64 = 30;
/// So many failures in a row, and the circuit to the sender would open.
const FAILURES: usize = 2;

/// What the vendor says to the messages of one round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Done,
    Declined,
    Unknown,
}

#[derive(Debug, Clone)]
enum Act {
    Start,
    /// Asks for a code for that challenge.
    Send(usize),
    /// Everything that waits is offered to the vendor.
    Deliver(Answer),
    /// Answers a challenge with the code of that message.
    Verify(usize, usize),
    /// Answers it with another code.
    Guess(usize),
    Suppress(usize),
    Lift,
    /// The vendor reports what became of that message.
    Report(usize, DeliveryState),
    /// An operator sends it once more.
    Replay(usize),
    /// Seconds pass.
    Wait(u64),
}

#[derive(Debug, Clone)]
struct Challenged {
    ends: u64,
    answered: bool,
    /// The message with the code that counts.
    code: Option<usize>,
}

#[derive(Debug, Clone)]
struct Mailed {
    ends: u64,
    delivery: MessageStatus,
    /// Whether the vendor has it, and with it whoever reads the mail.
    arrived: bool,
}

#[derive(Debug, Clone, Default)]
struct Model {
    now: u64,
    challenges: Vec<Challenged>,
    messages: Vec<Mailed>,
    suppressed: BTreeSet<usize>,
    last_code_at: Option<u64>,
    failures: usize,
    /// What the newest act was refused with.
    refused: Option<Code>,
}

impl Model {
    /// Whether nothing may go to the address, not even a code.
    fn is_closed(&self) -> bool {
        self.suppressed
            .iter()
            .any(|cause| CAUSES[*cause] != SuppressionCause::Complaint)
    }

    fn is_open(&self, challenge: usize) -> bool {
        let challenge = &self.challenges[challenge];
        !challenge.answered && self.now < challenge.ends
    }

    fn queued(&self) -> usize {
        let queued = |message: &&Mailed| message.delivery == MessageStatus::Queued;
        self.messages.iter().filter(queued).count()
    }

    fn send(&mut self, challenge: usize) -> Option<Code> {
        if !self.is_open(challenge) {
            return Some(CHALLENGE_ENDED);
        }
        if self.is_closed() {
            return Some(ADDRESS_SUPPRESSED);
        }
        if self.last_code_at.is_some_and(|last| self.now < last + INTERVAL) {
            return Some(TOO_MANY_SENDS);
        }
        self.last_code_at = Some(self.now);
        let ends = self.challenges[challenge].ends;
        self.challenges[challenge].code = Some(self.messages.len());
        self.messages.push(Mailed {
            ends,
            delivery: MessageStatus::Queued,
            arrived: false,
        });
        None
    }

    fn deliver(&mut self, answer: Answer) {
        let (now, closed) = (self.now, self.is_closed());
        for message in &mut self.messages {
            if message.delivery != MessageStatus::Queued {
                continue;
            }
            message.delivery = if message.ends <= now {
                MessageStatus::Expired
            } else if closed {
                MessageStatus::Withheld
            } else {
                self.failures = if answer == Answer::Unknown {
                    self.failures + 1
                } else {
                    0
                };
                message.arrived |= answer == Answer::Done;
                match answer {
                    Answer::Done => MessageStatus::Delivered,
                    Answer::Declined => MessageStatus::Dead,
                    Answer::Unknown => MessageStatus::Unknown,
                }
            };
        }
    }

    fn verify(&mut self, challenge: usize, message: Option<usize>) -> Option<Code> {
        if !self.is_open(challenge) {
            return Some(CHALLENGE_ENDED);
        }
        let challenge = &mut self.challenges[challenge];
        match challenge.code {
            None => Some(NOTHING_SENT),
            expected if expected == message => {
                challenge.answered = true;
                None
            }
            Some(_) => Some(WRONG_CODE),
        }
    }

    fn replay(&mut self, message: usize) -> Option<Code> {
        let now = self.now;
        let message = &mut self.messages[message];
        if !matches!(message.delivery, MessageStatus::Dead | MessageStatus::Unknown) {
            return Some(MESSAGE_NOT_FOUND);
        }
        if message.ends <= now {
            return Some(MESSAGE_EXPIRED);
        }
        message.delivery = MessageStatus::Queued;
        None
    }
}

struct Machine;

impl ReferenceStateMachine for Machine {
    type State = Model;
    type Transition = Act;

    fn init_state() -> BoxedStrategy<Model> {
        Just(Model::default()).boxed()
    }

    fn transitions(_: &Model) -> BoxedStrategy<Act> {
        let challenge = || 0..CHALLENGES;
        let message = || 0_usize..5;
        let answer =
            prop_oneof![4 => Just(Answer::Done), 1 => Just(Answer::Declined), 1 => Just(Answer::Unknown)];
        let state = prop_oneof![Just(DeliveryState::Failed), Just(DeliveryState::Delivered)];
        let wait = prop_oneof![1 => Just(7_u64), 3 => Just(31), 1 => Just(120)];
        prop_oneof![
            2 => Just(Act::Start),
            5 => challenge().prop_map(Act::Send),
            4 => answer.prop_map(Act::Deliver),
            4 => (challenge(), message()).prop_map(|(challenge, message)| Act::Verify(challenge, message)),
            1 => challenge().prop_map(Act::Guess),
            1 => (0..CAUSES.len()).prop_map(Act::Suppress),
            2 => Just(Act::Lift),
            1 => (message(), state).prop_map(|(message, state)| Act::Report(message, state)),
            1 => message().prop_map(Act::Replay),
            4 => wait.prop_map(Act::Wait),
        ]
        .boxed()
    }

    fn preconditions(model: &Model, act: &Act) -> bool {
        let known = |message: &usize| model.messages.get(*message);
        match act {
            Act::Start => model.challenges.len() < CHALLENGES,
            Act::Send(challenge) | Act::Guess(challenge) => *challenge < model.challenges.len(),
            Act::Verify(challenge, message) => {
                *challenge < model.challenges.len() && known(message).is_some_and(|message| message.arrived)
            }
            Act::Deliver(Answer::Unknown) => model.failures + model.queued() <= FAILURES,
            Act::Report(message, _) => {
                known(message).is_some_and(|message| message.delivery != MessageStatus::Queued)
            }
            Act::Replay(message) => known(message).is_some(),
            Act::Deliver(_) | Act::Suppress(_) | Act::Lift | Act::Wait(_) => true,
        }
    }

    fn apply(mut model: Model, act: &Act) -> Model {
        model.refused = None;
        match act {
            Act::Start => model.challenges.push(Challenged {
                ends: model.now + LIFETIME,
                answered: false,
                code: None,
            }),
            Act::Send(challenge) => model.refused = model.send(*challenge),
            Act::Deliver(answer) => model.deliver(*answer),
            Act::Verify(challenge, message) => model.refused = model.verify(*challenge, Some(*message)),
            Act::Guess(challenge) => model.refused = model.verify(*challenge, None),
            Act::Suppress(cause) => drop(model.suppressed.insert(*cause)),
            Act::Lift if model.suppressed.is_empty() => model.refused = Some(SUPPRESSION_NOT_FOUND),
            Act::Lift => model.suppressed.clear(),
            Act::Report(message, state) => {
                let delivery = &mut model.messages[*message].delivery;
                if *delivery == MessageStatus::Unknown {
                    *delivery = match state {
                        DeliveryState::Failed => MessageStatus::Dead,
                        DeliveryState::Sent | DeliveryState::Delivered => MessageStatus::Delivered,
                    };
                }
            }
            Act::Replay(message) => model.refused = model.replay(*message),
            Act::Wait(seconds) => model.now += seconds,
        }
        model
    }
}

struct Real {
    runtime: Runtime,
    heard: Heard<World>,
    who: Identified,
    challenges: Vec<String>,
    messages: Vec<MessageId>,
    events: u32,
}

impl Real {
    fn new(runtime: Runtime) -> Self {
        let mut settings = Settings::default();
        let plenty = Limit::new(1_000_000, Span::hours(1));
        settings.budgets.attempts = plenty;
        settings.budgets.sends_per_account = plenty;
        settings.budgets.sends_per_destination = plenty;
        let (heard, who) = runtime.block_on(async {
            let heard = Heard::<World>::open(settings).await;
            let who = heard.deployment.sign_up("ada@example.com").await;
            let session = heard.deployment.session(&who).await;
            let factors = &heard.deployment.app.factors;
            let command = AddEmail {
                email: MAIL.parse().unwrap(),
                label: None,
            };
            let begun = factors.add_email(&session, command).await.unwrap();
            let answer = VerifyCode {
                challenge_id: secret(&begun.challenge_id),
                code: secret(&heard.deployment.code_to(MAIL).await),
            };
            factors.confirm_email(&session, answer).await.unwrap();
            heard.deployment.app.outbox.drain(Lane::Notices).await.unwrap();
            heard.deployment.wait(INTERVAL);
            (heard, who)
        });
        Self {
            runtime,
            heard,
            who,
            challenges: Vec::new(),
            messages: Vec::new(),
            events: 0,
        }
    }

    async fn send(&mut self, challenge: usize) -> Result<()> {
        let app = &self.heard.deployment.app;
        let command = SendEmailCode {
            challenge_id: secret(&self.challenges[challenge]),
            email_device_id: None,
        };
        let before = app.outbox.waiting_ids(Lane::Codes).await;
        let sent = app.challenges.send_email(&self.who, command).await;
        let after = app.outbox.waiting_ids(Lane::Codes).await;
        let fresh = after.into_iter().filter(|id| !before.contains(id));
        self.messages.extend(fresh);
        sent.map(drop)
    }

    async fn deliver(&self, answer: Answer) {
        let world = &self.heard.deployment;
        let waiting = world.app.outbox.waiting_ids(Lane::Codes).await;
        let says = |id: &MessageId| match answer {
            Answer::Done => None,
            Answer::Declined => Some(Outcome::Declined(Reason::permanent("no", "not this one"))),
            Answer::Unknown => Some(Outcome::Unknown(Reference::Ours(id.to_string()))),
        };
        *world.post.answers.lock().unwrap() = waiting.iter().rev().filter_map(says).collect();
        world.app.outbox.drain(Lane::Codes).await.unwrap();
        // What was not asked for must not answer the next round.
        world.post.answers.lock().unwrap().clear();
    }

    async fn verify(&self, challenge: usize, code: &str) -> Result<()> {
        let command = VerifySentCode {
            challenge_id: secret(&self.challenges[challenge]),
            code: secret(code),
            trust_device: None,
        };
        let app = &self.heard.deployment.app;
        let progress = app.challenges.verify_email(&self.who, command).await?;
        let granted = progress.granted.expect("one factor is enough");
        self.heard.deployment.resumed(&granted).await;
        Ok(())
    }

    /// The code in a message that arrived.
    fn code(&self, message: usize) -> String {
        let sent = self.heard.deployment.post.sent();
        let found = sent.into_iter().find(|sent| sent.id == self.messages[message]);
        found.and_then(|sent| sent.code).unwrap()
    }

    async fn hear(&mut self, news: DeliveryNews) {
        self.events += 1;
        self.heard
            .hear(&format!("event {}", self.events), 0, news)
            .await
            .unwrap();
    }

    async fn act(&mut self, act: Act) -> Result<()> {
        match act {
            Act::Start => {
                let opened = self.heard.deployment.challenge(&self.who).await;
                assert!(id::well_formed("chal", &opened.challenge_id));
                self.challenges.push(opened.challenge_id);
            }
            Act::Send(challenge) => return self.send(challenge).await,
            Act::Deliver(answer) => self.deliver(answer).await,
            Act::Verify(challenge, message) => return self.verify(challenge, &self.code(message)).await,
            Act::Guess(challenge) => return self.verify(challenge, "no code").await,
            Act::Suppress(cause) => self.hear(suppression(MAIL, CAUSES[cause])).await,
            Act::Lift => {
                return self
                    .heard
                    .deployment
                    .app
                    .suppressions
                    .lift(&destination(MAIL))
                    .await;
            }
            Act::Report(message, state) => {
                let reference = self.messages[message].to_string();
                self.hear(report(&reference, state)).await;
            }
            Act::Replay(message) => {
                return self
                    .heard
                    .deployment
                    .app
                    .outbox
                    .replay(&self.messages[message])
                    .await;
            }
            Act::Wait(seconds) => self.heard.deployment.wait(seconds),
        }
        Ok(())
    }

    /// How often each message reached the vendor.
    fn arrived(&self) -> BTreeMap<MessageId, usize> {
        let mut arrived = BTreeMap::new();
        for sent in self.heard.deployment.post.sent() {
            *arrived.entry(sent.id).or_default() += 1;
        }
        arrived
    }
}

impl StateMachineTest for Machine {
    type SystemUnderTest = Real;
    type Reference = Self;

    fn init_test(_: &Model) -> Real {
        Real::new(Builder::new_current_thread().build().unwrap())
    }

    fn apply(mut real: Real, model: &Model, act: Act) -> Real {
        let runtime = std::mem::replace(&mut real.runtime, Builder::new_current_thread().build().unwrap());
        let result = runtime.block_on(real.act(act));
        real.runtime = runtime;
        assert_eq!(result.err().map(|error| error.code()), model.refused);
        real
    }

    fn check_invariants(real: &Real, model: &Model) {
        let arrived = real.arrived();
        assert_eq!(real.messages.len(), model.messages.len());
        for (id, expected) in real.messages.iter().zip(&model.messages) {
            let view = real
                .runtime
                .block_on(real.heard.deployment.app.outbox.message(id))
                .unwrap();
            assert_eq!(view.delivery, expected.delivery, "{view:?}");
            // What the vendor has it has once.
            let times = arrived.get(id).copied().unwrap_or_default();
            assert_eq!(times, usize::from(expected.arrived), "{view:?}");
        }
        let letters = real
            .runtime
            .block_on(real.heard.deployment.app.outbox.dead_letters())
            .unwrap();
        let parked =
            |message: &&Mailed| matches!(message.delivery, MessageStatus::Dead | MessageStatus::Unknown);
        assert_eq!(letters.len(), model.messages.iter().filter(parked).count());
    }
}

prop_state_machine! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn codes_go_where_they_may_and_open_what_they_are_for(sequential 5..40 => Machine);
}
