//! One more look at the log for a reader whose result is removed while it reads. Owns the rule that
//! a reader looks again once; knows neither the views that readers keep nor the answers they make.

/// Answers from the newest result of a source; `None` if the source has no result. If something of
/// the result is missing, its run may have been removed meanwhile: then the log is looked at again,
/// and the second answer counts, whatever it is.
///
/// `look` returns the newest result, which a reader may keep for a while. Its argument is the result
/// that is incomplete, which must not be returned again without opening it anew.
pub async fn answer_newest<V, T, E, L, A>(
    look: impl Fn(Option<V>) -> L,
    answer: impl Fn(V) -> A,
    is_missing: impl Fn(&E) -> bool,
) -> Result<Option<T>, E>
where
    V: Clone,
    L: Future<Output = Result<Option<V>, E>>,
    A: Future<Output = Result<T, E>>,
{
    let Some(view) = look(None).await? else { return Ok(None) };
    match answer(view.clone()).await {
        Err(error) if is_missing(&error) => match look(Some(view)).await? {
            Some(view) => answer(view).await.map(Some),
            None => Ok(None),
        },
        answered => answered.map(Some),
    }
}
