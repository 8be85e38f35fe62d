//! Reads, runs and rewrites a literate suite.

use gatehouse_conformance::normalize::normalize;
use gatehouse_lab::explain::Sources;
use gatehouse_lab::machine::{Outcome, Output};
use gatehouse_lab::{Addon, Cni, KubeVersion, Network, Picture, Session, World, reach};

/// A piece of a suite, in order. Together the pieces are the whole file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// Anything that is only read by people.
    Prose(String),
    /// Which world everything below runs in.
    World(String),
    /// A file of the working directory, fences included in `text`'s neighbours.
    File {
        /// Its name.
        name: String,
        /// The opening fence, as written.
        fence: String,
        /// Its content.
        content: String,
    },
    /// Lines typed and what they print.
    Console(Vec<Exchange>),
    /// The fate of one flow in words: `shop/web shop/db TCP/80`, and perhaps a request over it.
    Explain {
        /// Ends, port and request.
        asked: String,
        /// The explanation.
        text: String,
    },
    /// Who reaches whom on a port: a row a source, a column a destination, pods by namespace and name.
    Reach {
        /// `TCP/80`
        port: String,
        /// The picture as text.
        picture: String,
    },
}

/// A line typed and what it printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exchange {
    /// The line; here-documents have several.
    pub line: String,
    /// What it printed, standard output first, then standard error, then `[exit N]`.
    pub output: String,
}

/// A suite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suite {
    /// The pieces.
    pub blocks: Vec<Block>,
}

impl Suite {
    /// Reads a Markdown text.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut blocks = Vec::new();
        let mut prose = String::new();
        let mut lines = text.split_terminator('\n');
        while let Some(line) = lines.next() {
            let world = line.strip_prefix("<!-- world: ").and_then(|l| l.strip_suffix(" -->"));
            let file = line.strip_prefix("```").and_then(|l| l.split_once(" file=")).map(|(_, name)| name);
            let port = line.strip_prefix("```reach ");
            let asked = line.strip_prefix("```explain ");
            if world.is_none() && file.is_none() && port.is_none() && asked.is_none() && line != "```console"
            {
                prose.push_str(line);
                prose.push('\n');
                continue;
            }
            if !prose.is_empty() {
                blocks.push(Block::Prose(std::mem::take(&mut prose)));
            }
            if let Some(world) = world {
                blocks.push(Block::World(world.to_owned()));
                continue;
            }
            let body: Vec<&str> = lines.by_ref().take_while(|l| *l != "```").collect();
            if let Some(asked) = asked {
                let text = body.iter().map(|l| format!("{l}\n")).collect();
                blocks.push(Block::Explain { asked: asked.to_owned(), text });
            } else if let Some(port) = port {
                let picture = body.iter().map(|l| format!("{l}\n")).collect();
                blocks.push(Block::Reach { port: port.to_owned(), picture });
            } else if let Some(name) = file {
                let content = body.iter().map(|l| format!("{l}\n")).collect();
                blocks.push(Block::File { name: name.to_owned(), fence: line.to_owned(), content });
            } else {
                blocks.push(Block::Console(exchanges(&body)));
            }
        }
        if !prose.is_empty() {
            blocks.push(Block::Prose(prose));
        }
        Self { blocks }
    }

    /// Writes it back.
    #[must_use]
    pub fn print(&self) -> String {
        let mut out = String::new();
        for block in &self.blocks {
            match block {
                Block::Prose(text) => out.push_str(text),
                Block::World(world) => out.push_str(&format!("<!-- world: {world} -->\n")),
                Block::File { fence, content, .. } => out.push_str(&format!("{fence}\n{content}```\n")),
                Block::Reach { port, picture } => out.push_str(&format!("```reach {port}\n{picture}```\n")),
                Block::Explain { asked, text } => out.push_str(&format!("```explain {asked}\n{text}```\n")),
                Block::Console(exchanges) => {
                    out.push_str("```console\n");
                    for e in exchanges {
                        out.push_str(&format!("$ {}\n{}", e.line.replace('\n', "\n> "), e.output));
                    }
                    out.push_str("```\n");
                }
            }
        }
        out
    }

    /// Runs it: the same suite with the outputs that really came.
    ///
    /// # Errors
    /// A world that cannot be made.
    pub fn run(&self) -> Result<Self, String> {
        let mut world: Option<Box<dyn Runner>> = None;
        let mut blocks = Vec::new();
        for block in &self.blocks {
            match block {
                Block::World(spec) => world = Some(make(spec)?),
                Block::File { name, content, .. } => {
                    world.as_mut().ok_or("no world before the first file")?.write(name, content);
                }
                Block::Console(exchanges) => {
                    let world = world.as_mut().ok_or("no world before the first line")?;
                    let ran = exchanges
                        .iter()
                        .map(|e| Exchange { line: e.line.clone(), output: shown(&world.run(&e.line)) });
                    blocks.push(Block::Console(ran.collect()));
                    continue;
                }
                Block::Reach { port, .. } => {
                    let world = world.as_mut().ok_or("no world before the first picture")?;
                    let on = reach::port(port).ok_or_else(|| format!("\"{port}\" is not a port"))?;
                    let picture = drawn(&Picture::on(world.world(), on));
                    blocks.push(Block::Reach { port: port.clone(), picture });
                    continue;
                }
                Block::Explain { asked, .. } => {
                    let world = world.as_mut().ok_or("no world before the first explanation")?;
                    let text = explained(world.world(), asked)?;
                    blocks.push(Block::Explain { asked: asked.clone(), text });
                    continue;
                }
                Block::Prose(_) => {}
            }
            blocks.push(block.clone());
        }
        Ok(Self { blocks })
    }

    /// The exchanges that differ from `other`, with both outputs, after replacing what varies.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let all = |s: &Self| -> Vec<Exchange> {
            let of = |b: &Block| match b {
                Block::Console(e) => e.clone(),
                Block::Reach { port, picture } => {
                    vec![Exchange { line: format!("(picture on {port})"), output: picture.clone() }]
                }
                Block::Explain { asked, text } => {
                    vec![Exchange { line: format!("({asked})"), output: text.clone() }]
                }
                _ => Vec::new(),
            };
            s.blocks.iter().flat_map(of).collect()
        };
        let pairs = all(self).into_iter().zip(all(other));
        pairs
            .filter(|(a, b)| normalize(&a.output) != normalize(&b.output))
            .map(|(a, b)| format!("$ {}\nexpected:\n{}actual:\n{}", a.line, a.output, b.output))
            .collect()
    }
}

fn exchanges(body: &[&str]) -> Vec<Exchange> {
    let mut out: Vec<Exchange> = Vec::new();
    for line in body {
        match (line.strip_prefix("$ "), out.last_mut()) {
            (Some(typed), _) => out.push(Exchange { line: typed.to_owned(), output: String::new() }),
            (None, Some(last)) => match line.strip_prefix("> ").or((*line == ">").then_some("")) {
                Some(more) if last.output.is_empty() => last.line.push_str(&format!("\n{more}")),
                _ => last.output.push_str(&format!("{line}\n")),
            },
            (None, None) => {}
        }
    }
    out
}

fn shown(output: &Output) -> String {
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    let newline = |text: &mut String| {
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
    };
    newline(&mut text);
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    newline(&mut text);
    if output.exit != 0 {
        text.push_str(&format!("[exit {}]\n", output.exit));
    }
    text
}

/// The fate of a flow in words.
fn explained(world: &World, asked: &str) -> Result<String, String> {
    let mut words = asked.splitn(4, ' ');
    let (Some(from), Some(to), Some(on)) = (words.next(), words.next(), words.next()) else {
        return Err(format!("\"{asked}\" needs two ends and a port"));
    };
    let port = reach::port(on).ok_or_else(|| format!("\"{on}\" is not a port"))?;
    let question = words.next().map(reach::Question::parse);
    let network = Network::of(&world.cluster);
    reach::explain(&network, from, to, port, question.as_ref(), &Sources::default())
        .map_err(|e| format!("{}: {}", e.place, e.why))
}

/// The picture as text.
fn drawn(picture: &Picture) -> String {
    let names: Vec<String> = picture.pods.iter().map(|p| format!("{}/{}", p.namespace, p.name)).collect();
    let width = names.iter().map(String::len).max().unwrap_or(0);
    let mut out = String::new();
    for (from, name) in names.iter().enumerate() {
        let cell = |to: usize| match picture.edges.iter().find(|e| e.from == from && e.to == to) {
            None => '-',
            Some(edge) if edge.allowed => 'x',
            Some(_) => '.',
        };
        let row: Vec<String> = (0..names.len()).map(|to| cell(to).to_string()).collect();
        out.push_str(&format!("{name:<width$}  {}\n", row.join(" ")));
    }
    out
}

trait Runner {
    fn world(&self) -> &World;
    fn write(&mut self, name: &str, content: &str);
    fn run(&mut self, line: &str) -> Output;
}

impl Runner for World {
    fn world(&self) -> &World {
        self
    }
    fn write(&mut self, name: &str, content: &str) {
        Self::write(self, name, content);
    }
    fn run(&mut self, line: &str) -> Output {
        let (Outcome::Done(output) | Outcome::NeedsEdit(output, _) | Outcome::Streaming(output)) =
            Self::run(self, line);
        output
    }
}

impl Runner for Session {
    fn world(&self) -> &World {
        Self::world(self)
    }
    fn write(&mut self, name: &str, content: &str) {
        self.edit(name, content);
    }
    fn run(&mut self, line: &str) -> Output {
        let t = Self::run(self, line);
        Output {
            stdout: t.stdout.into_bytes(),
            stderr: t.stderr.into_bytes(),
            exit: t.exit,
            ..Output::default()
        }
    }
}

fn make(spec: &str) -> Result<Box<dyn Runner>, String> {
    let (kind, what) = spec.split_once(' ').ok_or_else(|| format!("world \"{spec}\" needs two words"))?;
    let mut words = what.split(' ');
    let what = words.next().unwrap_or_default();
    let version = || KubeVersion::parse(what).ok_or_else(|| format!("\"{what}\" is not a version"));
    match kind {
        "bare" => Ok(Box::new(World::bare(version()?))),
        "lab" | "admin-policy" | "cilium" => {
            let mut world = World::lab(version()?, 1);
            match kind {
                "cilium" => world.install_network_plugin(Cni::Cilium),
                "admin-policy" => world.install_network_plugin(Cni::AdminPolicy),
                _ => {}
            }
            for word in words {
                let addon = Addon::parse(word).ok_or_else(|| format!("{word} is nothing to install"))?;
                world.install(addon);
            }
            Ok(Box::new(world))
        }
        "exercise" => Ok(Box::new(Session::of(what, 1).map_err(|e| e.to_string())?)),
        other => Err(format!("no world is called \"{other}\"")),
    }
}
