//! A network of nodes in one thread, with a clock of its own: links that break
//! and lose what was on its way, partitions, restarts, keys that are used on
//! two machines, slow readers, full disks. One seed, one history.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque};
use std::time::{Duration, Instant};

use ed25519_dalek::SigningKey;
use fastrand::Rng;
use peer::block::{Author, Block, BlockId, BodyKind, Draft};
use peer::have::Entry;
use peer::hello::PeerId;
use peer::log::Logs;
use peer::message::Message;
use peer::node::{Action, Event, Node};
use peer::proof::Proof;

/// A rule of the protocol that is broken, to see whether that is noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutant {
    /// Who has as many blocks is taken to have the same ones.
    NoHead,
    /// What is announced while a GET is under way is forgotten.
    Forgets,
    /// Who has been asked is waited for, however long it takes.
    NoRetry,
}

/// How hostile it is.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub seed: u64,
    pub nodes: usize,
    /// Blocks that are said, one every so often.
    pub blocks: usize,
    pub every: Duration,
    pub size: usize,
    /// A message takes so many microseconds at most.
    pub delay: u64,
    /// Of a hundred links, so many break in each second.
    pub loss: u8,
    /// How long the two halves do not hear each other.
    pub partition: Duration,
    pub restarts: usize,
    /// Keys that are used on two machines.
    pub forkers: usize,
    /// Machines that take and give 25 messages a second, whose disk is full,
    /// and that do not answer a GET.
    pub slow: usize,
    pub full: usize,
    pub mute: usize,
    /// How long it may take until all have the same.
    pub patience: Duration,
    pub mutant: Option<Mutant>,
}

impl Plan {
    /// What a test runs: all at once.
    pub fn hostile(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        Plan {
            seed,
            nodes: rng.usize(12..=20),
            blocks: 80,
            every: Duration::from_millis(rng.u64(100..400)),
            size: 200,
            delay: 50_000,
            loss: 10,
            partition: Duration::from_secs(rng.u64(3..12)),
            restarts: 5,
            forkers: 3,
            slow: 2,
            full: 1,
            mute: 1,
            patience: Duration::from_secs(30),
            mutant: None,
        }
    }

    /// A partition that ends while all go on talking.
    pub fn divided(seed: u64) -> Self {
        Plan {
            nodes: 8,
            blocks: 150,
            every: Duration::from_millis(20),
            loss: 0,
            partition: Duration::from_millis(2000),
            restarts: 0,
            forkers: 0,
            slow: 0,
            full: 0,
            patience: Duration::from_secs(6),
            ..Plan::hostile(seed)
        }
    }

    /// A room in which nothing goes wrong.
    pub fn quiet(seed: u64, nodes: usize) -> Self {
        Plan {
            nodes,
            blocks: 500,
            delay: 500,
            partition: Duration::ZERO,
            mute: 0,
            ..Plan::divided(seed)
        }
    }

    /// Which machines are what: each is one thing at most.
    fn role(&self, number: usize) -> Role {
        let roles = [
            (self.forkers, Role::Forks),
            (self.full, Role::Full),
            (self.slow, Role::Slow),
            (self.mute, Role::Mute),
        ];
        let mut end = 0;
        let role = roles.into_iter().find(|(count, _)| {
            end += count;
            number < end
        });
        role.map_or(Role::Keeps, |(_, role)| role)
    }
}

/// What is special about a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Keeps,
    /// Its key is used on another one, too.
    Forks,
    Full,
    Slow,
    Mute,
}

/// A message from one node to another, for pictures: when it was sent, and
/// when it came; `None` if it was lost.
#[derive(Debug, Clone)]
pub struct Arrow {
    pub from: usize,
    pub to: usize,
    pub sent: Duration,
    pub came: Option<Duration>,
    pub what: String,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Frames by their names.
    pub frames: BTreeMap<String, usize>,
    /// Blocks that were new where they came.
    pub deliveries: usize,
    /// Over how many links each came, and after how long.
    pub hops: Vec<usize>,
    pub delays: Vec<Duration>,
    /// Messages that were on their way when a link broke.
    pub lost: usize,
    /// How long it took from the end of all trouble until all had the same.
    pub healed: Option<Duration>,
    /// What is not as it should be.
    pub faults: Vec<String>,
    pub arrows: Vec<Arrow>,
}

/// More messages do not wait to be sent.
const QUEUE: usize = 32;

/// What is on a disk.
#[derive(Clone)]
enum Kept {
    Block(Block),
    Proof(Proof),
}

struct Machine {
    id: PeerId,
    key: SigningKey,
    node: Node,
    disk: Vec<Kept>,
    max: usize,
    pause: Duration,
    /// When it is to be woken.
    wakes: Option<Duration>,
}

/// One direction of a link.
#[derive(Default)]
struct Way {
    /// On their way, and which arrow each is.
    queue: VecDeque<(Message, usize)>,
    is_full: bool,
    /// When the last of them comes.
    last: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Deliver { from: usize, to: usize, epoch: usize },
    Wake(usize),
    Say(usize),
    Break,
    Mend(usize, usize),
    Divide(bool),
    Restart(usize),
}

struct World {
    plan: Plan,
    rng: Rng,
    start: Instant,
    now: Duration,
    machines: Vec<Machine>,
    /// All links that there may be, and how long a message takes.
    edges: BTreeMap<(usize, usize), Duration>,
    ways: BTreeMap<(usize, usize), Way>,
    /// How often a link was made: what was on its way before is lost.
    epochs: BTreeMap<(usize, usize), usize>,
    is_divided: bool,
    events: BinaryHeap<Reverse<(Duration, usize, What)>>,
    count: usize,
    /// When each block was said, and where it is, after how many links.
    said: BTreeMap<BlockId, (Duration, Author, u64)>,
    reached: BTreeMap<(usize, BlockId), usize>,
    outcome: Outcome,
    /// Who has asked for blocks of an author, and whom: for the mutants.
    asked: BTreeMap<(usize, Author), (usize, u64)>,
}

/// Lets it happen.
pub fn run(plan: Plan) -> Outcome {
    let mut world = World::new(plan);
    let end = world.plan.every * plan.blocks as u32;
    while world.step(end) {}
    // No more trouble: all links are there.
    world.is_divided = false;
    for (one, other) in world.edges.keys().copied().collect::<Vec<_>>() {
        world.mend(one, other);
    }
    let quiet = world.now;
    while world.outcome.healed.is_none() {
        if world.faults().is_empty() {
            world.outcome.healed = Some(world.now - quiet);
        }
        let next = world.now + Duration::from_millis(50);
        if next > quiet + world.plan.patience {
            break;
        }
        while world.step(next) {}
        world.now = next;
    }
    let faults = world.faults();
    world.outcome.faults.extend(faults);
    world.outcome
}

impl World {
    fn new(plan: Plan) -> Self {
        let mut rng = Rng::with_seed(plan.seed);
        let start = Instant::now();
        let machines = (0..plan.nodes).map(|number| {
            // The first ones use the keys of the last ones, too.
            let key = match number < plan.forkers {
                true => plan.nodes - 1 - number,
                false => number,
            };
            let key = SigningKey::from_bytes(&[key as u8 + 1; 32]);
            let role = plan.role(number);
            let max = match role {
                Role::Full => 20 * (plan.size + 200),
                _ => usize::MAX,
            };
            let pause = match role {
                Role::Slow => Duration::from_millis(40),
                _ => Duration::ZERO,
            };
            let author = Author(key.verifying_key().to_bytes());
            Machine {
                id: PeerId([number as u8; 32]),
                node: Node::new(author, 0, max, Logs::default()),
                key,
                disk: Vec::new(),
                max,
                pause,
                wakes: None,
            }
        });
        let mut world = World {
            machines: machines.collect(),
            edges: BTreeMap::new(),
            ways: BTreeMap::new(),
            epochs: BTreeMap::new(),
            is_divided: false,
            events: BinaryHeap::new(),
            count: 0,
            said: BTreeMap::new(),
            reached: BTreeMap::new(),
            outcome: Outcome::default(),
            asked: BTreeMap::new(),
            now: Duration::ZERO,
            start,
            plan,
            rng: rng.fork(),
        };
        // A ring of those who keep all, and a few links besides.
        let passes =
            |it: &usize| !matches!(plan.role(*it), Role::Full | Role::Mute);
        let keepers: Vec<usize> = (0..plan.nodes).filter(passes).collect();
        let ring = keepers.iter().zip(keepers.iter().cycle().skip(1));
        let mut pairs: Vec<_> = ring.map(|(one, two)| (*one, *two)).collect();
        for number in 0..plan.nodes {
            for _ in 0..if plan.nodes > 4 { 3 } else { 0 } {
                pairs.push((number, rng.usize(0..plan.nodes)));
            }
        }
        for (one, two) in pairs.into_iter().filter(|(one, two)| one != two) {
            let delay = Duration::from_micros(rng.u64(1..plan.delay));
            world.edges.insert((one.min(two), one.max(two)), delay);
        }
        for (one, two) in world.edges.keys().copied().collect::<Vec<_>>() {
            world.mend(one, two);
        }
        world.schedule(&mut rng);
        world
    }

    /// Decides when everything is to happen.
    fn schedule(&mut self, rng: &mut Rng) {
        let plan = self.plan;
        let end = plan.every * plan.blocks as u32;
        let at = |rng: &mut Rng| {
            Duration::from_micros(rng.u64(0..=end.as_micros() as u64))
        };
        for number in 0..plan.blocks {
            let who = rng.usize(0..plan.nodes);
            self.after(plan.every * number as u32, What::Say(who));
        }
        for second in 1..=end.as_secs() {
            self.after(Duration::from_secs(second), What::Break);
        }
        if plan.partition > Duration::ZERO {
            let begin = at(rng) / 2;
            self.after(begin, What::Divide(true));
            self.after(begin + plan.partition, What::Divide(false));
        }
        for _ in 0..plan.restarts {
            let who = rng.usize(0..plan.nodes);
            self.after(at(rng), What::Restart(who));
        }
    }

    fn after(&mut self, wait: Duration, what: What) {
        self.count += 1;
        self.events.push(Reverse((self.now + wait, self.count, what)));
    }

    /// The next thing happens, unless that is later.
    fn step(&mut self, until: Duration) -> bool {
        let next = self.events.peek();
        if next.is_none_or(|Reverse((at, ..))| *at > until) {
            return false;
        }
        let Some(Reverse((at, _, what))) = self.events.pop() else {
            return false;
        };
        self.now = at;
        match what {
            What::Deliver { from, to, epoch } => self.deliver(from, to, epoch),
            What::Wake(who) => {
                if self.machines[who].wakes == Some(at) {
                    self.machines[who].wakes = None;
                    self.happens(who, Event::Time);
                }
            }
            What::Say(who) => self.say(who),
            What::Break => self.break_some(),
            What::Mend(one, two) => self.mend(one, two),
            What::Divide(is_divided) => {
                self.is_divided = is_divided;
                let half = self.plan.nodes / 2;
                for (one, two) in self.edges.keys().copied().collect::<Vec<_>>()
                {
                    if (one < half) != (two < half) {
                        match is_divided {
                            true => self.cut(one, two),
                            false => self.mend(one, two),
                        }
                    }
                }
            }
            What::Restart(who) => self.restart(who),
        }
        true
    }

    fn say(&mut self, who: usize) {
        let machine = &self.machines[who];
        let Some(head) = machine.node.head() else { return };
        if self.plan.role(who) == Role::Mute {
            // Nobody could get it if it was said during a partition.
            return;
        }
        let author = Author(machine.key.verifying_key().to_bytes());
        // The bytes say where it was said: else two would say the same.
        let mut body = format!("{who} {:?}", self.now).into_bytes();
        body.resize(self.plan.size, b'.');
        let draft = Draft::new(author, head, 7, BodyKind::Text, body);
        let block = draft.seal(0, &machine.key);
        self.said.insert(block.id(), (self.now, author, block.seq()));
        self.reached.insert((who, block.id()), 0);
        self.machines[who].disk.push(Kept::Block(block.clone()));
        self.happens(who, Event::Own(block));
    }

    /// A tenth of the links, or so, break; they come again later.
    fn break_some(&mut self) {
        for (one, two) in self.edges.keys().copied().collect::<Vec<_>>() {
            if self.rng.u8(0..100) < self.plan.loss {
                self.cut(one, two);
                let wait = Duration::from_millis(self.rng.u64(200..4000));
                self.after(wait, What::Mend(one, two));
            }
        }
    }

    fn cut(&mut self, one: usize, two: usize) {
        for (from, to) in [(one, two), (two, one)] {
            let Some(way) = self.ways.remove(&(from, to)) else { return };
            self.outcome.lost += way.queue.len();
            self.happens(from, Event::Down(self.machines[to].id));
        }
    }

    fn mend(&mut self, one: usize, two: usize) {
        let half = self.plan.nodes / 2;
        let is_apart = self.is_divided && (one < half) != (two < half);
        if is_apart || self.ways.contains_key(&(one, two)) {
            return;
        }
        *self.epochs.entry((one, two)).or_default() += 1;
        let pairs = [(one, two), (two, one)];
        for pair in pairs {
            self.ways.insert(pair, Way::default());
        }
        for (from, to) in pairs {
            self.happens(from, Event::Up(self.machines[to].id));
        }
    }

    /// A machine loses power: of what others have said, the last may be gone.
    fn restart(&mut self, who: usize) {
        for (one, two) in self.edges.keys().copied().collect::<Vec<_>>() {
            if one == who || two == who {
                self.cut(one, two);
                let wait = Duration::from_millis(self.rng.u64(100..3000));
                self.after(wait, What::Mend(one, two));
            }
        }
        let machine = &mut self.machines[who];
        let author = Author(machine.key.verifying_key().to_bytes());
        let is_ours =
            |it: &Kept| matches!(it, Kept::Block(it) if it.author() == author);
        while let Some(last) = machine.disk.last()
            && !is_ours(last)
            && self.rng.u8(0..4) > 0
        {
            machine.disk.pop();
        }
        let mut logs = Logs::default();
        for kept in &machine.disk {
            match kept {
                Kept::Block(block) => logs.restore(block),
                Kept::Proof(proof) => logs.prove(proof),
            };
        }
        machine.node = Node::new(author, 0, machine.max, logs);
        self.asked.retain(|(it, _), _| *it != who);
    }

    /// The other end gets the next message.
    fn deliver(&mut self, from: usize, to: usize, epoch: usize) {
        let edge = (from.min(to), from.max(to));
        if self.epochs[&edge] != epoch {
            return;
        }
        let Some(way) = self.ways.get_mut(&(from, to)) else { return };
        let Some((message, arrow)) = way.queue.pop_front() else { return };
        if let Some(arrow) = self.outcome.arrows.get_mut(arrow) {
            arrow.came = Some(self.now);
        }
        let has_room = way.is_full && way.queue.len() < QUEUE / 2;
        way.is_full &= !has_room;
        if let Message::Block(block) = &message {
            let hops = self.reached.get(&(from, block.id())).copied();
            let here = (to, block.id());
            let next = hops.unwrap_or(0) + 1;
            self.reached.entry(here).or_insert(next);
        }
        let is_get = matches!(message, Message::Get(_));
        if is_get && self.plan.role(to) == Role::Mute {
            return;
        }
        let message = match self.plan.mutant {
            Some(mutant) => self.mutate(mutant, from, to, message),
            None => Some(message),
        };
        if let Some(message) = message {
            let from = self.machines[from].id;
            self.happens(to, Event::Message(from, message));
        }
        if has_room {
            self.offer(from, to);
        }
    }

    /// Tells a machine that there is room, until it has nothing more.
    fn offer(&mut self, from: usize, to: usize) {
        let id = self.machines[to].id;
        while self.ways.get(&(from, to)).is_some_and(|it| !it.is_full)
            && self.happens(from, Event::Room(id))
        {}
    }

    /// Says whether something was sent to whom it is about.
    fn happens(&mut self, who: usize, event: Event) -> bool {
        let is_offer = matches!(event, Event::Room(_));
        let mut actions = Vec::new();
        let now = self.start + self.now;
        self.machines[who].node.on(now, event, &mut actions);
        let mut sent_to = BTreeSet::new();
        for action in actions {
            match action {
                Action::Send(peer, message) => {
                    let to = usize::from(peer.0[0]);
                    self.send(who, to, message);
                    sent_to.insert(to);
                }
                Action::Keep(block) => {
                    if let Some((at, ..)) = self.said.get(&block.id()) {
                        self.outcome.delays.push(self.now - *at);
                        let hops = self.reached[&(who, block.id())];
                        self.outcome.hops.push(hops);
                        self.outcome.deliveries += 1;
                    }
                    self.machines[who].disk.push(Kept::Block(block));
                }
                Action::KeepProof(proof) => {
                    self.machines[who].disk.push(Kept::Proof(proof));
                }
                Action::Break(_, why) => {
                    self.outcome.faults.push(format!("{who}: {why}"));
                }
                Action::Show(_) | Action::Full(_) | Action::Confirmed => {}
            }
        }
        let has_sent = !sent_to.is_empty();
        if !is_offer {
            for to in sent_to {
                self.offer(who, to);
            }
        }
        let due = self.machines[who]
            .node
            .due()
            .map(|due| due.saturating_duration_since(self.start).max(self.now));
        if let Some(due) = due.filter(|due| {
            self.machines[who].wakes.is_none_or(|wakes| *due < wakes)
        }) {
            // A time of the past: a moment later, or nothing would go on.
            let due = due.max(self.now + Duration::from_micros(10));
            self.machines[who].wakes = Some(due);
            self.after(due - self.now, What::Wake(who));
        }
        has_sent
    }

    fn send(&mut self, from: usize, to: usize, message: Message) {
        let name = message.frame_kind().to_string();
        *self.outcome.frames.entry(name).or_default() += 1;
        // What is sent is what the bytes say.
        let payload = message.encode().into_owned();
        let read = Message::parse(message.frame_kind(), &payload);
        assert_eq!(read, Ok(Some(message.clone())));
        let edge = (from.min(to), from.max(to));
        let Some(way) = self.ways.get_mut(&(from, to)) else { return };
        let pause = self.machines[to].pause + self.machines[from].pause;
        // In order, as TCP has it.
        let at = (self.now + self.edges[&edge]).max(way.last) + pause;
        let at = at + Duration::from_micros(1);
        way.last = at;
        let arrow = self.outcome.arrows.len();
        way.queue.push_back((message.clone(), arrow));
        let is_full = way.queue.len() >= QUEUE && !way.is_full;
        way.is_full |= is_full;
        let epoch = self.epochs[&edge];
        self.after(at - self.now, What::Deliver { from, to, epoch });
        self.outcome.arrows.push(Arrow {
            from,
            to,
            sent: self.now,
            came: None,
            what: self.words(&message),
        });
        if is_full {
            let id = self.machines[to].id;
            self.happens(from, Event::Full(id));
        }
    }

    /// What is made of a message by a node that breaks a rule.
    fn mutate(
        &mut self,
        mutant: Mutant,
        from: usize,
        to: usize,
        mut message: Message,
    ) -> Option<Message> {
        let logs = self.machines[to].node.logs();
        let ours = |author, seq| {
            let block = logs.log(author).and_then(|log| log.block(seq));
            block.map(Block::id)
        };
        let next = |author| logs.log(author).map_or(0, |log| log.head().0);
        self.asked.retain(|(who, author), (_, until)| {
            *who != to || next(*author) < *until
        });
        let is_asked = |author| self.asked.contains_key(&(to, author));
        match (mutant, &mut message) {
            (Mutant::NoHead, Message::Inv(heads)) => {
                for head in heads {
                    head.id = ours(head.author, head.seq).unwrap_or(head.id);
                }
            }
            (Mutant::NoHead, Message::Have(have)) => {
                for entry in &mut have.entries {
                    let last = entry.next.checked_sub(1);
                    let mine = last.and_then(|it| ours(entry.author, it));
                    entry.head = mine.unwrap_or(entry.head);
                }
            }
            (Mutant::Forgets, Message::Inv(heads)) => {
                heads.retain(|it| !is_asked(it.author));
            }
            (Mutant::Forgets, Message::Have(have)) => {
                have.entries.retain(|it: &Entry| !is_asked(it.author));
            }
            (Mutant::Forgets, Message::Block(block)) => {
                let is_next = block.seq() == next(block.author());
                if is_asked(block.author()) && !is_next {
                    return None;
                }
            }
            (_, Message::Get(get)) => {
                let before = self.asked.get(&(from, get.author));
                let is_other = before.is_some_and(|(whom, _)| *whom != to);
                if mutant == Mutant::NoRetry && is_other {
                    return None;
                }
                let there = next(get.author).min(get.from + 64);
                self.asked.insert((from, get.author), (to, there));
            }
            _ => {}
        }
        Some(message)
    }

    /// A message in a few words: an author is the small letter of a node whose
    /// key it is.
    fn words(&self, message: &Message) -> String {
        let name = |author: Author| {
            let is_it = |it: &Machine| {
                Author(it.key.verifying_key().to_bytes()) == author
            };
            let place = self.machines.iter().rposition(is_it);
            char::from(b'a' + place.unwrap_or(25).min(25) as u8)
        };
        let entry = |author, seq| format!(" {}{seq}", name(author));
        let rest = match message {
            Message::Block(it) => entry(it.author(), it.seq()),
            Message::Get(it) => entry(it.author, it.from) + "…",
            Message::NotFound(it) => entry(it.author, it.seq),
            Message::Fork(it) => entry(it.author(), it.seq()),
            Message::Inv(heads) => {
                heads.iter().map(|it| entry(it.author, it.seq)).collect()
            }
            Message::Have(have) => {
                let entries = have.entries.iter();
                let entries = entries.filter_map(|it| {
                    Some(entry(it.author, it.next.checked_sub(1)?))
                });
                entries.collect()
            }
            Message::Digest(_) | Message::Prune => String::new(),
        };
        format!("{}{rest}", message.frame_kind())
    }

    /// What those who keep all do not have as it should be.
    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        // How far each author has got without contradiction.
        let mut first: BTreeMap<(Author, u64), BlockId> = BTreeMap::new();
        let mut ends: BTreeMap<Author, (u64, Option<u64>)> = BTreeMap::new();
        for (id, (_, author, seq)) in &self.said {
            let end = ends.entry(*author).or_default();
            end.0 = end.0.max(seq + 1);
            let other = first.insert((*author, *seq), *id);
            if other.is_some() {
                end.1 = Some(end.1.map_or(*seq, |at| at.min(*seq)));
            }
        }
        for (number, machine) in self.machines.iter().enumerate() {
            for (author, (count, fork)) in &ends {
                if machine.max != usize::MAX {
                    continue;
                }
                let log = machine.node.logs().log(*author);
                let there = log.map(|it| (it.head().0, it.fork_at()));
                let there = there.unwrap_or_default();
                let right = (fork.unwrap_or(*count), *fork);
                if there != right {
                    let [there, right] = [there, right].map(in_words);
                    faults.push(format!(
                        "node {number} has of {author}: {there}; there is: \
                         {right}"
                    ));
                }
            }
        }
        faults
    }
}

/// How far a log goes.
fn in_words((count, fork): (u64, Option<u64>)) -> String {
    match fork {
        Some(at) => format!("{count} blocks, and two #{at}"),
        None => format!("{count} blocks"),
    }
}
