//! Compound commands: conditions, loops, `case`, subshells.

use super::*;

impl Interp<'_, '_> {
    pub(super) fn compound(&mut self, compound: &Compound) -> Flow {
        match compound {
            Compound::Group(body) => self.script(body),
            Compound::Subshell(body) => {
                let mut state = self.state.clone();
                self.tail = false;
                let job = self.sys.fork("clone", |child| {
                    let mut inner = Interp::new(child, &mut state);
                    inner.tail = true;
                    inner.script(body);
                    state.status
                });
                if let Ok(job) = &job
                    && matches!(job.wait, Wait::Stopped(State::Blocked(..)))
                    && !state.rest.is_empty()
                {
                    self.state.rest.push(Frame::Child(job.pid, Box::new(Waiting(state))));
                }
                self.finish(job)
            }
            Compound::If(arms, otherwise) => {
                for (test, body) in arms {
                    let flow = self.condition(test);
                    if flow != Flow::Next {
                        return flow;
                    }
                    if self.state.status == 0 {
                        return self.script(body);
                    }
                }
                self.state.status = 0;
                otherwise.as_ref().map_or(Flow::Next, |o| self.script(o))
            }
            Compound::While { until, test, body } => self.while_loop(*until, test, body),
            Compound::For(name, words, body) => {
                let words = match words {
                    None => Ok(self.state.args.clone()),
                    Some(w) => self.words(w),
                };
                match words {
                    Ok(w) => {
                        self.state.status = 0;
                        self.for_loop(name, &w, body)
                    }
                    Err(e) => self.expansion_error(&e),
                }
            }
            Compound::ForArith([init, test, step], body) => {
                let run = |me: &mut Self, t: &str| me.arith(t);
                if run(self, init).is_none() {
                    return Flow::Next;
                }
                loop {
                    match if test.trim().is_empty() { Some(1) } else { run(self, test) } {
                        Some(0) | None => return Flow::Next,
                        Some(_) => {}
                    }
                    self.loops += 1;
                    let flow = self.script(body);
                    self.loops -= 1;
                    if let Some(f) = self.loop_flow(flow) {
                        return f;
                    }
                    if run(self, step).is_none() {
                        return Flow::Next;
                    }
                }
            }
            Compound::Case(word, arms) => {
                let text = match self.text(word) {
                    Ok(t) => t,
                    Err(e) => return self.expansion_error(&e),
                };
                self.state.status = 0;
                for (patterns, body) in arms {
                    for p in patterns {
                        let pattern = match self.pattern(p) {
                            Ok(p) => p,
                            Err(e) => return self.expansion_error(&e),
                        };
                        if glob::matches(&pattern, &text) {
                            return self.script(body);
                        }
                    }
                }
                Flow::Next
            }
            Compound::Test(words) => {
                self.state.status = match test::double(self, words) {
                    Ok(yes) => i32::from(!yes),
                    Err(e) => {
                        self.complain(&e);
                        2
                    }
                };
                Flow::Next
            }
            Compound::Arith(text) => {
                let value = self.arith(text);
                self.state.status = i32::from(value.unwrap_or(0) == 0);
                Flow::Next
            }
        }
    }

    /// Goes on with a subshell that waited.
    pub(super) fn child_goes_on(&mut self, pid: u32, state: ShellState) -> Flow {
        let mut left = None;
        let wait = self.sys.revive(pid, |child| {
            let (code, state) = crate::shell::resume_background(child, state);
            left = state;
            code
        });
        let Some(wait) = wait else { return Flow::Next };
        if let (Wait::Stopped(State::Blocked(..)), Some(state)) = (&wait, left) {
            self.state.rest.push(Frame::Child(pid, Box::new(Waiting(state))));
        }
        self.finish(Ok(Job { pid, wait }))
    }

    pub(super) fn arith(&mut self, text: &str) -> Option<i64> {
        let mut parser = crate::shell::parse::Parser::new(text.chars().collect(), &EMPTY, self.state.dialect);
        let word = Word(parser.double(None).unwrap_or_default());
        let result = self
            .text(&word)
            .and_then(|t| arith::evaluate(self.state, &t).map_err(|e| self.arith_error(&t, &e)));
        match result {
            Ok(v) => Some(v),
            Err(e) => {
                self.complain(&format!("((: {e}"));
                self.state.status = 1;
                None
            }
        }
    }

    /// Runs a condition, inside which `set -e` does not count.
    pub(super) fn condition(&mut self, test: &Script) -> Flow {
        let errexit = std::mem::replace(&mut self.state.options.errexit, false);
        let flow = self.script(test);
        self.state.options.errexit |= errexit;
        flow
    }

    pub(super) fn while_loop(&mut self, until: bool, test: &Script, body: &Script) -> Flow {
        self.loops += 1;
        let flow = self.while_turns(until, test, body);
        self.loops -= 1;
        flow
    }

    fn while_turns(&mut self, until: bool, test: &Script, body: &Script) -> Flow {
        loop {
            let flow = self.condition(test);
            if flow == Flow::Suspend {
                let (test, body) = (test.clone(), body.clone());
                self.state.rest.push(Frame::WhileTest { until, test, body });
            }
            if flow != Flow::Next {
                return flow;
            }
            if (self.state.status == 0) == until {
                self.state.status = 0;
                return Flow::Next;
            }
            let flow = self.script(body);
            if flow == Flow::Suspend {
                let (test, body) = (test.clone(), body.clone());
                self.state.rest.push(Frame::WhileBody { until, test, body });
                return flow;
            }
            if let Some(f) = self.loop_flow(flow) {
                return f;
            }
        }
    }

    /// Goes on with a loop whose condition was just tested.
    pub(super) fn while_body(&mut self, until: bool, test: &Script, body: &Script) -> Flow {
        if (self.state.status == 0) == until {
            self.state.status = 0;
            return Flow::Next;
        }
        self.loops += 1;
        let flow = self.script(body);
        self.loops -= 1;
        if flow == Flow::Suspend {
            self.state.rest.push(Frame::WhileBody { until, test: test.clone(), body: body.clone() });
            return flow;
        }
        match self.loop_flow(flow) {
            Some(f) => f,
            None => self.while_loop(until, test, body),
        }
    }

    pub(super) fn for_loop(&mut self, name: &str, words: &[String], body: &Script) -> Flow {
        self.loops += 1;
        let flow = self.for_turns(name, words, body);
        self.loops -= 1;
        flow
    }

    fn for_turns(&mut self, name: &str, words: &[String], body: &Script) -> Flow {
        for (i, w) in words.iter().enumerate() {
            self.state.set(name, w);
            let flow = self.script(body);
            if flow == Flow::Suspend {
                let words = words.get(i + 1..).unwrap_or_default().to_vec();
                self.state.rest.push(Frame::For { name: name.to_owned(), words, body: body.clone() });
                return flow;
            }
            if let Some(f) = self.loop_flow(flow) {
                return f;
            }
        }
        Flow::Next
    }

    /// Whether a body's flow leaves its loop, and with what.
    pub(super) fn loop_flow(&mut self, flow: Flow) -> Option<Flow> {
        match flow {
            Flow::Next | Flow::Continue(0 | 1) => self.stopped(),
            Flow::Break(0 | 1) => Some(Flow::Next),
            Flow::Break(n) => Some(Flow::Break(n - 1)),
            Flow::Continue(n) => Some(Flow::Continue(n - 1)),
            other => Some(other),
        }
    }
}
