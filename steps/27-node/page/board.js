// Keeps the board live: posts and state come as server-sent events, and what is
// typed goes to the node. Without this script the page can be read.

const MAX_POSTS = 500; // A page may be open for days.
const find = (selector) => document.querySelector(selector);
const [posts, say, unhide] = ["#posts", "#say", "#unhide"].map(find);
const { self, tag } = find("main").dataset;
let storage = {}; // What is left if the browser may keep nothing.
try { storage = localStorage; } catch {}
const hidden = new Set(storage.hidden?.match(/\S+/g));

function hideAuthors() {
  for (const post of posts.children) {
    post.hidden = hidden.has(post.dataset.author);
    post.querySelector("[data-hide]").hidden = post.dataset.author === self;
  }
  unhide.hidden = hidden.size === 0;
  unhide.textContent = `Hidden authors: ${hidden.size}, show them`;
}

// HTML comes from the events of our own server, and from nowhere else: it has
// escaped what people have written. A script in it would not run.
const parse = (html) => new DOMParser().parseFromString(html, "text/html")
  .body.firstElementChild;

function showState({ data }) {
  const address = document.activeElement?.dataset.remove;
  find("#state").replaceChildren(parse(data));
  if (address === undefined) return;
  // The focused button has been replaced, maybe by none.
  const same = find(`[data-remove="${CSS.escape(address)}"]`);
  (same ?? find("#peers")).focus();
}

function showPost({ data }) {
  const post = parse(data);
  const { author, tags } = post.dataset;
  if (tag && !tags.split(" ").includes(tag)) return;
  const text = (part) => post.querySelector(part).textContent;
  // The author may have another name by now.
  const names = posts.querySelectorAll(`[data-author="${author}"] .name`);
  for (const name of names) name.textContent = text(".name");
  // At each connect the server sends again what may be here already.
  const same = document.getElementById(post.id);
  same?.querySelector(".mark").replaceWith(post.querySelector(".mark"));
  if (same) return;
  post.classList.add("new");
  posts.prepend(post);
  if (posts.children.length > MAX_POSTS) posts.lastElementChild.remove();
  hideAuthors();
  if (post.hidden || author === self) return;
  find("#news").textContent = `${text("h3")}: ${text(".text")}`;
}

function connect() {
  const events = new EventSource("/board/events");
  const show = (text, style) => {
    const line = find("#connection");
    line.className = style;
    // Set again at each attempt, it would be read out again.
    if (line.textContent !== text) line.textContent = text;
  };
  events.addEventListener("state", showState);
  events.addEventListener("post", showPost);
  events.onopen = () => show("Connected", "");
  events.onerror = () => {
    show("Connection lost, trying again", "warning");
    // After a response that is no stream, such as 503, the browser gives up.
    if (events.readyState === events.CLOSED) setTimeout(connect, 3000);
  };
}

/** Has the node do something, and says below the form what came of it. */
async function send(method, form, value) {
  // A node that was started again has another token: it is in the state.
  const { token } = find("[data-token]").dataset;
  const headers = {
    "Content-Type": "application/json", Authorization: `Bearer ${token}`,
  };
  const request = { method, headers, body: JSON.stringify(value) };
  const [ok, status, text] = await fetch(form.dataset.path, request)
    .then(async (it) => [it.ok, it.status, await it.text()])
    .catch(() => [false, 0, "The node does not respond"]);
  const reasons = { 400: form.dataset.rule, 503: "Busy, try again" };
  form.querySelector("output").value = ok ? "Done" : reasons[status] ?? text;
  return ok;
}

function replyTo(post) {
  find("#target code").textContent = post;
  find("#target").hidden = post === "";
  say.elements.value.focus();
}

document.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const { value } = form.elements;
  const post = form === say ? find("#target code").textContent : "";
  if (form.ariaBusy) return; // Enter was pressed twice.
  form.ariaBusy = "true";
  const prefix = post ? `re:${post} ` : "";
  const isDone = await send("POST", form, prefix + value.value);
  form.ariaBusy = null;
  if (!isDone) return;
  if (form.id === "naming") find("#self").textContent = value.value;
  else value.value = "";
  if (form === say) replyTo("");
});

document.addEventListener("click", ({ target }) => {
  const { reply, hide, remove } = target.dataset;
  if (reply !== undefined) replyTo(reply);
  if (remove) send("DELETE", find("#dial"), remove);
  if (!hide && target !== unhide) return;
  if (hide) hidden.add(hide);
  else hidden.clear();
  hideAuthors();
  // The button that was pressed is gone: the focus must not go with it.
  find(hide ? "#unhide" : "#heading").focus();
  storage.hidden = [...hidden].join(" ");
});

hideAuthors();
connect();
