//! Devices that wait for their first code: a few side by side, so that two pages do not undo each other's work.

/// How many devices of one kind may wait at the same time. Whoever begins one more gives up the oldest.
pub(super) const PENDING_MOST: usize = 5;

/// Makes room for one more device that waits: keeps all confirmed ones and the newest of the others. The devices are in
/// the order of their enrolment.
pub(super) fn keep_newest<D>(devices: &mut Vec<D>, confirmed: impl Fn(&D) -> bool) {
    let waiting = devices.iter().filter(|device| !confirmed(device)).count();
    let mut surplus = (waiting + 1).saturating_sub(PENDING_MOST);
    devices.retain(|device| {
        let kept = confirmed(device) || surplus == 0;
        if !kept {
            surplus -= 1;
        }
        kept
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_waiting_device_makes_room_and_confirmed_ones_stay() {
        let mut devices: Vec<(u8, bool)> = (0..8).map(|n| (n, n % 4 == 0)).collect();
        keep_newest(&mut devices, |(_, confirmed)| *confirmed);
        let kept: Vec<u8> = devices.iter().map(|(n, _)| *n).collect();
        assert_eq!(kept, [0, 3, 4, 5, 6, 7]);
        keep_newest(&mut devices, |_| true);
        assert_eq!(devices.len(), 6);
    }
}
