//! `trendjob top SOURCE`: topics by count, as a table, JSON or CSV. `scored` has topics by a score.

use questions::{Ranking, TopAnswer, TopQuestion, TopicRankAnswer, uncounted_kinds};
use store::View;
use store::view::SliceStart;

use super::{open, scored};
use crate::args::{Format, TopArgs};
use crate::failure::Failure;
use crate::output::Output;
use crate::tables::{self, quoted};

/// The most topics that are read and printed at once.
const PART: usize = 10_000;

/// Prints the highest-ranked topics.
pub(crate) async fn top(args: &TopArgs) -> Result<(), Failure> {
    let view = open::newest(&args.location, &args.source).await?;
    let limit = if args.limit == 0 { u64::MAX } else { args.limit };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    if let Some(score) = args.score {
        return scored::print(&view, args, score, limit).await;
    }
    let question = TopQuestion { ranking: Ranking::of(args.kinds()), limit };
    match args.output {
        Format::Csv => csv(&view, question).await,
        Format::Json => Output::json(&question.answer(&view).await?),
        Format::Table => {
            Output::print(&tables::topics(&question.answer(&view).await?))?;
            let note = uncounted_kinds(&view, &args.kinds());
            note.map_or(Ok(()), |note| Output::print(&format!("{note}\n")))
        }
    }
}

/// Prints the topics part by part, because all topics of a kind may not fit in memory.
async fn csv(view: &View, question: TopQuestion) -> Result<(), Failure> {
    Output::print("rank,kind,term,count,documents\n")?;
    let TopQuestion { mut ranking, limit } = question;
    let mut rest = limit;
    loop {
        // A list of several kinds is read from its beginning.
        let is_whole = matches!(ranking, Ranking::Mixed(_));
        let limit = if is_whole { rest } else { rest.min(PART) };
        let answer = TopQuestion { ranking: ranking.clone(), limit }.answer(view).await?;
        let TopAnswer { kind, topics, next_position, .. } = answer;
        Output::print(&topics.iter().map(row).collect::<String>())?;
        rest -= topics.len();
        match kind.zip(next_position).filter(|_| rest > 0) {
            Some((kind, next)) => ranking = Ranking::One(kind, SliceStart::Position(next)),
            None => return Ok(()),
        }
    }
}

fn row(topic: &TopicRankAnswer) -> String {
    let TopicRankAnswer { rank, kind, term, count, documents, .. } = topic;
    format!("{rank},{kind},{},{count},{documents}\n", quoted(term))
}
