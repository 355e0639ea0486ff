//! `trendjob top SOURCE --score`: topics by a score in a window, as a table, JSON or CSV.

use questions::{KeynessAnswer, ScoredAnswer, ScoredQuestion, ScoredTopicAnswer};
use store::View;
use trends::scores::Status;
use trends::{Kind, Score};

use crate::args::{Format, TopArgs};
use crate::failure::Failure;
use crate::output::Output;
use crate::tables::{self, quoted};

/// Prints the topics that rank highest by a score.
pub(super) async fn print(
    view: &View,
    args: &TopArgs,
    score: Score,
    limit: usize,
) -> Result<(), Failure> {
    let window = args.window.clone();
    let question = ScoredQuestion { kinds: args.kinds(), score, window, limit };
    let answer = question.answer(view).await?;
    match args.output {
        Format::Json => Output::json(&answer),
        Format::Csv => Output::print(&csv(&answer)),
        Format::Table => {
            Output::print(&table(&answer))?;
            let note = question.note(view, &answer);
            note.map_or(Ok(()), |note| Output::print(&format!("{note}\n")))
        }
    }
}

fn csv(answer: &ScoredAnswer) -> String {
    let mut text = String::from(
        "rank,kind,term,count,documents,authors,value,burst,growth,peak,popular,status,new,g2,log_ratio,authors_estimated,significance\n",
    );
    for topic in &answer.topics {
        let [authors, estimated] = tables::authors_fields(&topic.authors);
        let burst = topic.burst.map_or_else(String::new, |burst| burst.to_string());
        let significance = topic.significance.map_or_else(String::new, |number| number.to_string());
        let of = |number: fn(&KeynessAnswer) -> f64| {
            topic.keyness.as_ref().map_or_else(String::new, |keyness| number(keyness).to_string())
        };
        let (g2, log_ratio) = (of(|keyness| keyness.g2), of(|keyness| keyness.log_ratio));
        let ScoredTopicAnswer { rank, kind, term, count, documents, .. } = topic;
        let ScoredTopicAnswer { value, growth, peak, popular, new, .. } = topic;
        let row = format!(
            "{rank},{kind},{},{count},{documents},{authors},{value},{burst},{growth},{peak},{popular},{},{new},{g2},{log_ratio},{estimated},{significance}\n",
            quoted(term),
            status(topic.status),
        );
        text.push_str(&row);
    }
    text
}

fn table(answer: &ScoredAnswer) -> String {
    let ScoredAnswer { kind, score, topics, .. } = answer;
    let rows = topics.iter().map(|topic| {
        let new = if topic.new { ", new" } else { "" };
        let (times, state) = match &topic.keyness {
            Some(keyness) => (keyness.log_ratio.exp2(), format!("G2 {:.1}", keyness.g2)),
            None => (topic.growth, format!("{}{new}", status(topic.status))),
        };
        let mut row = vec![
            topic.rank.to_string(),
            topic.shown().to_owned(),
            format!("{:.2}", topic.value),
            format!("{times:.1}x"),
            tables::grouped(topic.documents),
            tables::authors(&topic.authors),
            state,
        ];
        row.extend(kind.is_none().then(|| topic.kind.name().to_owned()));
        row
    });
    let times = if score.needs_window() { "growth" } else { "times" };
    let term = kind.map_or("term", Kind::name);
    let mut header = vec!["rank", term, score.name(), times, "records", "authors", "status"];
    header.extend(kind.is_none().then_some("kind"));
    let legend = tables::legend(topics.iter().map(|topic| &topic.authors));
    tables::columns(&header, &[0, 2, 3, 4, 5], rows) + legend
}

const fn status(status: Status) -> &'static str {
    match status {
        Status::InsufficientHistory => "insufficient history",
        Status::Trending => "trending",
        Status::Rising => "rising",
        Status::Cooling => "cooling",
        Status::Steady => "steady",
    }
}
