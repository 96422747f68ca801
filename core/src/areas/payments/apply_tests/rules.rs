//! What single pictures do.

use super::*;

#[test]
fn a_payment_that_was_given_up_and_succeeds_is_late_and_books_its_money() {
    let (mut rows, ids) = (begun(Purpose::Balance), Counted::default());
    let failed = apply(&mut rows, &picture(PaymentStatus::Failed), &ids, at(5_000)).unwrap();
    assert_eq!(failed, [Movement::HoldReleased(7)]);
    let late = apply(&mut rows, &picture(PaymentStatus::Succeeded), &ids, at(6_000)).unwrap();
    let amount = Amount::new(usd(AMOUNT)).unwrap();
    assert_eq!(
        late,
        [Movement::Captured {
            amount,
            settles: None
        }]
    );
    assert!(rows.payment.late);
}

#[test]
fn money_that_is_held_on_says_nothing_of_a_capture_that_is_on_its_way() {
    let (mut rows, ids) = (begun(Purpose::Balance), Counted::default());
    apply(&mut rows, &picture(PaymentStatus::Authorized), &ids, at(5_000)).unwrap();
    rows.payment.status = Status::Unknown;
    let call = OpenCall {
        step: Step::Capture,
        number: 2,
        amount: None,
        sent_at: at(5_500),
        last_sent_at: at(5_500),
    };
    rows.payment.call = Some(call.clone());
    apply(&mut rows, &picture(PaymentStatus::Authorized), &ids, at(6_000)).unwrap();
    assert_eq!(
        (rows.payment.status, rows.payment.call.as_ref()),
        (Status::Unknown, Some(&call))
    );
    apply(&mut rows, &picture(PaymentStatus::Succeeded), &ids, at(7_000)).unwrap();
    assert_eq!(
        (rows.payment.status, rows.payment.call),
        (Status::Succeeded, None)
    );
}

#[test]
fn what_differs_from_the_order_is_booked_as_it_is_and_shown() {
    let (mut rows, ids) = (begun(Purpose::Balance), Counted::default());
    let mut two = picture(PaymentStatus::Succeeded);
    two.captured = usd(AMOUNT + 1);
    two.amount = usd(AMOUNT + 1);
    apply(&mut rows, &two, &ids, at(5_000)).unwrap();
    assert_eq!(rows.payment.findings, [Finding::Amount, Finding::CapturedTooMuch]);
    assert_eq!(rows.payment.captured(), usd(AMOUNT + 1));

    let mut rows = begun(Purpose::Balance);
    let mut euros = picture(PaymentStatus::Succeeded);
    let eur = Currency::parse("EUR").unwrap();
    euros.amount = Money::new(AMOUNT, eur);
    euros.captured = euros.amount;
    assert_eq!(apply(&mut rows, &euros, &ids, at(5_000)).unwrap(), []);
    assert_eq!(
        (rows.payment.status, rows.payment.findings),
        (Status::Sending, vec![Finding::Currency])
    );
}

#[test]
fn a_second_object_of_the_vendor_is_booked_beside_the_first() {
    let (mut rows, ids) = (begun(Purpose::Balance), Counted::default());
    apply(&mut rows, &picture(PaymentStatus::Succeeded), &ids, at(5_000)).unwrap();
    let mut second = picture(PaymentStatus::Succeeded);
    second.theirs = Some(named("pi_2"));
    let movements = apply(&mut rows, &second, &ids, at(6_000)).unwrap();
    assert!(
        matches!(movements[..], [Movement::Captured { settles: None, .. }]),
        "{movements:?}"
    );
    assert_eq!(rows.payment.captured(), usd(2 * AMOUNT));
    assert_eq!(rows.payment.findings, [Finding::Twice, Finding::CapturedTooMuch]);
}

#[test]
fn a_purchase_that_a_bank_took_back_for_good_is_written_off_once() {
    let (mut rows, ids) = (begun(Purpose::Purchase { reference: None }), Counted::default());
    let mut vendor = picture(PaymentStatus::Succeeded);
    for what in [
        Happens::Dispute(AMOUNT),
        Happens::Withdraws(0),
        Happens::Decided(0, false),
    ] {
        happen(&mut vendor, &what);
    }
    let mut sums = Sums::default();
    for _ in 0..2 {
        sums.add(&apply(&mut rows, &vendor, &ids, at(5_000)).unwrap());
    }
    assert_eq!((sums.withdrawn, sums.written_off), (AMOUNT, AMOUNT));
    assert_eq!(
        rows.refundable(),
        usd(0),
        "what the bank took is not given a second time"
    );
}

#[test]
fn what_came_late_sold_nothing_and_nothing_of_it_is_written_off() {
    let (mut rows, ids) = (begun(Purpose::Purchase { reference: None }), Counted::default());
    apply(&mut rows, &picture(PaymentStatus::Failed), &ids, at(5_000)).unwrap();
    let mut vendor = picture(PaymentStatus::Succeeded);
    for what in [
        Happens::Dispute(AMOUNT),
        Happens::Withdraws(0),
        Happens::Decided(0, false),
    ] {
        happen(&mut vendor, &what);
    }
    let mut sums = Sums::default();
    sums.add(&apply(&mut rows, &vendor, &ids, at(6_000)).unwrap());
    assert!(rows.payment.late);
    assert_eq!((sums.withdrawn, sums.written_off), (AMOUNT, 0));
}

#[test]
fn what_was_written_off_and_is_given_back_counts_again() {
    let (mut rows, ids) = (begun(Purpose::Purchase { reference: None }), Counted::default());
    let mut vendor = picture(PaymentStatus::Succeeded);
    for what in [
        Happens::Dispute(AMOUNT),
        Happens::Withdraws(0),
        Happens::Decided(0, false),
    ] {
        happen(&mut vendor, &what);
    }
    let mut sums = Sums::default();
    sums.add(&apply(&mut rows, &vendor, &ids, at(5_000)).unwrap());
    assert_eq!(sums.written_off, AMOUNT);
    happen(&mut vendor, &Happens::Reinstates(0));
    sums.add(&apply(&mut rows, &vendor, &ids, at(6_000)).unwrap());
    assert_eq!((sums.reinstated, sums.written_off), (AMOUNT, 0));
}

#[test]
fn a_refund_that_was_given_up_and_happened_is_bound_and_shown() {
    let (mut rows, ids) = (begun(Purpose::Balance), Counted::default());
    let mut vendor = picture(PaymentStatus::Succeeded);
    apply(&mut rows, &vendor, &ids, at(5_000)).unwrap();
    happen(&mut vendor, &Happens::Refund(AMOUNT));
    happen(&mut vendor, &Happens::RefundGoesOn(0, true));
    apply(&mut rows, &vendor, &ids, at(5_000)).unwrap();
    // As if nothing had been known of it here until it was given up.
    let refund = &mut rows.refunds[0];
    (refund.theirs, refund.booked) = (None, false);
    let why = "the order never arrived at the vendor";
    refund.give_up(
        Failure::new(DeclineClass::RetryLater, "not-arrived", why),
        at(5_500),
    );
    vendor.refunds[0].ours = Some(refund.id.clone());
    assert_eq!(rows.refundable(), usd(AMOUNT));
    let movements = apply(&mut rows, &vendor, &ids, at(6_000)).unwrap();
    assert!(matches!(movements[..], [Movement::Refunded(..)]), "{movements:?}");
    assert_eq!(rows.refunds[0].state, RefundState::Succeeded);
    assert_eq!(rows.refundable(), usd(0));
    assert!(rows.payment.findings.contains(&Finding::RefundFromElsewhere));
}

#[test]
fn a_picture_that_shows_nothing_new_leaves_the_times_alone() {
    let (mut rows, ids) = (begun(Purpose::Balance), Counted::default());
    let mut vendor = picture(PaymentStatus::Succeeded);
    happen(&mut vendor, &Happens::Refund(10));
    happen(&mut vendor, &Happens::Dispute(10));
    apply(&mut rows, &vendor, &ids, at(5_000)).unwrap();
    let before = rows.clone();
    apply(&mut rows, &vendor, &ids, at(6_000)).unwrap();
    assert_eq!(rows, before);
}

#[test]
fn what_an_operator_has_explained_is_not_found_again() {
    let (mut rows, ids) = (begun(Purpose::Balance), Counted::default());
    let mut vendor = picture(PaymentStatus::Succeeded);
    vendor.amount = usd(AMOUNT + 1);
    apply(&mut rows, &vendor, &ids, at(5_000)).unwrap();
    assert_eq!(rows.payment.findings, [Finding::Amount]);
    rows.payment.explain();
    apply(&mut rows, &vendor, &ids, at(6_000)).unwrap();
    assert_eq!(rows.payment.findings, []);
    vendor.captured = usd(AMOUNT + 1);
    apply(&mut rows, &vendor, &ids, at(7_000)).unwrap();
    assert_eq!(
        rows.payment.findings,
        [Finding::CapturedTooMuch],
        "something new is"
    );
}

#[test]
fn another_sum_than_the_explained_one_is_found_again() {
    let (mut rows, ids) = (begun(Purpose::Balance), Counted::default());
    let mut vendor = picture(PaymentStatus::Succeeded);
    vendor.captured = usd(AMOUNT + 1);
    apply(&mut rows, &vendor, &ids, at(5_000)).unwrap();
    assert_eq!(rows.payment.findings, [Finding::CapturedTooMuch]);
    rows.payment.explain();
    apply(&mut rows, &vendor, &ids, at(6_000)).unwrap();
    assert_eq!(rows.payment.findings, []);
    vendor.captured = usd(AMOUNT + 50);
    apply(&mut rows, &vendor, &ids, at(7_000)).unwrap();
    assert_eq!(rows.payment.findings, [Finding::CapturedTooMuch]);
}

#[test]
fn what_nobody_can_tell_is_told_again_of_another_order() {
    let payment = &mut begun(Purpose::Balance).payment;
    payment.found(Finding::Unresolved);
    payment.explain();
    payment.found(Finding::Unresolved);
    assert_eq!(payment.findings, [], "it was explained");
    payment.look_anew();
    payment.found(Finding::Unresolved);
    assert_eq!(payment.findings, [Finding::Unresolved]);
}

#[test]
fn the_moment_of_a_capture_is_kept() {
    let (mut rows, ids) = (begun(Purpose::Balance), Counted::default());
    apply(&mut rows, &picture(PaymentStatus::Processing), &ids, at(5_000)).unwrap();
    assert_eq!(rows.payment.captured_at, None);
    for second in [6_000, 7_000] {
        apply(&mut rows, &picture(PaymentStatus::Succeeded), &ids, at(second)).unwrap();
        assert_eq!(rows.payment.captured_at, Some(at(6_000)));
    }
}

#[test]
fn a_refusal_ends_nothing_for_a_payer_who_may_enter_another_card() {
    let (mut rows, ids) = (begun(Purpose::Purchase { reference: None }), Counted::default());
    rows.payment.source = ChargedSource::Fresh { save: false };
    let refused = apply(&mut rows, &picture(PaymentStatus::Failed), &ids, at(5_000)).unwrap();
    assert_eq!((refused, rows.payment.status), (vec![], Status::RequiresAction));
    let paid = apply(&mut rows, &picture(PaymentStatus::Succeeded), &ids, at(6_000)).unwrap();
    assert_eq!(paid.len(), 1);
    assert!(!rows.payment.late, "it was paid in time");
}

#[test]
fn a_bank_debit_that_comes_back_days_later_has_failed() {
    let (mut rows, ids) = (begun(Purpose::Balance), Counted::default());
    rows.payment.source = ChargedSource::HostedPage;
    apply(&mut rows, &picture(PaymentStatus::Processing), &ids, at(5_000)).unwrap();
    let bounced = apply(&mut rows, &picture(PaymentStatus::Failed), &ids, at(6_000)).unwrap();
    assert_eq!(
        (bounced, rows.payment.status),
        (vec![Movement::HoldReleased(7)], Status::Failed)
    );
}

#[test]
fn a_page_of_the_vendor_gives_way_to_the_payment_that_was_made_on_it() {
    let (mut rows, ids) = (begun(Purpose::Balance), Counted::default());
    rows.payment.source = ChargedSource::HostedPage;
    let mut page = picture(PaymentStatus::RequiresAction);
    page.theirs = Some(named("cs_1"));
    apply(&mut rows, &page, &ids, at(5_000)).unwrap();
    for status in [PaymentStatus::Processing, PaymentStatus::Authorized] {
        apply(&mut rows, &picture(status), &ids, at(6_000)).unwrap();
        assert_eq!(rows.payment.status, Status::from(status));
    }
    apply(&mut rows, &picture(PaymentStatus::Succeeded), &ids, at(7_000)).unwrap();
    let theirs = rows.payment.theirs().map(VendorRef::as_str);
    assert_eq!((theirs, rows.payment.attempts.len()), (Some("pi_1"), 1));
    assert_eq!(
        (rows.payment.captured(), rows.payment.findings),
        (usd(AMOUNT), vec![])
    );
}
