//! Opening an application over its ports.

use std::sync::Arc;

use portcullis_ports::Result;

use crate::areas::accounts::{Accounts, PasswordVerifier};
use crate::areas::api_keys::{self, ApiKeys};
use crate::areas::autopay::{self, Autopay, AutopayRules};
use crate::areas::carts::Carts;
use crate::areas::catalog::{self, Catalog, Inventory};
use crate::areas::challenges::{ChallengeStore, Challenges, Codes};
use crate::areas::closures::{self, Closures};
use crate::areas::enrolled_factors::EnrolledFactors;
use crate::areas::entitlements::EntitlementRecords;
use crate::areas::factors::Factors;
use crate::areas::figures::Figures;
use crate::areas::forward_auth::ForwardAuth;
use crate::areas::invoices::{self, BalanceTasks, InvoiceBooks, InvoiceObserver, Invoices};
use crate::areas::ledger::{FOLDING, Ledger};
use crate::areas::operators::{self, Operators};
use crate::areas::orders::{self, OrderBooks, Orders};
use crate::areas::password_recovery::PasswordRecovery;
use crate::areas::payment_methods::{self, PaymentMethods};
use crate::areas::payments::{self, Payments};
use crate::areas::plans::Plans;
use crate::areas::reconciliation::{self, Reconciliation};
use crate::areas::recovery_codes::RecoveryCodeStore;
use crate::areas::sessions::Sessions;
use crate::areas::step_up::StepUp;
use crate::areas::subscriptions::{self, SubscriptionBooks, Subscriptions};
use crate::areas::{scopes, tasks};
use crate::dependencies::{Dependencies, guarded_identity, open_context};
use crate::foundation::context::Context;
use crate::services::Services;
use crate::services::audit::Audit;
use crate::services::inbox::Inbox;
use crate::services::known_devices::KnownDevices;
use crate::services::outbox::Outbox;
use crate::services::payment_vendors::PaymentVendors;
use crate::services::sms_spend::SmsSpend;
use crate::services::suppressions::Suppressions;
use crate::services::tasks::Runners;
use crate::services::webhooks::Webhooks;
use crate::settings::Settings;

/// All areas of one deployment.
pub struct App {
    /// Accounts and first factors.
    pub accounts: Accounts,
    /// Sessions.
    pub sessions: Sessions,
    /// Devices on which accounts signed in.
    pub known_devices: KnownDevices,
    /// Sign-in and step-up.
    pub challenges: Challenges,
    /// Second factors.
    pub factors: Factors,
    /// Forgotten passwords.
    pub password_recovery: PasswordRecovery,
    /// Stored payment methods.
    pub payment_methods: PaymentMethods,
    /// Payment vendors.
    pub payment_vendors: PaymentVendors,
    /// Recovery codes.
    pub recovery_codes: RecoveryCodeStore,
    /// Who looks after the service.
    pub operators: Operators,
    /// What programs of people prove with who they are.
    pub api_keys: ApiKeys,
    /// What reverse proxies ask.
    pub forward_auth: ForwardAuth,
    /// Messages on their way.
    pub outbox: Outbox,
    /// Destinations that must not be written to.
    pub suppressions: Suppressions,
    /// The bill for text messages.
    pub sms_spend: SmsSpend,
    /// Where vendors post.
    pub webhooks: Webhooks,
    /// What vendors posted.
    pub inbox: Inbox,
    /// Work that is done later.
    pub tasks: Runners,
    /// Histories.
    pub audit: Audit,
    /// What customers owe and paid.
    pub ledger: Ledger,
    /// Whether a vendor of payments is connected.
    pub takes_payments: bool,
    /// Payments.
    pub payments: Payments,
    /// Invoices.
    pub invoices: Invoices,
    /// What people can subscribe to.
    pub plans: Plans,
    /// What people are entitled to.
    pub entitlements: EntitlementRecords,
    /// What people are subscribed to.
    pub subscriptions: Subscriptions,
    /// Automatic payment.
    pub autopay: Autopay,
    /// The books beside what vendors report.
    pub reconciliation: Reconciliation,
    /// What is sold.
    pub catalog: Catalog,
    /// What people are about to buy.
    pub carts: Carts,
    /// What people bought.
    pub orders: Orders,
    /// The closing of accounts.
    pub closures: Closures,
    /// What the business came to.
    pub figures: Figures,
    pub(crate) context: Arc<Context>,
    pub(crate) settings: Settings,
}

impl App {
    /// Opens the root secret and builds all areas.
    ///
    /// # Errors
    /// Whatever store or key manager answer.
    #[expect(
        clippy::too_many_lines,
        reason = "one line for each area, in the order in which they stand on each other"
    )]
    pub async fn open(dependencies: Dependencies, settings: Settings) -> Result<Self> {
        let connections = dependencies.connections.clone();
        let context = open_context(dependencies, &connections, &settings).await?;
        let Services {
            tasks: planned,
            mut runners,
            audit,
            epochs,
            known_devices: devices,
            budgets,
            directory,
            idempotency,
            billing_freezes: freezes,
            suppressions,
            tallies,
            sms_spend,
            outbox,
            mut webhooks,
            inbox,
            notifications,
            owner_mail,
            ..
        } = Services::open(&context, &connections, &settings.services())?;
        let sessions = Sessions::new(&context, &epochs, &audit, &budgets, &devices, &settings.sessions);
        let min_length = settings.accounts.password_min_length;
        let passwords = PasswordVerifier::new(&context, &directory, &budgets, &audit, min_length);
        let enrolled = EnrolledFactors::new(&context, &epochs);
        let recovery_codes = RecoveryCodeStore::new(&context, &epochs);
        let rules = settings.step_up_rules();
        let step_up = StepUp::new(&context, &sessions, &enrolled, &recovery_codes, rules);
        let store = ChallengeStore::new(&context, &sessions, &settings.challenges);
        let codes = Codes::new(&context, &budgets, &outbox, &suppressions, &sms_spend);
        let factors = Factors {
            context: Arc::clone(&context),
            enrolled: enrolled.clone(),
            step_up: step_up.clone(),
            directory: directory.clone(),
            sessions: sessions.clone(),
            budgets: budgets.clone(),
            store: store.clone(),
            codes: codes.clone(),
            recovery: recovery_codes.clone(),
            audit: audit.clone(),
            notifications: notifications.clone(),
            devices: devices.clone(),
            settings: Arc::new(settings.factors.clone()),
        };
        let autopay_rules = AutopayRules::new(
            &context,
            (&planned, &audit),
            &owner_mail,
            &settings.billing.autopay,
        );
        let ledger = Ledger::new(&context)
            .with_days_of(&settings.billing.time_zone)
            .observed_by(Arc::new(autopay_rules.clone()));
        let payment_vendors = PaymentVendors::new(&context, &connections);
        let balance_tasks = BalanceTasks::new(&context, &planned);
        let books = (&ledger, &audit, &payment_vendors, &balance_tasks);
        let entitlements = EntitlementRecords::new(&context);
        let subscription_books = SubscriptionBooks::new(
            &context,
            &entitlements,
            (&planned, &audit, &owner_mail),
            &tallies,
            &settings.billing.dunning,
        );
        let told_of_invoices: Vec<Arc<dyn InvoiceObserver>> = vec![Arc::new(subscription_books.clone())];
        let invoice_books = InvoiceBooks::new(&context, books, told_of_invoices, &settings.billing);
        let operators = Operators::new(
            &context,
            &operators::Below {
                enrolled: &enrolled,
                step_up: &step_up,
                directory: &directory,
                audit: &audit,
                ledger: &ledger,
                idempotency: &idempotency,
                freezes: &freezes,
                told_of_freezes: Arc::new(subscription_books.clone()),
                credits: Arc::new(invoice_books.clone()),
            },
        );
        let api_keys = ApiKeys::new(
            &context,
            api_keys::Below {
                sessions: &sessions,
                step_up: &step_up,
                operators: &operators,
                epochs: &epochs,
                freezes: &freezes,
                budgets: &budgets,
                audit: &audit,
                mail: &owner_mail,
                scopes: scopes(),
            },
            &settings.api_keys,
        );
        let challenges = Challenges {
            context: Arc::clone(&context),
            store,
            codes,
            enrolled,
            step_up: step_up.clone(),
            recovery: recovery_codes.clone(),
            sessions: sessions.clone(),
            passwords: passwords.clone(),
            budgets: budgets.clone(),
            audit: audit.clone(),
            notifications: notifications.clone(),
            devices: devices.clone(),
            require: settings.factors.require,
            recovery_lifetime: settings.accounts.recovery_lifetime.get(),
        };
        let accounts = Accounts {
            context: Arc::clone(&context),
            directory: directory.clone(),
            passwords,
            budgets: budgets.clone(),
            audit: audit.clone(),
            outbox: outbox.clone(),
            suppressions: suppressions.clone(),
            notifications: notifications.clone(),
            sessions: sessions.clone(),
            others: guarded_identity(&connections.many(), &context.guards),
            settings: Arc::new(settings.accounts.clone()),
        };
        runners.repeating(&FOLDING, ledger.clone());
        let payment_methods = PaymentMethods::new(
            &context,
            &payment_methods::Below {
                vendors: &payment_vendors,
                sessions: &sessions,
                step_up: &step_up,
                budgets: &budgets,
                idempotency: &idempotency,
                freezes: &freezes,
                tasks: &planned,
                audit: &audit,
                notifications: &notifications,
            },
        );
        let inventory = Inventory::new(&context);
        let carts = Carts::new(&context, &inventory, &audit);
        let order_books = OrderBooks::new(&context, (&inventory, &carts), (&planned, &audit, &owner_mail));
        let payments = Payments::new(
            &context,
            payments::Below {
                vendors: &payment_vendors,
                methods: &payment_methods,
                step_up: &step_up,
                operators: &operators,
                budgets: &budgets,
                ledger: &ledger,
                audit: &audit,
                idempotency: &idempotency,
                freezes: &freezes,
                directory: &directory,
                tasks: &planned,
                tallies: &tallies,
                observers: vec![
                    Arc::new(invoice_books.clone()),
                    Arc::new(autopay_rules.clone()),
                    Arc::new(order_books.clone()),
                    Arc::new(subscription_books.clone()),
                ],
            },
            &settings.billing,
        );
        let invoices = Invoices::new(
            &context,
            &invoices::Below {
                books: &invoice_books,
                payments: &payments,
                step_up: &step_up,
                operators: &operators,
                directory: &directory,
                idempotency: &idempotency,
            },
        );
        let sold = (&operators, &payment_vendors);
        let plans = Plans::new(&context, &step_up, sold, &settings.billing);
        let subscriptions = Subscriptions::new(
            &context,
            &subscriptions::Below {
                books: &subscription_books,
                invoice_books: &invoice_books,
                invoices: &invoices,
                payments: &payments,
                plans: &plans,
                entitlements: &entitlements,
                methods: &payment_methods,
                operators: &operators,
                step_up: &step_up,
                idempotency: &idempotency,
                freezes: &freezes,
                vendors: &payment_vendors,
            },
        );
        let autopay = Autopay::new(
            &context,
            &autopay::Below {
                rules: &autopay_rules,
                sessions: &sessions,
                step_up: &step_up,
                ledger: &ledger,
                methods: &payment_methods,
                payments: &payments,
                freezes: &freezes,
                default_currency: settings.billing.default_currency,
            },
        );
        let reconciliation = Reconciliation::new(
            &context,
            &reconciliation::Below {
                vendors: &payment_vendors,
                payments: &payments,
                step_up: &step_up,
                operators: &operators,
                budgets: &budgets,
                ledger: &ledger,
                idempotency: &idempotency,
                tasks: &planned,
                credits: Arc::new(invoice_books),
            },
        );
        let catalog = Catalog::new(
            &context,
            &catalog::Below {
                step_up: &step_up,
                operators: &operators,
                directory: &directory,
                audit: &audit,
                tasks: &planned,
                inventory: &inventory,
            },
        );
        let orders = Orders::new(
            &context,
            &orders::Below {
                books: &order_books,
                carts: &carts,
                payments: &payments,
                step_up: &step_up,
                operators: &operators,
                directory: &directory,
                idempotency: &idempotency,
                freezes: &freezes,
                budgets: &budgets,
            },
            &settings.orders,
        );
        let closures = Closures::new(
            &context,
            closures::Below {
                sessions: &sessions,
                step_up: &step_up,
                challenges: &challenges,
                operators: &operators,
                directory: &directory,
                audit: &audit,
                mail: &owner_mail,
                tasks: &planned,
                // What charges ends before what it charges, and methods are forgotten once nothing is collected any more.
                erasures: vec![
                    Arc::new(api_keys.clone()),
                    Arc::new(autopay.clone()),
                    Arc::new(subscriptions.clone()),
                    Arc::new(payments.clone()),
                    Arc::new(orders.clone()),
                    Arc::new(payment_methods.clone()),
                    Arc::new(operators.clone()),
                    Arc::new(catalog.clone()),
                    Arc::new(sessions.clone()),
                ],
            },
            &settings.closures,
        );
        let takes_payments = payment_vendors.iter().next().is_some();
        payment_methods.register_runners(&mut runners);
        payments.register_runners(&mut runners);
        invoices.register_runners(&mut runners);
        subscriptions.register_runners(&mut runners);
        autopay.register_runners(&mut runners);
        reconciliation.register_runners(&mut runners);
        catalog.register_runners(&mut runners);
        orders.register_runners(&mut runners);
        closures.register_runners(&mut runners);
        payments.watch_silence(&mut runners, &connections);
        payments.register_webhooks(
            (&inbox, &connections),
            &mut webhooks,
            Arc::new(subscriptions.clone()),
        );
        runners.repeating(&payments::PAYMENT_EVENTS, inbox.runner());
        runners.require(tasks())?;
        webhooks.require_handlers(&connections)?;
        Ok(Self {
            figures: Figures::new(&context, &ledger, &tallies),
            password_recovery: PasswordRecovery::new(&accounts, &challenges),
            accounts,
            sessions,
            known_devices: devices,
            challenges,
            factors,
            payment_methods,
            payment_vendors,
            recovery_codes,
            operators,
            api_keys,
            forward_auth: ForwardAuth::new(&context, &directory, &settings.forward_auth),
            outbox,
            suppressions,
            sms_spend,
            webhooks,
            inbox,
            tasks: runners,
            audit,
            takes_payments,
            ledger,
            payments,
            invoices,
            plans,
            entitlements,
            subscriptions,
            autopay,
            reconciliation,
            catalog,
            carts,
            orders,
            closures,
            context,
            settings,
        })
    }
}
