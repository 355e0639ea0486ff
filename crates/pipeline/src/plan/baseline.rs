//! The published result that keyness compares with. Owns the choice of the generation that a plan
//! names.

use store::marker::{Marker, marker};
use store::{RunId, SourceName, Stage, generations};
use trends::Kind;
use trends::result::ResultContents;

use super::analysis::{Analysis, named_rules};
use crate::{Context, Error};

/// Fixes the baseline of a run: names its generation and its run in the analysis.
///
/// # Errors
/// `Input` if the source has no such generation, or its result can't be compared with.
pub(super) fn pin(context: &Context, analysis: &mut Analysis) -> Result<(), Error> {
    let Some(baseline) = &analysis.baseline else { return Ok(()) };
    let named = match baseline.generation {
        Some(generation) => format!("generation {generation} of {}", baseline.source),
        None => baseline.source.clone(),
    };
    let wrong = |why: &str| Error::Input(format!("the baseline {named} {why}"));
    let source =
        SourceName::new(&baseline.source).map_err(|error| Error::Input(error.to_string()))?;
    let store = &*context.store;
    let found = match baseline.generation {
        Some(generation) => context.wait(generations::at(store, &source, generation))?,
        None => context.wait(generations::newest(store, &source, 0))?,
    };
    let found = found.filter(|found| !found.withdrawn).ok_or_else(|| {
        wrong("has no published result to compare with: run it first, or name another source")
    })?;
    let contents = result_contents(context, &found.run)?
        .ok_or_else(|| wrong("was removed; name a generation that is still kept"))?;
    if let Some(why) = incomparable(&contents, analysis) {
        return Err(wrong(&why));
    }
    if let Some(baseline) = &mut analysis.baseline {
        baseline.generation = Some(found.generation);
        baseline.run = Some(found.run.to_string());
    }
    Ok(())
}

/// Returns why a run can't be compared with a result, `None` if it can.
fn incomparable(baseline: &ResultContents, analysis: &Analysis) -> Option<String> {
    if baseline.profile != analysis.profile {
        let (other, own) = (baseline.profile, analysis.profile);
        return Some(format!(
            "was made with profile {other:?}, this run with {own:?}: their terms differ"
        ));
    }
    let own = analysis.segmentation();
    if baseline.segmentation != own {
        let (other, own) = (named_rules(baseline.segmentation.clone()), named_rules(own));
        return Some(format!(
            "cut text into words by {other}, this run by {own}: run the baseline again with this version of trendjob"
        ));
    }
    let counted =
        |kind: &&Kind| baseline.kinds.contains(kind) || baseline.rankings.contains_key(kind);
    analysis.kinds.iter().find(|kind| !counted(kind)).map(|kind| {
        format!(
            "did not count kind {kind}: count fewer kinds, or run the baseline again with this one"
        )
    })
}

/// Returns the contents of a run's result, if the run was published and not removed.
pub(crate) fn result_contents(
    context: &Context,
    run: &RunId,
) -> Result<Option<ResultContents>, Error> {
    let found: Option<Marker<ResultContents>> =
        context.wait(marker(&*context.store, run, Stage::Publish, 0))?;
    Ok(found.map(|found| found.report))
}

#[cfg(test)]
mod tests {
    use trends::{Profile, Score};

    use super::*;
    use crate::plan::{PinnedBaseline, Spec};
    use crate::testing::{Fixture, post};
    use crate::{Plan, local};

    /// Plans a run that compares with a generation of the source `before`.
    fn pinned(fixture: &Fixture, generation: Option<u64>, kinds: &[Kind]) -> Result<Plan, Error> {
        let baseline = PinnedBaseline { source: "before".to_owned(), generation, run: None };
        let analysis = Analysis {
            profile: Profile::Social,
            kinds: kinds.to_vec(),
            scores: vec![Score::Keyness],
            baseline: Some(baseline),
            ..Analysis::default()
        };
        let spec = Spec { analysis, ..fixture.spec() };
        crate::plan::plan(&fixture.context("run", "attempt"), &spec)
    }

    #[test]
    fn a_plan_names_the_newest_generation_of_its_baseline_or_an_error_names_the_cause() {
        let fixture = Fixture::new();
        fixture.file("in", post("love"));
        let message = |generation, kinds: &[Kind]| {
            let error = pinned(&fixture, generation, kinds).unwrap_err();
            assert_eq!(error.reason(), "InvalidInput");
            error.to_string()
        };
        assert!(message(None, &[Kind::Word]).contains("before has no published result"));
        for run in ["first", "second"] {
            let analysis = Analysis { profile: Profile::Social, ..Analysis::default() };
            let source = SourceName::new("before").unwrap();
            let spec = Spec { source, analysis, ..fixture.spec() };
            let context = fixture.context(run, "attempt");
            local::run(&context, Some(&spec), |_, _| Ok(()), || "now".into()).unwrap();
        }
        assert!(message(Some(3), &[Kind::Word]).contains("generation 3 of before has no"));
        assert!(message(None, &[Kind::Word, Kind::Hashtag]).contains("did not count kind hashtag"));
        let store = &*fixture.store;
        let context = fixture.context("any", "attempt");
        let first = context.wait(generations::at(store, &SourceName::new("before").unwrap(), 1));
        context.wait(store.remove_run(&first.unwrap().unwrap().run)).unwrap();
        assert!(message(Some(1), &[Kind::Word]).contains("was removed"));
        let plan = pinned(&fixture, None, &[Kind::Word]).unwrap();
        let baseline = plan.analysis.baseline.clone().unwrap();
        assert_eq!((baseline.generation, baseline.run.as_deref()), (Some(2), Some("second")));
    }

    #[test]
    fn a_baseline_whose_text_was_cut_by_other_rules_is_refused() {
        let analysis = Analysis { profile: Profile::Social, ..Analysis::default() };
        let why = |segmentation: Option<&str>| {
            let contents = ResultContents {
                profile: Profile::Social,
                kinds: vec![Kind::Word],
                segmentation: segmentation.map(str::to_owned),
                ..ResultContents::default()
            };
            incomparable(&contents, &analysis)
        };
        let ours = trends::social::segmentation();
        assert_eq!(why(Some(&ours)), None);
        for (theirs, named) in [(None, "rules without a name"), (Some("words-0"), "words-0")] {
            let expected = format!("cut text into words by {named}, this run by {ours}: run");
            assert!(why(theirs).unwrap().starts_with(&expected), "{theirs:?}");
        }
    }
}
