//! Requests for a result that is removed while the service has it open, without the time that a
//! purge leaves to readers: as a clean-up finishes the purge of a process that died.

use store::TrendJobUid;
use store::generations::{rollback, withdraw_gone};
use store::retention::purge;
use store::runs::{self, Beginning};
use tempfile::TempDir;

use super::exclusions::{exclude, term};
use super::faults::{all, shaky};
use super::published::publish_run;
use super::*;

const RANKED: &str = "/api/v1/trends?source=sample";
const LOVE: &str = "/api/v1/topics?source=sample&term=love";
const COMPATIBLE: &str = "/api/trends?source=sample&topic=peace";

fn sample_name() -> SourceName {
    SourceName::new("sample").unwrap()
}

/// Begins and publishes the run 0 of a TrendJob under the source `sample`.
async fn publish_first(store: &Arc<dyn Store>, uid: &str, words: &[(&str, u64)]) {
    let run = RunId::new(&format!("{uid}-0")).unwrap();
    let beginning = Beginning { run: &run, source: &sample_name(), now: Some(0), workers: true };
    let start = runs::begin(&**store, &beginning).await.unwrap().expect("it has no mark");
    publish_run(store, "sample", &run, start, words).await;
}

async fn purge_at_once(store: &Arc<dyn Store>, uid: &str) {
    let uid = TrendJobUid::new(uid).unwrap();
    purge(&**store, &sample_name(), &uid, "now", async {}).await.unwrap();
}

/// Returns a service over a folder with the results of two TrendJobs, of which it has opened the
/// second one.
async fn two_results() -> (TempDir, Arc<dyn Store>, Router) {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(ObjectStore::open_folder(folder.path()).await.unwrap());
    publish_first(&store, "one", &[("love", 1), ("peace", 1)]).await;
    publish_first(&store, "two", &[("love", 2), ("peace", 2)]).await;
    let app = over(&store);
    assert!(text(get(&app, LOVE).await).await.contains("\"generation\":2"));
    (folder, store, app)
}

#[tokio::test]
async fn a_result_that_is_purged_while_it_is_open_is_replaced_at_once_by_the_one_that_stays() {
    for uri in [RANKED, COMPATIBLE] {
        let (_folder, store, app) = two_results().await;
        purge_at_once(&store, "two").await;
        let response = get(&app, uri).await;
        assert_eq!(response.status(), StatusCode::OK, "{uri}");
        let body = text(response).await;
        assert!(body.contains("\"count\":1") || body.contains("Trends\":\"1\""), "{body}");
        assert!(text(get(&app, LOVE).await).await.contains("\"generation\":3"), "{uri}");
    }
}

#[tokio::test]
async fn a_result_that_is_rolled_back_and_then_removed_is_replaced_at_once() {
    let (_folder, store, app) = two_results().await;
    rollback(&*store, &sample_name(), 1, "now").await.unwrap();
    store.remove_run(&RunId::new("two-0").unwrap()).await.unwrap();
    assert!(text(get(&app, RANKED).await).await.contains("\"generation\":3"));
}

#[tokio::test]
async fn a_source_whose_results_are_all_purged_while_one_is_open_is_not_found() {
    let (_folder, store, app) = two_results().await;
    purge_at_once(&store, "two").await;
    purge_at_once(&store, "one").await;
    for uri in [RANKED, COMPATIBLE, LOVE] {
        assert_eq!(get(&app, uri).await.status(), StatusCode::NOT_FOUND, "{uri}");
    }
}

#[tokio::test]
async fn the_list_of_sources_shows_the_results_that_stay() {
    let (_folder, store, _) = two_results().await;
    publish(&store, "other", 1, &[("love", 5)]).await;
    // The number of topics without excluded ones is read from blocks.
    exclude(&store, "sample", term("peace", None)).await;
    let app = over(&store);
    assert!(text(get(&app, LOVE).await).await.contains("\"generation\":2"));
    purge_at_once(&store, "two").await;
    let response = get(&app, "/api/v1/sources").await;
    assert_eq!(response.status(), StatusCode::OK);
    let body = text(response).await;
    assert!(body.contains("\"run\":\"one-0\"") && body.contains("other"), "{body}");
    assert!(withdraw_gone(&*store, &sample_name(), "now").await.unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_removed_result_is_looked_up_once_for_all_requests_that_miss_it() {
    let (store, inner, app) = shaky(Settings { concurrency: 100, ..Settings::default() }).await;
    assert_eq!(get(&app, LOVE).await.status(), StatusCode::OK);
    publish(&inner, "sample", 2, &[("love", 2)]).await;
    inner.remove_run(&RunId::new("sample-1").unwrap()).await.unwrap();
    assert!(all(&app, RANKED, 100).await.iter().all(StatusCode::is_success));
    assert_eq!(store.reads("markers/publish"), 2, "each result was opened once");
}

#[tokio::test(start_paused = true)]
async fn a_result_that_lacks_a_block_is_opened_again_once_a_second() {
    let (store, inner, app) = shaky(Settings { concurrency: 100, ..Settings::default() }).await;
    assert_eq!(get(&app, LOVE).await.status(), StatusCode::OK);
    inner.remove_blocks(&RunId::new("sample-1").unwrap(), Stage::Publish).await.unwrap();
    for opened in [2, 2, 3] {
        let statuses = all(&app, RANKED, 10).await;
        assert!(statuses.iter().all(|status| *status == StatusCode::INTERNAL_SERVER_ERROR));
        assert_eq!(store.reads("markers/publish"), opened);
        tokio::time::advance(Duration::from_millis(500)).await;
    }
    assert_eq!(get(&app, LOVE).await.status(), StatusCode::OK, "its other blocks are there");
}
