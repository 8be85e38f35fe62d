//! Waiting in virtual time: look, let time pass, look again.

use crate::error::Error;
use crate::session::Session;

/// Looks until there is something to see or `deadline` (virtual milliseconds) has passed. What happens soon is seen
/// soon; the longer nothing happens, the longer the pauses.
pub(super) fn until<'s, 'h, T>(
    session: &mut Session<'s, 'h>,
    deadline: i64,
    mut look: impl FnMut(&mut Session<'s, 'h>) -> Result<Option<T>, Error>,
) -> Result<Option<T>, Error> {
    let start = session.now().0;
    loop {
        if let Some(seen) = look(session)? {
            return Ok(Some(seen));
        }
        let now = session.now().0;
        if now >= deadline {
            return Ok(None);
        }
        let step = match now - start {
            0..60_000 => 500,
            60_000..3_600_000 => 5_000,
            _ => 600_000,
        };
        session.advance(step.min(deadline - now));
        if session.now().0 <= now {
            // A world whose clock stands still would never get there.
            return Ok(None);
        }
    }
}
