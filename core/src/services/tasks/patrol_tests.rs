//! What is measured on patrol, and when.

use metrics::with_local_recorder;
use metrics_exporter_prometheus::PrometheusBuilder;

use super::Next;
use super::testing::*;

#[test]
fn queues_are_measured_on_patrol_also_while_they_are_full_and_woken_all_the_time() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let figure = |name: &str| {
        let line = format!("portcullis_tasks_{name}{{kind=\"money\"}} ");
        let text = handle.render();
        let found = text.lines().find_map(|found| found.strip_prefix(line.as_str()));
        found.map(|value| value.parse::<u64>().unwrap())
    };
    let figures = || ["waiting", "overdue_seconds", "dead"].map(figure);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    with_local_recorder(&recorder, || {
        runtime.block_on(async {
            let bed = bed().await;
            bed.beside(async {
                settle().await;
                assert_eq!(figures(), [Some(0); 3], "as soon as it works");
                bed.script.says([Act::Ends(Next::Dead("no".to_owned()))]);
                bed.plan(&MONEY, "dead", 0).await;
                settle().await;
                bed.script.says([const { Act::Hangs }; 4]);
                for id in ["a", "b", "c", "d", "e", "f"] {
                    bed.plan(&MONEY, id, 0).await;
                }
                settle().await;
                assert_eq!(figures(), [Some(0); 3], "at its own pace");
                // Its leases are renewed meanwhile, and every commit wakes it.
                for second in 0..300 {
                    bed.plan(&MONEY, &format!("g{second}"), 3_600).await;
                    bed.wait(1);
                    settle().await;
                }
                let [waiting, overdue, dead] = figures().map(Option::unwrap);
                assert!(waiting > 300, "{waiting}");
                assert_eq!([overdue, dead], [300, 1]);
            })
            .await;
        });
    });
}
